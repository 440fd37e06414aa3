"""From the app's events to chunks that survive the way to the caller; the one module that waits.

What Dify's plugin daemon does to an endpoint's answer, and what follows from it:

- It sends status and headers only together with the first chunk. So a first chunk leaves a moment after the request
  even if the app is still silent (`output.Rhythm`).
- It drops all but the first chunk when the end of the answer comes right behind it. So an answer that is complete
  by then is one chunk, and otherwise the end stays `ending` seconds behind the first chunk.
- It keeps 128 chunks for a caller that does not read, and silently drops what comes then. So events that wait
  share a chunk, and chunks become rarer as the answer grows (`output.Pace`).
- It takes lines of up to 5 MiB, a chunk's bytes in hexadecimal. So a chunk has at most `LARGEST` bytes.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from relay.errors import AppTimeout, RelayError
from relay.event import Event
from relay.outgoing.output import Output

LARGEST = 1024 * 1024  # bytes of one chunk
UNFORESEEN = "Something went wrong inside the relay; its log says more under the request id."


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """All in seconds."""

    ending: float = 0.25  # from the first chunk to the end of the answer
    idle: float = 245.0  # without any event: just over the 240 s that Dify lets one run take
    total: float = 590.0  # just under the 600 s after which the daemon kills an endpoint's request


def settle() -> None:
    """Wait so long that whoever read the storage at the same moment has written its mark too."""
    time.sleep(0.05)


def every(seconds: float, act: Callable[[], bool]) -> Callable[[], None]:
    """Act again and again, beside whatever else goes on, until that says no. Gives a function that ends it."""
    stopped = threading.Event()

    def go_on() -> None:
        while not stopped.wait(seconds) and act():
            pass

    threading.Thread(target=go_on, daemon=True).start()
    return stopped.set


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
        output: Output,
        *,
        leave: Callable[[], None],
        timing: Timing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start reading. `leave` gives the run up; it is called once the answer has ended, in whatever way."""
        self.events = 0
        self._output = output
        self._leave = leave
        self._timing = timing or Timing()
        self._clock = clock
        self._started = self._heard = clock()
        self._end: _End | RelayError | None = None
        self._queue: queue.SimpleQueue[Event | _End | RelayError] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(events,), daemon=True).start()

    @property
    def error(self) -> RelayError | None:
        """The error that ended the run, if one did."""
        return self._end if isinstance(self._end, RelayError) else None

    @property
    def complete(self) -> bool:
        """Whether the app has said all."""
        return isinstance(self._end, _End)

    def open(self) -> bytes | None:
        """Wait until the output's first piece is due. Gives the whole answer if it is complete by then, else None.

        Raises RelayError when the app failed and the response can still say so by its status.
        """
        try:
            self._wait()
            if self._end is None:
                return None
            whole = self._output.end(self.error)
        except BaseException:
            self._leave()
            raise
        self._leave()
        return whole

    def chunks(self) -> Iterator[bytes]:
        """Give the answer as it comes. Its last chunk holds the app's end event, or an error that tells why not."""
        try:
            chunk = self._output.piece(self._clock())
            yield chunk[:LARGEST]  # even an empty one brings status and headers to the caller
            yield from split(chunk[LARGEST:])
            # a serverless plugin's chunk leaves in another greenlet, which a busy process may run much later: let it
            time.sleep(0.001)
            first = self._clock()
            try:
                while True:
                    self._wait()
                    if self._end is not None:
                        break
                    yield from split(self._output.piece(self._clock()))
                last = self._output.end(self.error)
            except Exception as error:  # noqa: BLE001 - an event that its form can't show, whatever it is
                self._end = _unforeseen(error)
                last = self._output.end(self._end)
            yield from split(last)
            time.sleep(max(first + self._timing.ending - self._clock(), 0))
        finally:
            self._leave()

    def _wait(self) -> None:
        """Hand events to the output until its next piece is due or the run has ended."""
        while self._end is None and self._output.due() > self._clock():
            self._take()
        for _ in range(self._queue.qsize()):  # what came meanwhile goes along
            if self._end is None:
                self._take()

    def _take(self) -> None:
        """Take one item out of the queue, or notice that a piece is due or a limit reached."""
        limit = min(self._heard + self._timing.idle, self._started + self._timing.total)
        now = self._clock()
        try:
            item = self._queue.get(timeout=max(min(self._output.due() - now, limit - now), 0))
        except queue.Empty:
            if self._clock() >= limit:
                self._end = AppTimeout("The app did not finish in the time that Dify gives it.")
            return
        self._heard = self._clock()
        if isinstance(item, _End | RelayError):
            self._end = item
        else:
            self.events += 1
            self._output.take(item, self._heard)

    def _read(self, events: Iterable[Event]) -> None:
        try:
            for event in events:
                self._queue.put(event)
        except RelayError as error:
            self._queue.put(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits must hear of it
            self._queue.put(_unforeseen(error))
        else:
            self._queue.put(END)


def _unforeseen(error: Exception) -> RelayError:
    unforeseen = RelayError(UNFORESEEN)
    unforeseen.__cause__ = error
    return unforeseen


def split(chunk: bytes) -> Iterator[bytes]:
    """Give a chunk in parts that the daemon's lines can hold."""
    for start in range(0, len(chunk), LARGEST):
        yield chunk[start : start + LARGEST]


def parted(body: bytes) -> Iterator[bytes]:
    """Give a body that is whole already, but too large for one chunk, as it may leave."""
    yield from split(body)
    time.sleep(Timing().ending)
