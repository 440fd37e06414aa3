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
class _Waiting[T]:
    one: T
    conversation: Hashable


class Turns[T: Hashable]:
    """Those that run and those that wait, in the order in which they came."""

    def __init__(self) -> None:
        self._running: dict[T, Hashable] = {}
        self._waiting: deque[_Waiting[T]] = deque()
        self._lock = threading.Lock()

    @property
    def full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING

    def enter(self, one: T, conversation: Hashable) -> Turn:
        """Ask for a turn. One that has to wait gets it when `leave` gives it."""
        with self._lock:
            if one in self._running or any(waiting.one == one for waiting in self._waiting):
                return Turn.LATER
            if self.full:
                return Turn.FULL
            self._waiting.append(_Waiting(one, conversation))
            return Turn.NOW if one in self._advance() else Turn.LATER

    def leave(self, one: T) -> list[T]:
        """Give a turn back, or stop waiting for one. Gives those whose turn it is now."""
        with self._lock:
            if one in self._running:
                del self._running[one]
            else:
                self._waiting = deque(waiting for waiting in self._waiting if waiting.one != one)
            return self._advance()

    def _advance(self) -> list[T]:
        begun: list[T] = []
        busy = set(self._running.values())
        left: deque[_Waiting[T]] = deque()
        for waiting in self._waiting:
            if len(self._running) < AT_ONCE and waiting.conversation not in busy:
                self._running[waiting.one] = waiting.conversation
                begun.append(waiting.one)
            else:
                left.append(waiting)
            busy.add(waiting.conversation)  # those behind may not overtake it
        self._waiting = left
        return begun
