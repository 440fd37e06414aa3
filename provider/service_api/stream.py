"""One streamed answer of Dify's Service API, from its head to its end."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpcore
import httpx

from provider.service_api import framing
from provider.service_api.problems import Kind, Problem
from provider.service_api.rounds import ROUNDS
from provider.service_api.sse import EventReader, NotEvents, TooMuch
from provider.service_api.tap import Tap

SILENCE = 120.0  # seconds; Dify says something every ten
PAUSE = 0.25  # seconds between two pieces, from which on a stream waits by itself
FEW = 8  # streams of a process: as many wait each by itself, however busy, and are read at once
MUCH = 16 * 1024  # bytes: after as many, more may be here
SHARE = 256 * 1024  # bytes of one stream before the next one's turn
READS = 64  # of one stream before the next one's turn: a read that finds something lets nobody else run
MOST_UNTAKEN = 2000  # events that nobody has taken yet; while there are more nothing is read, and Dify has to wait
MOST_AHEAD = 2 * 1024 * 1024  # bytes that have come since all was taken; as above
LOOK = 0.05  # seconds from one look at them to the next
LARGEST = 64 * 1024 * 1024  # bytes of one answer: whoever gathers it keeps much of it

_OPEN: set["Stream"] = set()  # of this process

type Take = Callable[[dict[str, Any]], None]
type Untaken = Callable[[], int]


class Stream:
    """An answer whose head is here."""

    def __init__(self, response: httpx.Response, *, until: float) -> None:
        """Take the answer and when it has to be over, by the monotonic clock."""
        tap = response.extensions["network_stream"]
        assert isinstance(tap, Tap)  # noqa: S101 - no other connection is ever made
        self._response = response
        self._tap = tap
        self._until = self._due = until
        self._framing = framing.of(response.headers)
        self._events = EventReader()
        self._take: Take = lambda _: None
        self._untaken: Untaken = lambda: 0
        self._last = 0.0  # when something came
        self._came = self._taken = 0  # bytes, and those of them that were there when all was taken
        self._reads = 0
        self._over = self._framing.done
        self._failed: Exception | None = None
        self._away = threading.Event()
        self._lock = threading.Lock()
        self._closed = False
        self._cut = False
        _OPEN.add(self)

    def read(self, take: Take, untaken: Untaken) -> None:
        """Read to the end, in this thread or another, and hand over each event.

        `untaken` tells how many of them still wait in memory: while they are too many, Dify waits.
        Raises Problem (BROKEN, SILENT, TOO_LONG, TOO_MUCH), or what `take` raises; after `cut` it ends silently.
        """
        self._take, self._untaken = take, untaken
        try:
            while not self._over:
                self._wait()
        except TooMuch:
            raise Problem(Kind.TOO_MUCH) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, framing.Misframed, NotEvents):
            if not self._cut:
                raise Problem(Kind.BROKEN) from None
        finally:
            self._close()

    def cut(self) -> None:
        """Let nothing more come. May be called from any thread, and again."""
        self._cut = True
        with self._lock:
            if not self._closed:
                self._tap.cut()

    def end_within(self, seconds: float) -> None:
        """Let it take no longer from now on, if it may take as long."""
        self._due = min(self._until, time.monotonic() + seconds)

    def glance(self, now: float) -> bool:
        """Take what is here; see `Busy`."""
        try:
            read = 0
            for _ in range(READS):
                if self._is_ahead():
                    return False
                if (data := self._tap.glance()) is None:
                    if read:
                        break
                    return now - self._last < PAUSE and now < self._due
                self._feed(data, now)
                if self._over:
                    return False
                read += len(data)
                if read >= SHARE or (len(data) < MUCH and not self._tap.by_records):
                    break
        except Exception as error:  # noqa: BLE001 - it is raised where the stream is read
            self._failed = error
            return False
        return now < self._due

    def back(self) -> None:
        """Wait by itself again; see `Busy`."""
        self._away.set()

    def _wait(self) -> None:
        left = self._due - time.monotonic()
        if left <= 0:
            raise Problem(Kind.TOO_LONG)
        if self._is_ahead() and not self._cut:
            time.sleep(min(left, LOOK))
            return
        try:
            data = self._tap.receive(min(left, SILENCE))
        except httpcore.ReadTimeout:
            raise Problem(Kind.TOO_LONG if left < SILENCE else Kind.SILENT) from None
        now, before = time.monotonic(), self._last
        self._feed(data, now)
        self._reads += 1
        if len(data) >= MUCH or not self._reads % READS:
            time.sleep(0)  # where all is here already, a read gives no other thread a turn
        if now - before < PAUSE and len(_OPEN) > FEW and not self._over and self._tap.can_glance:
            self._away.clear()
            self._tap.begin_glancing()
            ROUNDS.join(self)
            self._away.wait()
            if self._failed:
                raise self._failed

    def _is_ahead(self) -> bool:
        """Tell whether so much is here that nobody has taken that nothing more is to be read."""
        if not (untaken := self._untaken()):
            self._taken = self._came
            return False
        return untaken > MOST_UNTAKEN or self._came - self._taken > MOST_AHEAD

    def _feed(self, data: bytes, now: float) -> None:
        if self._cut:
            self._over = True
            return
        self._last = now
        self._came += len(data)
        if self._came > LARGEST:
            raise TooMuch
        take = self._take
        for event in self._events.feed(self._framing.feed(data)):
            take(event)
        self._over = self._framing.done
        if not data:
            if not self._framing.may_end():
                raise Problem(Kind.BROKEN)
            self._over = True
        if self._over:
            for event in self._events.end():
                take(event)

    def _close(self) -> None:
        _OPEN.discard(self)
        with self._lock:
            self._closed = True
        with suppress(Exception):  # whatever became of the connection: it is not used again then
            if (
                isinstance(self._framing, framing.Chunked)
                and self._framing.done
                and not (self._cut or self._framing.surplus)
            ):
                # for httpcore the body begins here and ends at once: the connection serves the next request
                self._tap.hand_back(framing.Chunked.LAST)
                for _ in self._response.iter_raw():
                    pass
        self._response.close()
