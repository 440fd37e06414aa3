"""What whoever serves a request sleeps by."""

import queue
from contextlib import suppress
from typing import Protocol


class Bell(Protocol):
    """Wakes the one who waits for it."""

    def wait(self, seconds: float) -> None:
        """Sleep until somebody rings, at most so long; it may be less."""

    def ring(self) -> None:
        """Wake whoever waits; if nobody does, the next one perhaps."""


class ThreadBell:
    """A bell for any kind of threads."""

    def __init__(self) -> None:
        self._rung: queue.SimpleQueue[None] = queue.SimpleQueue()

    def wait(self, seconds: float) -> None:
        with suppress(queue.Empty):
            self._rung.get(timeout=seconds)

    def ring(self) -> None:
        self._rung.put(None)
