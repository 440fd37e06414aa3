"""What an app's events are to OpenAI's clients."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.outgoing.openai.parts import LONGEST_OBSERVATION, MOST_SOURCES, Parts, Piece, Source, Usage, url_citation
from tests.relay.outgoing.openai.events import (
    AGENT,
    CHAT,
    CHATFLOW,
    IDS,
    PAUSED,
    SILENT,
    SOURCES,
    TAKEN_BACK,
    WORKFLOW,
    chunk,
    end,
    file,
    finished,
    message,
    node,
    started,
    thought,
)

type Events = Sequence[dict[str, Any]]


def pieces(events: Events) -> tuple[Parts, list[Piece]]:
    parts = Parts()
    return parts, [piece for piece in map(parts.add, events) if piece != Piece()]


def fold(*events: dict[str, Any]) -> Parts:
    return pieces(events)[0]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (CHAT, [Piece("Qu"), Piece("ack")]),
        (CHATFLOW, [Piece("Quack")]),
        (WORKFLOW, [Piece("Qu"), Piece("ack")]),
        (SILENT, [Piece('{\n  "count": 2\n}')]),
        ([started(), finished({"text": "Quack"})], [Piece("Quack")]),
        (PAUSED, [Piece("May it swim?")]),
        (TAKEN_BACK, [Piece("Moo"), Piece("\n\nQuack")]),
        ([started(), chunk("Moo"), chunk("Quack", "text_replace")], [Piece("Moo"), Piece("\n\nQuack")]),
        (
            AGENT,
            [
                Piece("", 'I ask.\npond({"deep": 1})'),
                Piece("", "\n→ wet"),
                Piece("Qu"),
                Piece("ack"),
            ],
        ),
        (
            [thought(thought="One"), thought(id="t2", thought="Two")],
            [Piece("", "One"), Piece("", "\n\nTwo")],
        ),
        (
            [message("I ask.", "agent_message"), thought(thought="I ask.", tool="pond", tool_input="")],
            [Piece("I ask."), Piece("", "pond()")],
        ),
        (
            [thought(thought="I ask."), message("I ask.", "agent_message"), thought(thought="I ask.", tool="pond")],
            [Piece("", "I ask."), Piece("I ask."), Piece("", "\npond()")],
        ),
        (
            [{"event": "reasoning_chunk", **IDS, "data": {"reasoning": "hm"}}, message("Quack")],
            [Piece("", "hm"), Piece("Quack")],
        ),
        (
            [message("Look:"), file(url="https://pond.example/duck.png", filename="a [duck]\n.png")],
            [Piece("Look:"), Piece("\n\n![a (duck) .png](https://pond.example/duck.png)")],
        ),
        (
            [file(url="https://pond.example/d.pdf", type="document")],
            [Piece("\n\n[document](https://pond.example/d.pdf)")],
        ),
        ([file(url="https://pond.example/duck.png", belongs_to="user")], []),
        ([file(url="/files/tools/x.png")], []),
        ([file(url=None)], []),
        (
            [message("![](https://a.example/b.png)"), file(url="https://a.example/b.png")],
            [Piece("![](https://a.example/b.png)")],
        ),
        (
            [file(url="https://a.example/b"), file(url="https://a.example/b")],
            [Piece("\n\n![image](https://a.example/b)")],
        ),
    ],
)
def test_what_each_event_adds(events: Events, said: list[Piece]) -> None:
    parts, found = pieces(events)
    assert found == said
    assert parts.text == "".join(piece.text for piece in said)
    assert parts.reasoning == "".join(piece.reasoning for piece in said)


def test_the_whole_answer_lacks_what_was_taken_back() -> None:
    assert (fold(*TAKEN_BACK).text, fold(*TAKEN_BACK).final) == ("Moo\n\nQuack", "Quack")


def test_a_tools_long_result_is_cut() -> None:
    parts = fold(thought(tool="pond", observation="x" * (LONGEST_OBSERVATION + 1)))
    assert parts.reasoning == f"pond()\n→ {'x' * LONGEST_OBSERVATION}…"


@pytest.mark.parametrize(
    ("events", "id_", "created"),
    [
        (CHAT, "m", 1_700_000_000),
        (WORKFLOW, "w", 1_700_000_001),
        (CHATFLOW, "m", 1_700_000_000),
        ([{"event": "ping"}, *CHAT], "m", 1_700_000_000),
        ([{"event": "message", "answer": "x", "message_id": 7, "created_at": -1}], "", 0),
        ([{"event": "message", "answer": "x", "message_id": "m", "created_at": 1e400}], "m", 0),
    ],
)
def test_id_and_date_are_difys_own(events: Events, id_: str, created: int) -> None:
    parts = fold(*events)
    assert (parts.id, parts.created) == (id_, created)


@pytest.mark.parametrize(
    ("events", "usage"),
    [
        (CHAT, Usage(prompt=5, completion=2, total=7)),
        (CHATFLOW, Usage(prompt=5, completion=2, total=7)),
        (WORKFLOW, Usage(prompt=0, completion=30, total=30)),
        ([message("x"), end(usage={"total_tokens": 3})], Usage(completion=3, total=3)),
        ([message("x"), end(usage={"prompt_tokens": "5", "completion_tokens": None, "total_tokens": -1})], Usage()),
        ([message("x"), end(usage="much")], Usage()),
        ([message("x"), {"event": "message_end", **IDS}], Usage()),
        ([finished(total_tokens=10**400)], Usage()),
        ([finished(total_tokens=float("inf"))], Usage()),
        (PAUSED, Usage()),
    ],
)
def test_usage_is_what_the_app_tells(events: Events, usage: Usage) -> None:
    assert fold(*events).usage == usage


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (CHAT, "stop"),
        ([node({"text": "Qu", "finish_reason": "length"})], "length"),
        ([node({"finish_reason": "content_filter"})], "content_filter"),
        ([node({"finish_reason": "tool_calls"})], "stop"),
        ([node({"finish_reason": "length"}), node({"finish_reason": "stop"})], "stop"),
        ([node({"finish_reason": "length"}), node({"text": "x"}), node(None)], "length"),
        ([node({"finish_reason": 7}), node("text")], "stop"),
    ],
)
def test_how_the_last_model_ended(events: Events, reason: str) -> None:
    assert fold(*events).finish_reason == reason


@pytest.mark.parametrize(
    ("event", "failure"),
    [
        (finished({"text": "x"}), ""),
        (finished(status="partial-succeeded"), ""),
        (finished(status="failed", error="no duck at /srv/app/duck.py"), "no duck at [path]"),
        (finished(status="failed", error=None), "It ended as failed."),
        (finished(status="stopped", error="Stopped by user."), "Stopped by user."),
    ],
)
def test_why_a_workflow_failed(event: dict[str, Any], failure: str) -> None:
    assert fold(started(), event).failure == failure


def test_sources_are_told_once_each() -> None:
    parts = fold(message("Quack"), end(retriever_resources=SOURCES))
    ducks, birds = parts.sources()
    assert ducks == Source(title="Ducks.pdf", url="https://pond.example/ducks", file_id="d1", position=1)
    assert birds == Source(title="Birds", url="", file_id="d2", position=2)
    assert [url_citation(one, 5) for one in (ducks, birds)] == [
        {"url": "https://pond.example/ducks", "title": "Ducks.pdf", "start_index": 5, "end_index": 5},
        {"url": "urn:dify:document:d2", "title": "Birds", "start_index": 5, "end_index": 5},
    ]


@pytest.mark.parametrize("resources", [None, "many", {}, [None], []])
def test_without_sources_none_are_told(resources: Any) -> None:
    assert list(fold(message("x"), end(retriever_resources=resources)).sources()) == []


def test_the_number_of_sources_is_bounded() -> None:
    many = [{"document_name": f"{number}.pdf"} for number in range(MOST_SOURCES + 1)]
    assert len(list(fold(end(retriever_resources=many)).sources())) == MOST_SOURCES


names = st.sampled_from([
    "message", "agent_message", "agent_thought", "message_replace", "message_file", "message_end", "reasoning_chunk",
    "workflow_started", "workflow_finished", "node_finished", "text_chunk", "human_input_required",
])  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
fields = st.fixed_dictionaries(
    {"event": names},
    optional={
        name: values | st.dictionaries(st.sampled_from(["text", "usage", "outputs", "status", "reasoning"]), values)
        for name in ("answer", "data", "metadata", "id", "message_id", "thought", "tool", "url", "created_at")
    },
)


@given(st.lists(fields, max_size=6))
def test_no_event_breaks_an_answer(events: list[dict[str, Any]]) -> None:
    parts, found = pieces(events)
    assert parts.text == "".join(piece.text for piece in found)
    assert parts.usage.total >= parts.usage.prompt
    assert list(parts.sources()) == list(parts.sources())


def test_a_long_chain_of_thoughts_is_copied_once() -> None:
    thought = "quack " * 300
    parts = fold(*({"event": "reasoning_chunk", "data": {"reasoning": thought}} for _ in range(50_000)))
    assert parts.reasoning == thought * 50_000
