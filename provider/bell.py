"""What whoever serves a request sleeps by: gevent's event loop, with nothing in between.

The standard library's queue, which gevent makes its own, would do the same for three times as much: it makes a
timeout for each wait and raises it at its end, and an answer waits twenty times a second.
"""

from typing import Any

import gevent
from gevent import getcurrent


class Bell:
    """Wakes the one greenlet that waits for it."""

    __slots__ = ("_hub", "_sleeper")

    def __init__(self) -> None:
        self._hub: Any = gevent.get_hub()  # type: ignore[no-untyped-call]
        self._sleeper: Any = None

    def wait(self, seconds: float) -> None:
        """Sleep until somebody rings, at most so long; it may be less."""
        self._sleeper = getcurrent()
        timer = self._hub.loop.timer(seconds)
        timer.start(self._wake)
        try:
            self._hub.switch()
        finally:
            self._sleeper = None
            timer.stop()
            timer.close()

    def ring(self) -> None:
        """Wake whoever waits, at the loop's next turn; nobody, if nobody waits."""
        if self._sleeper is not None:
            self._hub.loop.run_callback(self._wake)

    def _wake(self) -> None:
        sleeper, self._sleeper = self._sleeper, None
        if sleeper is not None:
            sleeper.switch()
