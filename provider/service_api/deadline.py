"""When what the current thread asks of Dify has to end, and who may end it before."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Protocol

import httpcore


class Cuttable(Protocol):
    """A connection."""

    def cut(self) -> None:
        """End it under whoever waits for it, in whatever thread."""


class Line:
    """What one request goes over, from its first step until the head of its answer is here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over: Cuttable | None = None
        self.is_cut = False

    def cut(self) -> None:
        """Let the request go no further; may be called from any thread, and before it begins."""
        with self._lock:
            self.is_cut = True
            if self._over:
                self._over.cut()

    def hold(self, connection: Cuttable | None) -> None:
        """Take the connection that the request is on, None for none: it serves others then."""
        with self._lock:
            self._over = connection
            if connection and self.is_cut:
                connection.cut()


class _Until(threading.local):
    at = inf  # by the monotonic clock
    line: Line | None = None


_UNTIL = _Until()


@contextmanager
def within(seconds: float, line: Line | None = None) -> Iterator[None]:
    """Let all that the current thread connects, writes and reads here end within so many seconds, or with `line`.

    What does not raises httpcore's timeouts.
    """
    before = _UNTIL.at, _UNTIL.line
    _UNTIL.at, _UNTIL.line = min(_UNTIL.at, time.monotonic() + seconds), line or _UNTIL.line
    try:
        yield
    finally:
        _UNTIL.at, _UNTIL.line = before
        if line:
            line.hold(None)


def left(timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
    """Give how long the next step may take: `timeout`, or less. Raises `late` where nothing is left."""
    if _UNTIL.line and _UNTIL.line.is_cut:
        raise late("nobody waits for it any more")
    if _UNTIL.at == inf:
        return timeout
    remains = _UNTIL.at - time.monotonic()
    if remains <= 0:
        raise late("all of the request's time is over")
    return remains if timeout is None else min(timeout, remains)


def over(connection: Cuttable) -> None:
    """Say which connection the current thread's request is on."""
    if _UNTIL.line:
        _UNTIL.line.hold(connection)
