"""An answer as its caller gets it: read by read from a socket, chunked and perhaps compressed.

Pure: whoever calls has the sockets and the clock, so that at 6,000 events a second a caller does nothing but keep
what it reads; this module looks into it afterwards.
"""

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import h11
import httpx

TOGETHER = 0.002  # seconds: what is read this soon after something else is one update with it
_EVENT, _END = b'"event"', b'"message_end"'
_DRAINED = re.compile(rb'"drained": (\d+)')  # the bare endpoint's word for the events that it kept to itself

type Read = tuple[float, bytes]  # when, in seconds of any clock, and what


class Gunzip:
    """Undoes a Content-Encoding piece by piece; knows whether all of it came."""

    def __init__(self, encoding: str) -> None:
        self._stream = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
        self._broken = False

    @property
    def complete(self) -> bool:
        """Tell whether the stream has its end, and nothing came behind it that is no gzip."""
        return not self._broken and (self._stream is None or (self._stream.eof and not self._stream.unused_data))

    def feed(self, data: bytes) -> bytes:
        if self._stream is None or self._broken:
            return b"" if self._broken else data
        try:
            return self._stream.decompress(data)
        except zlib.error:
            self._broken = True
            return b""


class Reading:
    """One exchange over a socket: gives the request, takes what comes, gives the answer's body as it was meant."""

    def __init__(self) -> None:
        self.status = 0
        self.encoding = ""
        self._connection = h11.Connection(h11.CLIENT)
        self._gunzip = Gunzip("")
        self._ended = False

    def request(self, url: str, headers: Mapping[str, str]) -> bytes:
        """Write the GET; it asks for the connection's end behind the answer."""
        asked = httpx.URL(url)
        given = [("Host", asked.netloc.decode()), *headers.items(), ("Connection", "close")]
        head = self._connection.send(h11.Request(method="GET", target=asked.raw_path, headers=given))
        return (head or b"") + (self._connection.send(h11.EndOfMessage()) or b"")

    @property
    def complete(self) -> bool:
        """Tell whether the answer came to its end, and the compressed stream inside it as well."""
        return self._ended and self._gunzip.complete

    def feed(self, data: bytes) -> bytes:
        """Take what was read, nothing at the connection's end; give what it adds to the body."""
        self._connection.receive_data(data)
        body = bytearray()
        try:
            while (event := self._connection.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
                if isinstance(event, h11.Response):
                    self.status = event.status_code
                    self.encoding = dict(event.headers).get(b"content-encoding", b"").decode()
                    self._gunzip = Gunzip(self.encoding)
                elif isinstance(event, h11.Data):
                    body += self._gunzip.feed(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    self._ended = True
                elif isinstance(event, h11.ConnectionClosed):
                    break
        except h11.RemoteProtocolError:  # it broke off
            self._ended = False
        return bytes(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one request. Times are in seconds since it was sent, infinity for what never came."""

    status: int
    encoding: str
    wire: int  # bytes, the head included
    events: int  # those of the app, its end event included
    whole: bool  # it has its end event, and broke off nowhere
    first_byte: float
    first_event: float
    ended: float  # the end event was there
    seconds: float  # the connection was closed
    updates: tuple[float, ...]  # when the body grew


def look(reading: Reading, asked: float, reads: Iterable[Read], closed: float) -> Answer:
    """Look into the reads of an answer, in their order."""
    body, updates = bytearray(), []
    wire, first_byte, first_event, ended = 0, inf, inf, inf
    for when, data in reads:
        wire += len(data)
        first_byte = min(first_byte, when - asked)
        piece = reading.feed(data)
        if not piece:
            continue
        seen = max(len(body) - len(_END), 0)
        body += piece
        updates.append(when - asked)
        if first_event == inf and body.find(_EVENT, seen) >= 0:
            first_event = when - asked
        if ended == inf and body.find(_END, seen) >= 0:
            ended = when - asked
    reading.feed(b"")
    drained = _DRAINED.search(body, max(len(body) - 64, 0))
    return Answer(
        status=reading.status,
        encoding=reading.encoding,
        wire=wire,
        events=int(drained[1]) if drained else body.count(_EVENT),
        whole=reading.status == httpx.codes.OK and reading.complete and ended < inf,
        first_byte=first_byte,
        first_event=first_event,
        ended=ended,
        seconds=closed - asked,
        updates=tuple(updates),
    )


@dataclass(frozen=True, slots=True)
class Flow:
    """How an answer grew in a window of time."""

    updates: float  # a second
    gap: float  # seconds: the longest wait for an update that reaches into the window


def flow(updates: Sequence[float], begin: float, end: float) -> Flow:
    """Look at the updates from `begin` to `end`, in seconds from the first of them."""
    together: list[float] = []
    last = -inf
    for when in updates:
        if when - last > TOGETHER:
            together.append(when - updates[0])
        last = when
    within = [when for when in together if begin <= when < end]
    waits = [after - before for before, after in pairwise(together) if after > begin and before < end]
    return Flow(len(within) / (end - begin), max(waits, default=inf))
