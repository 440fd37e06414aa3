import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import wire
from relay.errors import InvalidParam, PayloadTooLarge
from relay.wire import DEEPEST, LONGEST_INTEGER, MOST_MARKS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_one_line_for_every_reader_and_reads_back_the_same(value: object) -> None:
    text = wire.dump(value)
    assert text.splitlines() == [text]
    assert json.loads(text) == value


def test_a_text_with_line_ends_of_unicode_stays_on_its_line() -> None:
    assert wire.dump({"a": "\u2028\u2029\x85"}) == '{"a":"\\u2028\\u2029\\u0085"}'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_null(number: float) -> None:
    assert json.loads(wire.dump({"a": [1, number]})) == {"a": [1, None]}


@pytest.mark.parametrize("text", ["[" * 90_000, "[" + "[]," * 150_000 + "[]]", "[" + "1," * MOST_MARKS + "1]"])
def test_many_values_are_refused_before_they_are_made(text: str) -> None:
    with pytest.raises((PayloadTooLarge, InvalidParam)):
        wire.parse(text, "The body")


def test_as_many_values_as_allowed_are_read() -> None:
    assert len(wire.parse("[" + "1," * (MOST_MARKS - 1) + "1]", "The body")) == MOST_MARKS
    with pytest.raises(PayloadTooLarge, match="too many values"):
        wire.parse("[" + "1," * MOST_MARKS + "1]", "The body")


def test_json_may_be_as_deep_as_the_sdk_can_write_it_and_no_deeper() -> None:
    assert wire.depth(wire.parse("[" * DEEPEST + "]" * DEEPEST, "The body")) == DEEPEST
    for levels in (DEEPEST + 1, 256, 990, 5000):
        with pytest.raises(InvalidParam, match=r"levels deep|can't be passed on"):
            wire.parse('{"a":' * levels + "1" + "}" * levels, "The body")


HARD = [
    "[1",
    "",
    "NaN",
    '{"a": -Infinity}',
    "1e999",
    "-1" + "0" * 400 + ".5",
    '"\\ud83d"',
    '"\\ud83d\\ude00"',
    '"a\x01"',
    "[1,]",
    "01",
    "9" * LONGEST_INTEGER,
    "9" * (LONGEST_INTEGER + 1),
    "-" + "9" * (LONGEST_INTEGER + 1),
    "9" * 5000,
    '{"a": 1, "a": 2}',
    "[" * DEEPEST + "]" * DEEPEST,
    "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
    '{"a":' * DEEPEST + "1" + "}" * DEEPEST,
    '{"a":' * (DEEPEST + 1) + "{}" + "}" * (DEEPEST + 1),
    "[" * 5000,
    "[" + "1," * MOST_MARKS + "1]",
    "\u2028",
    " \n[true, false, null, 1.5e3, -0]\t",
]


def told(read: Callable[[], object]) -> object:
    try:
        return read()
    except (InvalidParam, PayloadTooLarge) as error:
        return type(error), error.message


@given(JSON.map(json.dumps) | JSON.map(wire.dump) | st.text() | st.sampled_from(HARD))
def test_bytes_are_read_as_text_is(text: str) -> None:
    content = text.encode()
    assert told(lambda: wire.read(content, "The body")) == told(lambda: wire.parse(text, "The body"))


@pytest.mark.parametrize("text", HARD)
def test_bytes_are_refused_in_the_same_words(text: str) -> None:
    assert told(lambda: wire.read(text.encode(), "The body")) == told(lambda: wire.parse(text, "The body"))


def test_a_large_ascii_text_may_stand_beside_another() -> None:
    value = {"query": "ü🦆", "files": ["x" * (wire.LARGEST_TEXT + 1)]}
    assert wire.read(wire.BOM + wire.dump(value).encode(), "The body") == value


@pytest.mark.parametrize("content", [b'"\xff"', b"{\xc3}"])
def test_bytes_that_are_no_text_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidParam, match=r"character set|not valid JSON"):
        wire.read(content, "The body")


@pytest.mark.parametrize("texts", [1, 3])
def test_large_texts_are_ascii_alone(texts: int) -> None:
    value = ["ü" * (wire.LARGEST_TEXT // texts + 1)] * texts
    with pytest.raises(PayloadTooLarge, match="send files as files"):
        wire.read(wire.dump(value).encode(), "The body")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"a": ["é", 1, None]}, '{"a":["é",1,null]}'),
        ({"a": "\u2028\u2029\x85"}, '{"a":"\\u2028\\u2029\\u0085"}'),
        ({"a": [math.nan, math.inf, -math.inf]}, '{"a":[null,null,null]}'),
        ({"a": "\ud83d"}, '{"a":"\\ud83d"}'),
        ({"a": Path("pond")}, '{"a":"pond"}'),
    ],
    ids=["anything", "line ends of Unicode", "no numbers", "half a pair", "no JSON"],
)
def test_a_line_that_is_written_quickly_is_what_is_written_otherwise(value: object, line: str) -> None:
    assert wire.line(value) == wire.encode(wire.dump(value))
    assert wire.line(value).decode() == line
