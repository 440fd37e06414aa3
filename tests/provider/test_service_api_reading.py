"""How an answer's bytes become events, wherever they are cut."""

import json
from collections import deque
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.service_api import framing, sse
from provider.service_api.framing import Chunked, Counted, Misframed
from provider.service_api.sse import EventReader, NotEvents
from tests.provider.played_dify import chunk, data

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
EVENTS = st.lists(st.fixed_dictionaries({"event": TEXTS, "answer": TEXTS | st.integers() | st.none()}), max_size=6)


def cut(content: bytes, places: Sequence[int]) -> list[bytes]:
    """Cut bytes at some of their places."""
    at = sorted(place % (len(content) + 1) for place in places)
    return [content[start:end] for start, end in zip([0, *at], [*at, len(content)], strict=True)]


PLACES = st.lists(st.integers(0, 10_000), max_size=20)


@given(
    st.lists(st.binary(max_size=40)), PLACES, st.sampled_from([b"", b";name=value", b' ; a; b="c"']), st.booleans()
)
def test_a_chunked_body_is_the_same_wherever_it_is_cut(
    parts: list[bytes], places: list[int], extension: bytes, trailers: bool
) -> None:
    body = b"".join(b"%X%b\r\n%b\r\n" % (len(part), extension, part) for part in parts if part)
    body += b"0\r\n" + b"Expires: never\r\n" * trailers + b"\r\n"
    chunked = Chunked()
    read = b"".join([chunked.feed(piece) for piece in cut(body, places)])
    assert (read, chunked.done, chunked.may_end()) == (b"".join(parts), True, True)


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1), st.integers(0, 10_000))
def test_a_chunked_body_that_breaks_off_is_never_done(parts: list[bytes], place: int) -> None:
    body = b"".join(map(chunk, parts)) + b"0\r\n\r\n"
    chunked = Chunked()
    chunked.feed(body[: place % len(body)])
    assert (chunked.done, chunked.may_end()) == (False, False)


SIZES = [b"", b"x", b"-5", b"+5", b"0x5", b"0_5", b" 5", b"0 5", b";", b"<html>", "٥".encode(), b"0" * 16 + b"5"]


@pytest.mark.parametrize("size", [*SIZES, b"1" * framing.LONGEST_LINE])
def test_a_chunk_without_a_size_is_no_body(size: bytes) -> None:
    with pytest.raises(Misframed):
        Chunked().feed(size + b"\r\nabcde\r\n")


@given(st.sampled_from([b"5\nabcde\r\n", b"5\r\nabcdeXX", b"5\r\nabcde\r0", b"5\r\nabcde\n0"]), PLACES)
def test_a_chunk_without_its_lines_ends_is_no_body(body: bytes, places: list[int]) -> None:
    chunked = Chunked()
    with pytest.raises(Misframed):
        deque(map(chunked.feed, cut(body, places)))


def test_a_counted_body_ends_where_its_length_says() -> None:
    counted = Counted(5)
    assert (counted.may_end(), counted.feed(b"abc"), counted.done) == (False, b"abc", False)
    assert (counted.feed(b"defg"), counted.done, counted.may_end()) == (b"de", True, True)


def test_a_body_without_a_length_ends_with_its_connection() -> None:
    counted = Counted(None)
    assert (counted.feed(b"abc"), counted.done, counted.may_end()) == (b"abc", False, True)


@given(EVENTS, PLACES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", " "]), st.booleans())
def test_events_are_the_same_wherever_they_are_cut(
    events: list[dict[str, object]], places: list[int], end: str, space: str, escaped: bool
) -> None:
    lines = []
    for event in events:
        lines += [f"data:{space}{json.dumps(event, ensure_ascii=escaped)}", "", "event: ping", "", ": a comment", ""]
    reader = EventReader()
    content = "".join(line + end for line in lines).encode()
    read = [event for piece in cut(content, places) for event in reader.feed(piece)]
    assert [*read, *reader.end()] == events


def test_the_last_event_needs_no_end_of_its_line() -> None:
    reader = EventReader()
    assert [*reader.feed(b'data: {"a": 1}\n\ndata: {"b"'), *reader.feed(b": 2}"), *reader.end()] == [
        {"a": 1},
        {"b": 2},
    ]


@pytest.mark.parametrize("line", ["[]", "1", "null", "", "{", '{"a": 1', "<html>", '{"a": ' + "[" * 10_000])
def test_what_is_no_json_object_is_no_event(line: str) -> None:
    with pytest.raises(NotEvents):
        list(EventReader().feed(f"data: {line}\n".encode()))


def test_the_events_before_what_is_none_are_given() -> None:
    given = EventReader().feed(b'data: {"a": 1}\ndata: no\n')
    assert next(given) == {"a": 1}
    with pytest.raises(NotEvents):
        next(given)


def test_half_an_event_at_the_end_is_none() -> None:
    reader = EventReader()
    assert list(reader.feed(b'data: {"a": ')) == []
    with pytest.raises(NotEvents):
        list(reader.end())


def test_a_line_without_an_end_is_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "LONGEST_LINE", 1000)
    reader = EventReader()
    for _ in range(10):
        assert list(reader.feed(b"x" * 100)) == []
    with pytest.raises(NotEvents):
        list(reader.feed(b"x"))


@pytest.mark.parametrize("halves", [b"", rb"\ud83d"], ids=["", "half a surrogate pair"])
@pytest.mark.parametrize("values", [b"{},", b"[],", b"[1],", b"1,", b'"",'])
def test_what_would_take_many_times_its_memory_is_never_parsed(values: bytes, halves: bytes) -> None:
    line = b'data: {"event":"a","b":"%b","c":[%b0]}\n' % (halves, values * 1_200_000)
    with pytest.raises(NotEvents):
        list(EventReader().feed(line))


def test_a_table_in_a_long_text_is_an_answer() -> None:
    event = {"event": "message", "answer": "1,2,[3],{4}\n" * 90_000}
    assert list(EventReader().feed(data(event))) == [event]


def test_a_line_that_comes_at_once_has_the_same_bound() -> None:
    with pytest.raises(NotEvents):
        list(EventReader().feed(data({"answer": "x" * sse.LONGEST_LINE})))


def test_half_a_surrogate_pair_is_passed_on_as_it_came() -> None:
    line = rb'data: {"event":"message","answer":"\uD83D"}' + b"\n\n"
    assert list(EventReader().feed(line)) == [{"event": "message", "answer": "\ud83d"}]
