"""Where an app's events wait for whoever takes them.

An app is heard by whoever reads Dify's lines, and its answer is written by whoever serves the request. Between the
two nothing runs for each event: it is put down here, and the other side is woken only when it asked to be.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass

from relay.bell import Bell, ThreadBell
from relay.event import Event


@dataclass(frozen=True, slots=True)
class _End:
    """Stands behind a run's last event."""

    error: Exception | None


class Inbox:
    """The events of one run after another that nobody has taken yet; one taker."""

    def __init__(self, bell: Bell | None = None) -> None:
        self._items: deque[Event | _End] = deque()
        self._bell = bell or ThreadBell()
        self._waiting = False
        self._listening = False  # and every event is worth waking for
        self._urgent = False  # something ended since the last wait
        self._aside = False  # no event is taken before something else is done

    def put(self, event: Event) -> None:
        """Add an event."""
        self._items.append(event)
        if self._listening:
            self._ring()

    def untaken(self) -> int:
        """Count what nobody has taken yet, for whoever may let the rest wait elsewhere."""
        return len(self._items)

    def end(self, error: Exception | None = None) -> None:
        """Say that the run has ended, `error` when it failed."""
        self._items.append(_End(error))
        self.hurry()

    def feed(self, events: Iterable[Event]) -> None:
        """Read a run that makes its reader wait, in a thread of its own."""

        def read() -> None:
            try:
                for event in events:
                    self.put(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, whoever takes the events must hear of it
                self.end(error)
            else:
                self.end()

        threading.Thread(target=read, daemon=True).start()

    def events(self) -> Iterator[Event | None]:
        """Give one run's events in their order, None each time that none is here yet. Raises what ended the run."""
        while True:
            if not self._items:
                yield None
                continue
            item = self._items.popleft()
            if isinstance(item, _End):
                if item.error:
                    raise item.error
                return
            yield item

    def aside[T](self, act: Callable[[], T]) -> Generator[None, None, T]:
        """Begin what may take its time, in a thread of its own. Gives None until it is done, then what it gives.

        Raises what it raises.
        """
        done: list[T] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                done.append(act())
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                failed.append(error)
            self.hurry()

        def wait() -> Generator[None, None, T]:
            self._aside = True
            while not done and not failed:
                yield None
            self._aside = False
            if failed:
                raise failed[0]
            return done[0]

        threading.Thread(target=work, daemon=True).start()
        return wait()

    def wait(self, seconds: float, *, deaf: bool = False) -> None:
        """Wait for an event or an end, or if `deaf` for an end alone; at most so many seconds."""
        self._waiting = True
        self._listening = not (deaf or self._aside)
        if seconds > 0 and not self._urgent and not (self._listening and self._items):
            self._bell.wait(seconds)
        self._waiting = self._listening = self._urgent = False

    def hurry(self) -> None:
        """Let whoever waits look at once, whatever it waits for; may be called from any thread."""
        self._urgent = True
        if self._waiting:
            self._ring()

    def _ring(self) -> None:
        self._waiting = self._listening = False  # once is enough
        self._bell.ring()
