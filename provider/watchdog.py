"""Tells in the log when one greenlet kept all others waiting, for how long and in which request.

All requests of all endpoints run in one thread and take turns only where one of them waits: whoever computes for a
second stops every answer for a second, and nothing else would notice. At each switch from one greenlet to another the
clock is read (greenlet's documentation, *Tracing and profiling greenlets*); time in gevent's hub is idle time.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from greenlet import getcurrent, gettrace, greenlet, settrace

log = logging.getLogger("duck_relay")

LONGEST = 0.25  # seconds without giving way
NOBODY = "outside of a request"

_MARK = "duck_request"  # a greenlet's attribute: it is there as long as the greenlet is, dead or alive
_OWN = object()  # the mark of the greenlet that writes the log

type Trace = Callable[[str, tuple[greenlet, greenlet]], None]


def mark(request_id: str) -> None:
    """Say for which request the current greenlet works from now on, "" for none."""
    getcurrent().__dict__[_MARK] = request_id


def start() -> None:
    """Watch the greenlets of this thread from now on; a second call changes nothing."""
    if not _watching:
        _watching.append(_Watchdog(gevent.get_hub()))  # type: ignore[no-untyped-call]


class _Watchdog:
    """What is known of greenlets that ran for too long, until it is written."""

    def __init__(self, hub: Any) -> None:
        self._unwritten: deque[tuple[str, float]] = deque()  # request id, seconds
        self._writing = False
        settrace(self._tracer(hub, gettrace()))

    def _tracer(self, hub: Any, previous: Trace | None) -> Trace:
        """Make the function that is called after each switch; it must be quick, and may not switch itself."""
        clock, remember = time.perf_counter, self._remember
        since = clock()

        def switched(_event: str, greenlets: tuple[greenlet, greenlet]) -> None:
            nonlocal since
            now = clock()
            if now - since > LONGEST and greenlets[0] is not hub:
                remember(greenlets[0], now - since)
            since = now

        def both(event: str, greenlets: tuple[greenlet, greenlet]) -> None:
            if previous:  # gevent's own monitor, when its environment variable asks for it
                previous(event, greenlets)
            switched(event, greenlets)

        return both if previous else switched

    def _remember(self, ran: greenlet, seconds: float) -> None:
        request_id = ran.__dict__.get(_MARK) or NOBODY
        if request_id is _OWN:
            return  # whoever reads the log is slow: to log that would go on for ever
        self._unwritten.append((request_id, seconds))
        if not self._writing:
            self._writing = True
            # at the hub's next turn, which has come: the greenlet gave way
            gevent.spawn_raw(self._write)  # type: ignore[no-untyped-call]

    def _write(self) -> None:
        """Write what is remembered, oldest first; the only one that does, so the order stays."""
        getcurrent().__dict__[_MARK] = _OWN
        try:
            while self._unwritten:
                request_id, seconds = self._unwritten.popleft()
                log.warning("%s: kept everything else waiting for %d ms", request_id, round(1000 * seconds))
        finally:
            self._writing = False


_watching: list[_Watchdog] = []
