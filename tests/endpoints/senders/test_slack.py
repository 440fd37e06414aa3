"""Slack: mentions, direct messages, threads and slash commands are answered where they stand."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.endpoints.senders.conftest import SAID, Asked, ask_slowly, fitting
from workspace.testing import Workspace

BEGUN = "1790000000.000100"  # where a thread begins
PLACES: Mapping[str, Mapping[str, Any]] = {
    "mention": {"place": "C0MENTION"},
    "thread": {"place": "C0THREAD", "thread": BEGUN},
    "direct": {"place": "D0DIRECT"},
    "direct thread": {"place": "D0THREAD", "thread": BEGUN},
    "command": {"place": "C0COMMAND", "kind": "command"},
}


@pytest.fixture(scope="module")
def slow(workspace: Workspace) -> Asked:
    return ask_slowly(workspace, "slack", PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_a_slow_answer_grows_and_arrives_whole_where_the_question_stands(slow: Asked, name: str) -> None:
    [message] = slow.answers(name)
    by_hook = name == "command"
    # a mention begins a thread; in a direct message nobody looks for answers in threads
    thread = slow.posted[name]["id"] if name == "mention" else PLACES[name].get("thread", "")
    assert {key: message[key] for key in ("text", "thread", "dialect", "ephemeral", "streaming")} == {
        "text": fitting("slack", SAID, rung=3 if by_hook else 0)[0],
        "thread": thread,
        "dialect": "mrkdwn" if by_hook else "markdown",
        "ephemeral": by_hook,
        "streaming": False,
    }
    assert message["edits"] >= (1 if by_hook else 2)


@pytest.mark.parametrize("name", ["mention", "thread", "direct", "direct thread"])
def test_while_the_app_is_silent_the_thread_says_that_it_thinks(slow: Asked, name: str) -> None:
    place = PLACES[name]["place"]
    asked = [request["body"] for request in slow.bot.requests("setStatus") if request["body"]["channel_id"] == place]
    thread = PLACES[name].get("thread") or slow.posted[name]["id"]
    begun = {"channel_id": place, "thread_ts": thread, "status": "is thinking…"}
    # a message in the thread ends it by itself
    assert asked == [begun, *([{**begun, "status": ""}] if name == "direct" else [])]
    assert slow.bot.api.status(place) == []


def test_a_command_is_told_at_once_that_the_app_thinks(slow: Asked) -> None:
    texts = [request["body"]["text"] for request in slow.bot.requests("/commands/")]
    assert texts[0] == "_The app is thinking…_"
    assert texts[-1] == fitting("slack", SAID, rung=3)[0]
    assert len(texts) <= 5


def test_nothing_is_sent_that_slack_does_not_know(slow: Asked) -> None:
    requests = slow.bot.requests()
    assert {(request["status"], tuple(request["ignored"])) for request in requests} == {(200, ())}
    assert {
        request["answer"] if isinstance(request["answer"], str) else request["answer"]["ok"] for request in requests
    } == {"ok", True}
