import asyncio
from collections import Counter
from typing import Any

import pytest

from workspace.apps.app import AppCall, Broken, Refused
from workspace.apps.catalogue import Catalogue


async def collect(app_id: str, seen: list[dict[str, Any]], **call: Any) -> None:
    given: dict[str, Any] = {"inputs": {}, "query": "quack", **call}
    async for event in Catalogue({}).run(AppCall(app_id=app_id, **given)):
        seen.append(event)  # noqa: PERF401 - what came before an error counts as well


def run(app_id: str, **call: Any) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    asyncio.run(collect(app_id, seen, **call))
    return seen


@pytest.mark.parametrize(
    ("app_id", "events"),
    [
        ("chat-2-0", {"message": 2, "message_end": 1}),
        ("chat-2", {"message": 2, "message_end": 1}),
        ("agent-2-0", {"agent_thought": 1, "agent_message": 2, "message_end": 1}),
        ("completion-1-0", {"message": 1, "message_end": 1}),
        (
            "workflow-2-0",
            {"workflow_started": 1, "node_started": 2, "text_chunk": 2, "node_finished": 2, "workflow_finished": 1},
        ),
        (
            "chatflow-1-0",
            {
                "workflow_started": 1,
                "node_started": 1,
                "message": 1,
                "node_finished": 1,
                "message_end": 1,
                "workflow_finished": 1,
            },
        ),
        ("burst-30", {"message": 30, "message_end": 1}),
        ("silent-0.01", {"message": 1, "message_end": 1}),
        ("cut-2", {"message": 2}),
        ("errorevent-1-429-quota", {"message": 1, "error": 1}),
        ("paused", {"workflow_started": 1, "human_input_required": 1, "workflow_paused": 1}),
        ("xss", {"message": 3, "message_end": 1}),
        ("unknownevents", {"duck_landed": 1, "message": 1, "feather": 1, "message_end": 1, "tts_message_end": 1}),
    ],
)
def test_an_id_says_which_events_come(app_id: str, events: dict[str, int]) -> None:
    assert Counter(event["event"] for event in run(app_id)) == events


def test_sizes_are_as_named() -> None:
    assert run("chat-1-0-7")[0]["answer"] == " tok0xxxxxxx"
    assert len(run("big-1000")[0]["answer"]) == 1000


@pytest.mark.parametrize("app_id", ["duck", "chat", "chat-x-0", "silent", "silent-soon", "http-429", "burst-1.5", ""])
def test_an_id_that_says_nothing_is_no_app(app_id: str) -> None:
    with pytest.raises(Refused, match="app not found"):
        run(app_id)


def test_a_conversation_is_continued() -> None:
    assert {event["conversation_id"] for event in run("chat-2-0", conversation_id="c1")} == {"c1"}


def test_a_stream_breaks_after_its_events() -> None:
    seen: list[dict[str, Any]] = []
    with pytest.raises(Broken, match="quota exceeded"):
        asyncio.run(collect("broken-3", seen))
    assert [event["answer"] for event in seen] == [" tok0", " tok1", " tok2"]


def test_a_blocking_answer_of_a_stream_without_end_is_refused() -> None:
    with pytest.raises(Refused, match="the answer stopped without message_end"):
        run("cut-1", response_mode="blocking")
