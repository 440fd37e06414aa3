"""Where a run's events go: what a response, and later a messenger, does with them.

An output is told the time and waits for nothing; the pump does that. It takes each event, says when its next piece is
due, and gives it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from relay import wire
from relay.errors import RelayError
from relay.event import Event
from relay.outgoing.formats import Encoder
from relay.run.transcript import Transcript


class Output(Protocol):
    """One place where an answer goes. All times are in seconds of one clock that never goes back."""

    def take(self, event: Event, now: float) -> None:
        """Take the next event."""

    def due(self) -> float:
        """Say when a piece should leave if no further event comes; infinity: not before the end."""

    def piece(self, now: float) -> bytes:
        """Give what is to leave now."""

    def end(self, error: RelayError | None) -> bytes:
        """Give what is left when the run has ended, `error` when it failed.

        Raises it where nothing has left yet and the response can still have its status.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The shortest time between two chunks, by the bytes sent so far.

    The budget: whoever stops reading for 60 s, at any moment, must find no more than 128 chunks waiting. Beside those
    there is what the network holds: even a caller who reads nothing at all takes in `young` bytes (TCP windows begin
    at 64 KiB). So a young answer leaves every `least` seconds, fast enough to feel live; from then on chunks become
    rarer, until at one and a half times `young` they leave every `most` seconds: 60 s / 0.5 s = 120 chunks.
    """

    least: float = 0.04  # seconds
    most: float = 0.5  # seconds
    young: int = 48 * 1024  # bytes

    def interval(self, sent: int) -> float:
        """Give the seconds from one chunk to the next after `sent` bytes."""
        age = min(max(2.0 * (sent / self.young - 1.0), 0.0), 1.0)
        return self.least + age * (self.most - self.least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a stream's chunks leave. All in seconds."""

    opening: float = 0.2  # for the app's first event, before the answer opens without it
    gather: float = 0.02  # after the first event, for what follows at once
    keep_alive: float = 15.0  # of silence


class Streamed:
    """An answer in a streamed form, paced so that it survives the way to the caller."""

    def __init__(
        self, encoder: Encoder, started: float, *, rhythm: Rhythm | None = None, pace: Pace | None = None
    ) -> None:
        self._encoder = encoder
        self._rhythm = rhythm or Rhythm()
        self._pace = pace or Pace()
        self._opened = False
        self._waiting: list[bytes] = []
        self._taken = False
        self._sent = 0  # bytes
        self._last = started  # when the last piece left
        self._due = started + self._rhythm.opening

    def take(self, event: Event, now: float) -> None:
        piece = self._encoder.event(event)
        if not piece:  # this form does not show it: whoever waits needs a keep-alive all the same
            return
        self._waiting.append(piece)
        if not self._taken and not self._opened:
            self._due = min(self._due, now + self._rhythm.gather)
        elif self._opened and len(self._waiting) == 1:
            self._due = self._last + self._pace.interval(self._sent)
        self._taken = True

    def due(self) -> float:
        return self._due

    def piece(self, now: float) -> bytes:
        piece = self._opening() + (b"".join(self._waiting) if self._waiting else self._encoder.keep_alive)
        self._waiting.clear()
        self._sent += len(piece)
        self._last = now
        self._due = now + self._rhythm.keep_alive
        return piece

    def end(self, error: RelayError | None) -> bytes:
        if error and not self._opened and not self._taken:
            raise error
        told = self._encoder.error(error) if error else b""
        piece = self._opening() + b"".join(self._waiting) + told + self._encoder.closing()
        self._waiting.clear()
        return piece

    def _opening(self) -> bytes:
        if self._opened:
            return b""
        self._opened = True
        return self._encoder.opening()


class Gathered:
    """An answer in one piece of JSON."""

    def __init__(self, shape: Callable[[Transcript], Mapping[str, Any]]) -> None:
        self._transcript = Transcript()
        self._shape = shape

    def take(self, event: Event, now: float) -> None:  # noqa: ARG002 - an Output's shape
        self._transcript.add(event)

    def due(self) -> float:
        return inf

    def piece(self, now: float) -> bytes:  # noqa: ARG002 - an Output's shape
        return b""

    def end(self, error: RelayError | None) -> bytes:
        if error:
            raise error
        return wire.encode(wire.dump(self._shape(self._transcript)))


class Withheld:
    """Another output, all of it at the end: for whoever goes by the status and reads nothing on the way."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def take(self, event: Event, now: float) -> None:
        self._output.take(event, now)

    def due(self) -> float:
        return inf

    def piece(self, now: float) -> bytes:  # noqa: ARG002 - an Output's shape
        return b""

    def end(self, error: RelayError | None) -> bytes:
        if error:
            raise error
        return self._output.end(None)


class Recorded:
    """Another output, and beside it what it gave, up to `most` bytes, for whoever asks the same again."""

    def __init__(self, output: Output, most: int) -> None:
        self._output = output
        self._most = most
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def record(self) -> bytes | None:
        """All that was given; None when it was too much."""
        return b"".join(self._pieces) if self._size <= self._most else None

    def take(self, event: Event, now: float) -> None:
        self._output.take(event, now)

    def due(self) -> float:
        return self._output.due()

    def piece(self, now: float) -> bytes:
        return self._keep(self._output.piece(now))

    def end(self, error: RelayError | None) -> bytes:
        return self._keep(self._output.end(error))

    def _keep(self, piece: bytes) -> bytes:
        self._size += len(piece)
        if self._size <= self._most:
            self._pieces.append(piece)
        else:
            self._pieces.clear()
        return piece
