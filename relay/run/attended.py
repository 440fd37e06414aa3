"""A run by an app's key, as long as somebody waits for its answer.

Whoever hangs up ends a reverse invocation with it; a request that the plugin itself has sent goes on. Dify tells
nobody that a caller is gone, but it answers nothing any more that is asked for one: so it is asked now and then.
"""

import threading
from collections.abc import Callable, Iterator

from relay.event import Event
from relay.run.dify import Running
from relay.run.failure import Cancelled
from relay.run.inbox import Inbox

LOOK = 10.0  # seconds from one look to the next: a shorter run costs none
MISSED = 2  # looks one behind the other without an answer; one alone may be a storage that is slow


class Attended:
    """One run, which is left when nobody waits for it any more."""

    def __init__(self, running: Running, inbox: Inbox, *, is_heard: Callable[[], bool], look: float = LOOK) -> None:
        """Take what tells whether Dify still answers for this request; it may take some seconds."""
        self._look = look
        self._running = running
        self._inbox = inbox
        self._is_heard = is_heard
        self._ended = threading.Event()

    def events(self) -> Iterator[Event | None]:
        """Give the run's events. Raises Cancelled when it was left because nobody waits."""
        threading.Thread(target=self._attend, daemon=True).start()
        try:
            yield from self._running.events()
        finally:
            self._ended.set()

    def leave(self) -> None:
        """Give the run up."""
        self._ended.set()
        self._running.leave()

    def _attend(self) -> None:
        while not self._ended.wait(self._look):
            if any(self._is_heard() for _ in range(MISSED)):
                continue
            if not self._ended.is_set():
                self._inbox.end(Cancelled("The caller is gone."))
                self.leave()
