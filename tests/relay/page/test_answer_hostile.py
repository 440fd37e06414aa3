"""Whatever stands in an event, a question or an earlier turn: it stays text, and a page is made of our own pieces."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import AppFailed
from relay.page.answer import Page
from relay.page.declared import Asking
from relay.page.turns import Turn, Turns
from tests.events import IDS, RUN
from tests.relay.outgoing.formats.test_lines import events
from tests.relay.page import hostile
from tests.relay.page.document import Document, document, view

EVIL = "<script>alert(1)</script>\"'&</style></template></textarea></title><!--"
PAYLOADS = (*hostile.PAYLOADS, EVIL, "{0.__class__}{name}{n}", "\x00\ud800\u202e\u2028", "x" * 100_000, "<!--" * 1000)
FILE = {
    "dify_model_identity": "__dify__file__", "type": "image", "filename": "duck.png", "extension": ".png",
    "mime_type": "image/png", "size": 5, "url": "https://pond.example/duck.png", "remote_url": "https://a.example/",
}  # fmt: skip
STEP = {"id": "n", "node_id": "1", "node_type": "llm", "title": "Think", "status": "failed", "error": "It broke."}
SOURCE = {
    "document_name": "Ducks", "dataset_name": "Birds", "score": 0.9, "content": "They swim.",
    "url": "https://pond.example/", "doc_metadata": {"url": "https://pond.example/"},
}  # fmt: skip
TOLD = {"tool": "pond", "thought": "So", "tool_input": "{}", "observation": "wet"}
LOG = {"id": "l", "label": "Call", "data": {"a": "b"}, "error": "no", "status": "error"}
OUTPUTS = {
    "text": "Quack", "list": ["a", "https://a.example/"], "table": [{"a": "b", "c": {"d": "e"}}, {"a": "f", "c": 1}],
    "file": FILE, "files": [FILE], "deep": {"a": [{"b": "c"}]}, "link": "https://a.example/",
}  # fmt: skip

# one of every kind, with every field that a page shows
EVENTS: list[dict[str, Any]] = [
    {"event": "workflow_started", **IDS, **RUN, "data": {"id": "w"}},
    {"event": "node_started", **RUN, "data": STEP},
    {"event": "node_retry", **RUN, "data": STEP},
    {"event": "node_finished", **RUN, "data": STEP},
    {"event": "iteration_started", **RUN, "data": STEP},
    {"event": "loop_next", **RUN, "data": STEP},
    {"event": "message", **IDS, "answer": "Quack"},
    {"event": "agent_thought", **IDS, **TOLD, "id": "a"},
    {"event": "agent_thought", **IDS, "id": "b", "tool": "lake"},
    {"event": "agent_log", **RUN, "data": LOG},
    {"event": "reasoning_chunk", **RUN, "data": {"reasoning": "So"}},
    {"event": "text_chunk", **RUN, "data": {"text": "Quack"}},
    {"event": "message_file", **IDS, **FILE},
    {"event": "message_replace", **IDS, "answer": "Quack"},
    {"event": "human_input_required", **RUN, "data": {"form_content": "May it?"}},
    {"event": "message_end", **IDS, "metadata": {"retriever_resources": [SOURCE]}, "files": [FILE]},
    {"event": "workflow_finished", **RUN, "data": {"status": "failed", "error": "It broke.", "outputs": OUTPUTS}},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to each text in an event but its kind."""
    if isinstance(value, dict):
        for name, one in value.items():
            if path or name != "event":
                yield from places(one, (*path, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, (*path, number))
    elif isinstance(value, str):
        yield path


def put(event: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(event)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def everywhere(event: dict[str, Any], payload: str) -> dict[str, Any]:
    for path in list(places(event)):
        if path[-1] not in {"status", "dify_model_identity", "type"}:
            event = put(event, path, payload)
    if event["event"] == "workflow_finished":
        event["data"]["outputs"] |= {
            payload: payload,
            payload + "t": [{payload: payload}],
            payload + "j": {payload: [{}]},
        }
    return event


HARMLESS = document(EVENTS, of=view(Asking.CHAT, image_hosts=("pond.example",)))
PLACES = [(number, path) for number, event in enumerate(EVENTS) for path in places(event)]


def test_all_kinds_of_events_make_a_page_of_our_pieces() -> None:
    assert HARMLESS.foreign() == []
    assert len(HARMLESS.of("img")) == 3


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_nothing_that_stands_in_all_fields_at_once_becomes_markup(payload: str) -> None:
    said = [everywhere(event, payload) for event in EVENTS]
    turns = Turns(latest=(Turn(query=payload, answer=payload),))
    of = view(Asking.CHAT, title=payload, icon=payload, user=payload, token=payload, turns=turns)
    page = document(said, payload, of=of, error=AppFailed(payload))
    assert page.foreign() == []
    assert page.styles == HARMLESS.styles


@pytest.mark.parametrize(
    ("number", "path"), PLACES, ids=["-".join([str(EVENTS[at]["event"]), *map(str, path)]) for at, path in PLACES]
)
def test_nothing_in_any_field_of_any_event_becomes_markup(number: int, path: tuple[Any, ...]) -> None:
    said = [*EVENTS[:number], put(EVENTS[number], path, EVIL), *EVENTS[number + 1 :]]
    page = document(said, of=view(Asking.CHAT))
    assert page.foreign() == []
    assert page.styles == HARMLESS.styles


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", '" onload="x', "https:///x", 1, None, ["https://a"]]
)  # fmt: skip
def test_only_what_leads_to_a_web_page_is_a_link(url: object) -> None:
    page = document([{"event": "message_file", "type": "image", "url": url}], of=view(image_hosts=("*",)))
    assert page.of("img") == []
    assert [link for link in page.of("a") if link.get("class") != "button"] == []
    assert page.slots["results"].strip() == "image"


@pytest.mark.parametrize(
    "value",
    [10**400, -(10**400), 10**4000, 1e308, [[[]]] * 3, {"a": {}}, "\ud800", "\x00", True, None, "x" * 5_000_000],
    ids=["large", "small", "larger", "float", "lists", "objects", "surrogate", "nul", "true", "null", "5 MB"],
)
def test_a_value_of_any_kind_in_any_place_is_shown_or_left_out(value: object) -> None:
    for number, path in PLACES if not isinstance(value, str) or len(value) < 100 else PLACES[::9]:
        encoder = Page("", view())
        said = [put(EVENTS[number], path, value)]
        assert Document(encoder.opening() + b"".join(map(encoder.event, said)) + encoder.closing()).foreign() == []


def test_what_is_nested_ten_thousand_levels_deep_is_shown_as_far_as_anyone_reads() -> None:
    deep: Any = "ground"
    for _ in range(10_000):
        deep = [{"a": deep}]
    page = document(
        [{"event": "workflow_finished", "data": {"outputs": {"deep": deep, "list": [deep], "n": {"x": deep}}}}]
    )
    assert page.foreign() == []
    assert "ground" not in page.text
    assert len(page.text) < 20_000


@given(said=st.lists(events), query=st.text(max_size=20))
def test_any_events_make_a_page(said: list[dict[str, Any]], query: str) -> None:
    kinds = [str(event["event"]) for event in EVENTS]
    named = [{**event, "event": name} for event in said for name in kinds]
    assert document([*said, *named], query, of=view()).foreign() == []
