"""Whose turn it is among the deliveries of one endpoint: so many at once, and of one conversation one at a time."""

import threading
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum

AT_ONCE = 20
MOST_WAITING = 200


class Turn(StrEnum):
    NOW = "now"
    LATER = "later"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: str
    conversation: Hashable


class Turns:
    """Those that run and those that wait, in the order in which they came."""

    def __init__(self) -> None:
        self._running: dict[str, Hashable] = {}
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()

    def enter(self, id_: str, conversation: Hashable) -> Turn:
        """Ask for a turn. One that has to wait gets it when `leave` gives it."""
        with self._lock:
            if id_ in self._running or any(one.id == id_ for one in self._waiting):
                return Turn.LATER
            if len(self._waiting) >= MOST_WAITING:
                return Turn.FULL
            self._waiting.append(_Waiting(id_, conversation))
            return Turn.NOW if id_ in self._advance() else Turn.LATER

    def leave(self, id_: str) -> list[str]:
        """Give a turn back, or stop waiting for one. Gives those whose turn it is now."""
        with self._lock:
            if id_ in self._running:
                del self._running[id_]
            else:
                self._waiting = deque(one for one in self._waiting if one.id != id_)
            return self._advance()

    def _advance(self) -> list[str]:
        begun: list[str] = []
        busy = set(self._running.values())
        left: deque[_Waiting] = deque()
        for one in self._waiting:
            if len(self._running) < AT_ONCE and one.conversation not in busy:
                self._running[one.id] = one.conversation
                begun.append(one.id)
            else:
                left.append(one)
            busy.add(one.conversation)  # those behind may not overtake it
        self._waiting = left
        return begun
