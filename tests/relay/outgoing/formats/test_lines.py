import json
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import AppTimeout
from relay.outgoing.formats import Encoder
from relay.outgoing.formats.lines import EVENTS, NDJSON, ServerSentEvents

EVENT = {"event": "message", "answer": "<b>Quäck\n\r\u2028 & more</b>"}
TEXT = '{"event":"message","answer":"<b>Quäck\\n\\r\\u2028 & more</b>"}'
ERROR = AppTimeout("too slow")
ERROR_TEXT = '{"event":"error","code":"app_timeout","message":"too slow","status":504}'

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
events = st.dictionaries(st.text(), json_values)


@pytest.mark.parametrize(
    ("form", "event", "error", "keep_alive"),
    [
        (
            ServerSentEvents(),
            f"id: 1\ndata: {TEXT}\n\n",
            f"id: 2\ndata: {ERROR_TEXT}\n\n",
            ": keep-alive\n",
        ),
        (NDJSON, f"{TEXT}\n", f"{ERROR_TEXT}\n", "\n"),
        (
            EVENTS,
            TEXT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") + "<br>\n",
            f"{ERROR_TEXT}<br>\n",
            "<!-- keep-alive -->\n",
        ),
    ],
    ids=["sse", "ndjson", "events"],
)
def test_each_event_is_a_line_of_its_own(form: Encoder, event: str, error: str, keep_alive: str) -> None:
    assert form.event(EVENT) == event.encode()
    assert form.error(ERROR) == error.encode()
    assert form.keep_alive == keep_alive.encode()
    assert form.closing() == b""


def read_sse(stream: bytes) -> list[Any]:
    """Parse as WHATWG says: lines end with CR, LF or both, a blank line dispatches, a colon begins a comment."""
    found: list[Any] = []
    data: list[str] = []
    for line in stream.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line and data:
            found.append(json.loads("\n".join(data)))
            data = []
        elif line.startswith("id: "):
            assert int(line.removeprefix("id: ")) == len(found) + 1
        elif line.startswith("data: "):
            data.append(line.removeprefix("data: "))
        else:
            assert not line or line.startswith(":")
    return found


def read_ndjson(stream: bytes) -> list[Any]:
    return [json.loads(line) for line in stream.split(b"\n") if line]


def read_events(stream: bytes) -> list[Any]:
    body = stream.removeprefix(EVENTS.head).decode()
    lines = [line for line in body.split("\n") if line and not line.startswith("<!--")]
    assert all(line.endswith("<br>") and "<" not in line[:-4] for line in lines)
    return [json.loads(unescape(line.removesuffix("<br>"))) for line in lines]


@pytest.mark.parametrize(
    ("make", "read"),
    [(ServerSentEvents, read_sse), (lambda: NDJSON, read_ndjson), (lambda: EVENTS, read_events)],
    ids=["sse", "ndjson", "events"],
)
@given(said=st.lists(events))
def test_every_event_can_be_read_back(make: Callable[[], Encoder], read: Any, said: list[dict[str, Any]]) -> None:
    form = make()
    stream = form.opening() + form.keep_alive + b"".join(form.event(event) + form.keep_alive for event in said)
    assert read(stream + form.closing()) == said


def test_half_a_surrogate_pair_is_written_as_its_escape() -> None:
    assert json.loads(NDJSON.event({"a": "\ud83d"})) == {"a": "\ud83d"}
