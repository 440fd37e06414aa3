"""The output of a request that nobody reads: it says that it goes on, and where the answer stands."""

from collections.abc import Callable

from relay.errors import RelayError
from relay.event import Event
from relay.run.transcript import Transcript

SIGN = b".\n"
SIGN_EVERY = 10.0  # seconds
LOOK = 0.2  # seconds from one look at the events to the next


class Quiet:
    """Gathers an answer, and tells whoever waits for it when it has grown."""

    def __init__(self, started: float, grown: Callable[[], None]) -> None:
        self.transcript = Transcript()
        self.error: RelayError | None = None
        self.whole = False
        self._grown = grown
        self._due = started
        self._looked = started

    def take(self, event: Event, now: float) -> None:
        self._looked = now
        said = self.transcript.add(event)
        if said.text or said.instead:
            self._grown()

    def due(self) -> float:
        return self._due

    def ready(self) -> float:
        return self._looked + LOOK

    def piece(self, now: float) -> bytes:
        self._due = now + SIGN_EVERY
        return SIGN

    def end(self, error: RelayError | None) -> bytes:
        self.error = error
        self.whole = True
        return SIGN
