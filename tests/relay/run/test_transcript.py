from typing import Any

import pytest

from relay.errors import AppFailed
from relay.run.transcript import Transcript, failure_of, outputs_text
from tests.events import AGENT, CHAT, IDS, RUN, USAGE, chatflow, workflow


def told(events: list[dict[str, Any]]) -> Transcript:
    transcript = Transcript()
    for event in events:
        transcript.add(event)
    return transcript


ANSWER = {
    "event": "message",
    "task_id": "t",
    "id": "m",
    "message_id": "m",
    "conversation_id": "c",
    "mode": "chat",
    "answer": "Quack",
    "metadata": USAGE,
    "created_at": 1,
}
COMPLETION = [{name: value for name, value in event.items() if name != "conversation_id"} for event in CHAT]


@pytest.mark.parametrize(
    ("events", "blocking"),
    [
        (CHAT, ANSWER),
        (AGENT, {**ANSWER, "mode": "agent-chat", "id": "m", "message_files": [AGENT[3]]}),
        (chatflow(), {**ANSWER, "mode": "advanced-chat"}),
        (COMPLETION, {**ANSWER, "conversation_id": None, "mode": "completion"}),
        (
            workflow({"text": "Quack"}),
            {
                "task_id": "t",
                "workflow_run_id": "w",
                "data": {"status": "succeeded", "outputs": {"text": "Quack"}, "error": None},
            },
        ),
        (
            workflow({}, status="failed", error="no pond"),
            {"task_id": "t", "workflow_run_id": "w", "data": {"status": "failed", "outputs": {}, "error": "no pond"}},
        ),
        (
            [{"event": "workflow_paused", **RUN, "data": {"status": "paused"}}],
            {"task_id": "t", "workflow_run_id": "w", "data": {"status": "paused"}},
        ),
    ],
    ids=["chatbot", "agent", "chatflow", "completion", "workflow", "failed workflow", "paused workflow"],
)
def test_every_kind_of_app_answers_in_difys_blocking_shape(
    events: list[dict[str, Any]], blocking: dict[str, Any]
) -> None:
    assert told(events).blocking() == blocking


def test_a_failed_chatflow_is_a_failure_not_half_an_answer() -> None:
    failed = [{**event, **IDS} for event in workflow({}, status="failed", error="no pond")]
    with pytest.raises(AppFailed, match="no pond"):
        told(failed).blocking()


def test_a_paused_chatflow_says_so() -> None:
    paused = [{**workflow({})[0], **IDS}, CHAT[0], {"event": "workflow_paused", **IDS, "data": {}}]
    assert told(paused).blocking() == {
        **ANSWER,
        "event": "workflow_paused",
        "answer": "Qu",
        "mode": "advanced-chat",
        "metadata": {},
    }


def test_the_message_with_which_a_newer_agent_repeats_itself_is_not_added() -> None:
    closing = {"event": "message", **IDS, "answer": "Quack"}
    assert told([*AGENT[:3], closing, AGENT[4]]).text == "Quack"


def test_a_chatbot_may_say_the_same_twice() -> None:
    assert told([CHAT[0], CHAT[0]]).text == "QuQu"


@pytest.mark.parametrize(
    "replace",
    [
        {"event": "message_replace", **IDS, "answer": "Moo", "reason": "moderation"},
        {"event": "text_replace", **RUN, "data": {"text": "Moo"}},
    ],
)
def test_a_replaced_answer_stands_instead(replace: dict[str, Any]) -> None:
    transcript = told(CHAT[:2])
    assert transcript.add(replace) == ("Moo", True)
    assert transcript.text == "Moo"


@pytest.mark.parametrize("text", [None, 1, [], {}])
def test_text_that_is_none_adds_nothing(text: object) -> None:
    assert told([{"event": "message", "answer": text}, {"event": "text_chunk", "data": text}]).text == ""


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ({"text": "Quack"}, "Quack"),
        ({"n": 1}, '{\n  "n": 1\n}'),
        ({"a": "ä", "b": "c"}, '{\n  "a": "ä",\n  "b": "c"\n}'),
        ({}, ""),
        (None, ""),
        ("x", ""),
    ],
)
def test_outputs_as_text(outputs: object, text: str) -> None:
    assert outputs_text(outputs) == text


@pytest.mark.parametrize("status", [None, 1, [], ["failed"], {"failed": 1}])
def test_a_status_that_is_no_text_is_no_failure(status: object) -> None:
    assert failure_of({"event": "workflow_finished", "data": {"status": status}}) == ""
