"""Where a run's events go: what a response, and later a messenger, does with them.

An output is told the time and waits for nothing; the pump does that. It takes each event, says when its next piece is
due, and gives it.
"""

from math import inf
from typing import Protocol

from relay import wire
from relay.errors import RelayError
from relay.event import Event
from relay.outgoing.coding import Coding, Identity
from relay.outgoing.formats import Encoder, Gatherer
from relay.outgoing.pace import Pace, Rhythm
from relay.outgoing.record import Record


class Output(Protocol):
    """One place where an answer goes. All times are in seconds of one clock that never goes back."""

    def take(self, event: Event, now: float) -> None:
        """Take the next event."""

    def due(self) -> float:
        """Say when a piece should leave if no further event comes; infinity: not before the end."""

    def ready(self) -> float:
        """Say from when on an event that comes could make a piece leave: before that nobody needs to look."""

    def piece(self, now: float) -> bytes:
        """Give what is to leave now."""

    def end(self, error: RelayError | None) -> bytes:
        """Give what is left when the run has ended, `error` when it failed.

        Raises it where nothing has left yet and the response can still have its status.
        """


class Streamed:
    """An answer in a streamed form, paced so that it survives the way to the caller."""

    def __init__(
        self,
        encoder: Encoder,
        started: float,
        *,
        coding: Coding | None = None,
        record: Record | None = None,
        rhythm: Rhythm | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._encoder = encoder
        self._coding = coding or Identity()
        self._record = record
        self._rhythm = rhythm or Rhythm()
        self._pace = pace or Pace()
        self._opened = False
        self._waiting: list[bytes] = []
        self._taken = False
        self._next = started  # when the next piece may leave at the earliest
        self._due = started + self._rhythm.opening

    def take(self, event: Event, now: float) -> None:
        piece = self._encoder.event(event)
        if not piece:  # this form does not show it: whoever waits needs a keep-alive all the same
            return
        self._waiting.append(piece)
        if not self._taken and not self._opened:
            self._due = min(self._due, now + self._rhythm.gather)
        elif self._opened and len(self._waiting) == 1:
            self._due = max(self._next, now)
        self._taken = True

    def due(self) -> float:
        return self._due

    def ready(self) -> float:
        return self._due if self._waiting else self._next

    def piece(self, now: float) -> bytes:
        said = self._said()
        piece = self._coding.piece(said or self._encoder.keep_alive)
        self._pace.sent(len(piece), now)
        self._next = self._pace.next(now)
        self._due = now + self._rhythm.keep_alive
        return piece

    def end(self, error: RelayError | None) -> bytes:
        if error and not self._opened and not self._taken:
            raise error
        whole = not self._opened  # the response codes what is whole, or not
        if error:
            self._waiting.append(self._encoder.error(error))
        self._waiting.append(self._encoder.closing())
        said = self._said()
        return said if whole else self._coding.end(said)

    def _said(self) -> bytes:
        """Give and record what was said since the last piece."""
        said = b"".join(self._waiting)
        self._waiting.clear()
        if not self._opened:
            self._opened = True
            said = self._encoder.opening() + said
        if said and self._record:
            self._record.add(said)
        return said


class Gathered:
    """An answer in one piece of JSON."""

    def __init__(self, gatherer: Gatherer) -> None:
        self._gatherer = gatherer

    def take(self, event: Event, now: float) -> None:  # noqa: ARG002 - an Output's shape
        self._gatherer.add(event)

    def due(self) -> float:
        return inf

    def ready(self) -> float:
        return inf

    def piece(self, now: float) -> bytes:  # noqa: ARG002 - an Output's shape
        return b""

    def end(self, error: RelayError | None) -> bytes:
        if error:
            raise error
        return wire.encode(wire.dump(self._gatherer.whole()))


class Withheld:
    """Another output, all of it at the end: for whoever goes by the status and reads nothing on the way."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def take(self, event: Event, now: float) -> None:
        self._output.take(event, now)

    def due(self) -> float:
        return inf

    def ready(self) -> float:
        return inf

    def piece(self, now: float) -> bytes:  # noqa: ARG002 - an Output's shape
        return b""

    def end(self, error: RelayError | None) -> bytes:
        if error:
            raise error
        return self._output.end(None)
