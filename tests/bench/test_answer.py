import gzip
import json
import zlib
from math import inf

import pytest

from bench.answer import Answer, Flow, Reading, flow, look

EVENTS = [{"event": "message", "answer": f" tok{number} and so on"} for number in range(3)]
BODY = "".join(f"data: {json.dumps(event)}\n\n" for event in [*EVENTS, {"event": "message_end"}]).encode()
OK = b"HTTP/1.1 200 OK\r\n"
LAST = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def wire(body: bytes, *, encoding: str = "", last: bytes = LAST) -> bytes:
    """Write a chunked answer, a few bytes a chunk."""
    named = f"Content-Encoding: {encoding}\r\n".encode() if encoding else b""
    chunks = b"".join(chunk(body[start : start + 50]) for start in range(0, len(body), 50))
    return OK + named + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + last


def reading() -> Reading:
    made = Reading()
    made.request("http://127.0.0.1:5002/e/x/duck/chat-3-0?query=hi", {"X-API-Key": "k"})
    return made


def read(sent: bytes, size: int) -> tuple[int, bytes, bool]:
    taken = reading()
    body = b"".join(taken.feed(sent[start : start + size]) for start in range(0, len(sent), size))
    body += taken.feed(b"")
    return taken.status, body, taken.complete


def test_the_request_asks_for_the_connections_end() -> None:
    assert Reading().request("http://127.0.0.1:5002/e/x/duck/chat-3-0?query=hi", {"X-API-Key": "k"}) == (
        b"GET /e/x/duck/chat-3-0?query=hi HTTP/1.1\r\n"
        b"Host: 127.0.0.1:5002\r\nX-API-Key: k\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(wire(BODY), id="chunked"),
        pytest.param(wire(gzip.compress(BODY), encoding="gzip"), id="gzip"),
        pytest.param(OK + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY, id="of a known length"),
        pytest.param(OK + b"\r\n" + BODY, id="until the connection's end"),
    ],
)
def test_an_answer_is_read_in_pieces_of_any_size(sent: bytes, size: int) -> None:
    assert read(sent, size) == (200, BODY, True)


CUT = gzip.compress(BODY)[:-1]


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        pytest.param(wire(BODY, last=b""), BODY, id="chunks without the last"),
        pytest.param(wire(CUT, encoding="gzip"), BODY, id="gzip without its end"),
        pytest.param(wire(gzip.compress(BODY) + b"killed", encoding="gzip"), BODY, id="text behind gzip"),
        pytest.param(wire(b"killed by timeout", encoding="gzip"), b"", id="text instead of gzip"),
        pytest.param(OK + b"Content-Length: 9999\r\n\r\n" + BODY, BODY, id="less than its length"),
    ],
)
def test_an_answer_that_broke_off_is_not_complete(sent: bytes, body: bytes) -> None:
    assert read(sent, 64) == (200, body, False)


def test_an_answer_that_never_came_is_not_complete() -> None:
    assert read(b"", 1) == (0, b"", False)


def test_a_look_finds_when_things_came() -> None:
    at = BODY.index(b'"message_end"') + 5  # in the middle of what is looked for
    split = [b"data: {", BODY[7:at], BODY[at:]]
    head = OK + b"Content-Encoding: gzip\r\n\r\n"
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    pieces = [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in split]
    sent = [head, *pieces, packer.flush()]
    assert look(reading(), 100.0, [(101.0 + number, piece) for number, piece in enumerate(sent)], 107.0) == Answer(
        status=200,
        encoding="gzip",
        wire=sum(map(len, sent)),
        events=4,
        whole=True,
        first_byte=1.0,
        first_event=3.0,
        ended=4.0,
        seconds=7.0,
        updates=(2.0, 3.0, 4.0),  # neither the head nor gzip's end adds to the body
    )


def test_a_look_at_an_answer_without_its_end_event_does_not_find_it_whole() -> None:
    body = json.dumps(EVENTS[0]).encode() + b"\n"
    answer = look(reading(), 0.0, [(1.0, wire(body))], 2.0)
    assert (answer.events, answer.whole, answer.first_event, answer.ended) == (1, False, 1.0, inf)


def test_a_look_at_the_bare_endpoints_answer_takes_its_word() -> None:
    body = json.dumps({"event": "message_end", "drained": 2001}).encode()
    answer = look(reading(), 0.0, [(1.0, wire(body))], 2.0)
    assert (answer.events, answer.whole) == (2001, True)


@pytest.mark.parametrize(
    ("updates", "window", "seen"),
    [
        pytest.param([5, 5.5, 6, 6.5, 7], (0, 2), Flow(2.0, 0.5), id="counted from the first"),
        pytest.param([0, 0.001, 0.0025, 1], (0, 2), Flow(1.0, 1.0), id="those close together are one"),
        pytest.param([0, 1.5, 4.5, 5, 6], (2, 4), Flow(0.0, 3.0), id="a gap around the window"),
        pytest.param([0, 3.5, 4, 6.5, 9], (4, 6), Flow(0.5, 2.5), id="a gap that reaches into it"),
        pytest.param([0, 1], (4, 6), Flow(0.0, inf), id="an answer that ended before"),
        pytest.param([], (0, 2), Flow(0.0, inf), id="none at all"),
    ],
)
def test_updates_are_counted_in_a_window(updates: list[float], window: tuple[float, float], seen: Flow) -> None:
    assert flow(updates, *window) == seen
