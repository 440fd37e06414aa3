"""From the app's events to chunks that survive the way to the caller; the one module that waits.

What Dify's plugin daemon does to an endpoint's answer, and what follows from it:

- It sends status and headers only together with the first chunk. So a first chunk leaves a moment after the request
  even if the app is still silent (`pace.Rhythm`).
- It drops all but the first chunk when the end of the answer comes right behind it. So an answer that is complete
  by then is one chunk, and otherwise the end stays behind the first chunk for as long as the runtime needs.
- It keeps 128 chunks for a caller that does not read, and silently drops what comes then. So events that wait
  share a chunk, and chunks become rarer as the answer grows (`pace.Pace`).
- It takes lines of up to 5 MiB, a chunk's bytes in hexadecimal. So a chunk has at most `LARGEST` bytes.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf

from relay.errors import AppTimeout, RelayError
from relay.event import Event
from relay.outgoing.output import Output
from relay.run.inbox import Inbox

LARGEST = 1024 * 1024  # bytes of one chunk
AT_ONCE = 256  # events that are handed on before anyone looks at the clock
LONGEST_AT_ONCE = 0.05  # seconds of work after which whatever else goes on has its turn
LONGEST_SLEEP = 1.0  # seconds without a look at the events, which take memory where they wait
UNFORESEEN = "Something went wrong inside the relay; its log says more under the request id."


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """All in seconds."""

    ending: float = 0.25  # from the first chunk to the end of the answer; `Host` knows what its runtime needs
    idle: float = 245.0  # without any event: just over what Dify lets one run take
    total: float = 590.0  # just under the 600 s after which the daemon kills an endpoint's request


def settle() -> None:
    """Wait so long that whoever read the storage at the same moment has written its mark too."""
    time.sleep(0.05)


def rest() -> None:
    """Let whatever else goes on have a moment, amid what takes long to compute."""
    time.sleep(0.001)


def beside(act: Callable[[], None]) -> None:
    """Do something beside whatever else goes on, in a thread of its own."""
    threading.Thread(target=act, daemon=True).start()


def every(seconds: float, act: Callable[[], bool]) -> Callable[[], None]:
    """Act again and again, beside whatever else goes on, until that says no. Gives a function that ends it."""
    stopped = threading.Event()

    def go_on() -> None:
        while not stopped.wait(seconds) and act():
            pass

    threading.Thread(target=go_on, daemon=True).start()
    return stopped.set


def together[T](acts: Iterable[Callable[[], T]]) -> list[T]:
    """Do several things at the same time, each in a thread of its own, and give what each of them gives.

    Raises the first error, when all are done.
    """
    several = list(acts)
    with ThreadPoolExecutor(max(len(several), 1)) as threads:
        return [begun.result() for begun in [threads.submit(act) for act in several]]


class Pump:
    """Takes one run's events out of its inbox, and hands them on in time.

    It looks as rarely as it can: between two pieces it sleeps, however many events come meanwhile. What puts them
    into the inbox never waits for the caller: the daemon keeps only 1,024 events for a plugin that reads slowly.
    """

    def __init__(
        self,
        inbox: Inbox,
        events: Iterator[Event | None],
        output: Output,
        *,
        leave: Callable[[], None],
        timing: Timing | None = None,
        conclude: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`leave` gives the run up; it is called once the answer has ended, in whatever way.

        `conclude` is called when the answer is whole, before its last chunk leaves: many a client hangs up at its
        sight, and then nothing can be stored.
        The run begins when its `events` are asked for; None of them means that nothing is in the inbox yet.
        """
        self.events = 0
        self._inbox = inbox
        self._events = events
        self._output = output
        self._leave = leave
        self._conclude = conclude
        self._timing = timing or Timing()
        self._clock = clock
        self._started = self._heard = clock()
        self._brisk = False  # the app speaks again before the next piece is ready to leave
        self._deaf = False  # in the latest sleep no event was listened for
        self._complete = False
        self._error: RelayError | None = None

    @property
    def error(self) -> RelayError | None:
        """The error that ended the run, if one did."""
        return self._error

    @property
    def complete(self) -> bool:
        """Whether the app has said all."""
        return self._complete

    @property
    def _ended(self) -> bool:
        return self._complete or self._error is not None

    def open(self) -> bytes | None:
        """Wait until the output's first piece is due. Gives the whole answer if it is complete by then, else None.

        Raises RelayError when the app failed and the response can still say so by its status.
        """
        try:
            self._wait()
            if not self._ended:
                return None
            whole = self._output.end(self._error)
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
            # a chunk leaves in another greenlet, which a busy process may run much later: let it
            time.sleep(0.001)
            first = self._clock()
            try:
                while True:
                    self._wait()
                    if self._ended:
                        break
                    yield from split(self._output.piece(self._clock()))
                last = self._output.end(self._error)
            except Exception as error:  # noqa: BLE001 - an event that its form can't show, whatever it is
                self._fail(_unforeseen(error))
                last = self._output.end(self._error)
            if self._conclude:
                self._conclude()
            yield from split(last)
            time.sleep(max(first + self._timing.ending - self._clock(), 0))
        finally:
            self._leave()

    def _wait(self) -> None:
        """Hand events on until the response's next piece is due or the run has ended."""
        while not self._ended:
            self._collect()
            now = self._clock()
            limit = min(self._heard + self._timing.idle, self._started + self._timing.total)
            if not self._ended and now >= limit:
                self._fail(AppTimeout("The app did not finish in the time that Dify gives it."))
            if self._ended or self._output.due() <= now:
                return
            self._sleep(now, min(limit, self._output.due()), self._output.ready())

    def _sleep(self, now: float, due: float, ready: float) -> None:
        """Wait until `due`; for events only if one could make a piece leave earlier.

        The first is looked at when it comes, for it names the conversation, which is then remembered meanwhile.
        """
        self._deaf = self.events > 0 and now < ready and (due <= ready or self._brisk)
        if self._deaf:
            self._inbox.wait(min(due, ready, now + LONGEST_SLEEP) - now, deaf=True)
        else:
            self._inbox.wait(due - now)

    def _collect(self) -> None:
        """Hand on all that has come, or as much as fits in before the next piece is due."""
        now, before = self._clock(), self.events
        began = now
        try:
            for event in self._events:
                if event is None:
                    break
                self.events += 1
                self._output.take(event, now)
                began = self._rested(began)
                if not self.events % AT_ONCE:
                    due = self._output.due()
                    if due <= self._clock():
                        break
                    if due == inf:  # nothing else would let whoever reads Dify's lines have its turn
                        rest()
            else:
                self._complete = True
        except RelayError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits must hear of it
            self._fail(_unforeseen(error))
        if self.events > before:
            self._heard = now
            self._brisk = self._deaf or self._output.due() > now
        elif self._deaf:
            self._brisk = False

    def _rested(self, began: float) -> float:
        """Let whatever else goes on have its turn after so much work. Gives when the work since then began."""
        if self._clock() - began <= LONGEST_AT_ONCE:
            return began
        rest()
        return self._clock()

    def _fail(self, error: RelayError) -> None:
        self._complete, self._error = False, error


def _unforeseen(error: Exception) -> RelayError:
    unforeseen = RelayError(UNFORESEEN)
    unforeseen.__cause__ = error
    return unforeseen


def split(chunk: bytes) -> Iterator[bytes]:
    """Give a chunk in parts that the daemon's lines can hold."""
    for start in range(0, len(chunk), LARGEST):
        yield chunk[start : start + LARGEST]


def parted(body: bytes, ending: float) -> Iterator[bytes]:
    """Give a body that is whole already, but too large for one chunk, as it may leave."""
    yield from split(body)
    time.sleep(ending)
