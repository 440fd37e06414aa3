"""From the app's events to chunks that survive the way to the caller; the one module that waits.

What Dify's plugin daemon does to an endpoint's answer, and what follows from it:

- It sends status and headers only together with the first chunk. So a first chunk leaves after `opening`
  seconds even if the app is still silent.
- It drops all but the first chunk when the end of the answer comes right behind it. So an answer that is complete
  by then is one chunk, and otherwise the end stays `ending` seconds behind the first chunk.
- It keeps 128 chunks for a caller that does not read, and silently drops what comes then. So events that wait
  share a chunk, and chunks become rarer as the answer grows (`Pace`).
- It takes lines of up to 5 MiB, a chunk's bytes in hexadecimal. So a chunk has at most `LARGEST` bytes.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from relay.errors import AppTimeout, RelayError
from relay.event import Event
from relay.outgoing.formats import Encoder

LARGEST = 1024 * 1024  # bytes of one chunk


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
class Timing:
    """All in seconds."""

    opening: float = 0.2  # for the app's first event, before the answer opens without it
    gather: float = 0.02  # after the first event, for what follows at once
    ending: float = 0.25  # from the first chunk to the end of the answer
    keep_alive: float = 15.0  # of silence
    idle: float = 245.0  # without any event: just over the 240 s that Dify lets one run take
    total: float = 590.0  # just under the 600 s after which the daemon kills an endpoint's request


def settle() -> None:
    """Wait so long that whoever read the storage at the same moment has written its mark too."""
    time.sleep(0.05)


class _End:
    """Stands in the queue behind the last event of a run that ended well."""


END = _End()


class Pump:
    """Reads one run of an app in a thread of its own, and hands the events on in time.

    Reading never waits for the caller: the daemon keeps only 1,024 events for a plugin that reads slowly.
    """

    def __init__(
        self,
        events: Iterable[Event],
        *,
        leave: Callable[[], None],
        timing: Timing | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start reading. `leave` gives the run up; it is called once the answer has ended, in whatever way."""
        self._leave = leave
        self._timing = timing or Timing()
        self._pace = pace or Pace()
        self._clock = clock
        self._started = self._heard = clock()
        self._waiting: list[Event] = []
        self._end: _End | RelayError | None = None
        self._queue: queue.SimpleQueue[Event | _End | RelayError] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(events,), daemon=True).start()

    @property
    def error(self) -> RelayError | None:
        """The error that ended the answer, if one did."""
        return self._end if isinstance(self._end, RelayError) else None

    @property
    def complete(self) -> bool:
        """Whether the app has said all."""
        return isinstance(self._end, _End)

    def open(self) -> bool:
        """Wait for the opening; tell whether the answer is complete already.

        Raises RelayError when the app failed before its first event.
        """
        self._take(self._timing.opening)
        if self._waiting:
            until = self._clock() + self._timing.gather
            while self._end is None and self._take(until - self._clock()):
                pass
        elif self.error:
            self._leave()
            raise self.error
        return self._end is not None

    def whole(self, encoder: Encoder) -> bytes:
        """Encode an answer that was complete at the opening."""
        self._leave()
        return encoder.opening() + self._encode(encoder) + self._closing(encoder)

    def chunks(self, encoder: Encoder) -> Iterator[bytes]:
        """Encode an answer as it comes. Its last chunk holds the app's end event, or an error that tells why not."""
        try:
            chunk = encoder.opening() + (self._encode(encoder) if self._waiting else encoder.keep_alive)
            yield chunk[:LARGEST]  # even an empty one brings status and headers to the caller
            yield from _split(chunk[LARGEST:])
            # a serverless plugin's chunk leaves in another greenlet, which a busy process may run much later: let it
            time.sleep(0.001)
            first = last = self._clock()
            sent = len(chunk)
            while self._end is None:
                chunk = self._next(encoder, last, last + self._pace.interval(sent))
                yield from _split(chunk)
                sent += len(chunk)
                last = self._clock()
            time.sleep(max(first + self._timing.ending - self._clock(), 0))
        finally:
            self._leave()

    def rest(self) -> Iterator[Event]:
        """Give all events as they are, to be gathered into one answer. Raises RelayError when the app fails."""
        try:
            while True:
                yield from self._drain()
                if self.error:
                    raise self.error
                if self._end is not None:
                    return
                self._take(self._timing.keep_alive)
        finally:
            self._leave()

    def _next(self, encoder: Encoder, last: float, not_before: float) -> bytes:
        """Wait for the next chunk: events and perhaps the end, or a keep-alive."""
        if not self._take(last + self._timing.keep_alive - self._clock()):
            return self._closing(encoder) if self._end is not None else encoder.keep_alive
        while self._end is None and self._take(not_before - self._clock()):
            pass
        chunk = self._encode(encoder)
        return chunk + self._closing(encoder) if self._end is not None else chunk

    def _take(self, wait: float) -> bool:
        """Take one item out of the queue, or notice a limit; tell whether there was any."""
        limit = min(self._heard + self._timing.idle, self._started + self._timing.total)
        try:
            item = self._queue.get(timeout=max(min(wait, limit - self._clock()), 0))
        except queue.Empty:
            if self._clock() >= limit:
                self._end = AppTimeout("The app did not finish in the time that Dify gives it.")
            return False
        self._heard = self._clock()
        if isinstance(item, _End | RelayError):
            self._end = item
        else:
            self._waiting.append(item)
        return True

    def _drain(self) -> list[Event]:
        events, self._waiting = self._waiting, []
        return events

    def _encode(self, encoder: Encoder) -> bytes:
        return b"".join(map(encoder.event, self._drain()))

    def _closing(self, encoder: Encoder) -> bytes:
        return (encoder.error(self.error) if self.error else b"") + encoder.closing()

    def _read(self, events: Iterable[Event]) -> None:
        try:
            for event in events:
                self._queue.put(event)
        except RelayError as error:
            self._queue.put(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits must hear of it
            unforeseen = RelayError("Something went wrong inside the relay.")
            unforeseen.__cause__ = error
            self._queue.put(unforeseen)
        else:
            self._queue.put(END)


def _split(chunk: bytes) -> Iterator[bytes]:
    for start in range(0, len(chunk), LARGEST):
        yield chunk[start : start + LARGEST]


def parts(body: bytes) -> bytes | Iterator[bytes]:
    """Give a body that is whole already as it may leave: in one chunk, or, where that is too large, in several."""
    return body if len(body) <= LARGEST else _parted(body)


def _parted(body: bytes) -> Iterator[bytes]:
    yield from _split(body)
    time.sleep(Timing().ending)
