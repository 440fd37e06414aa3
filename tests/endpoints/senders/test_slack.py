"""Slack: mentions, direct messages, threads and slash commands are answered where they stand."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.endpoints.senders.conftest import SAID, Asked, OpenBot, ask_slowly, fitting
from workspace.testing import Workspace, until

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
    assert message["edits"] >= 1


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


@pytest.mark.parametrize(
    ("code", "outcome", "steps"),
    [
        (
            "internal_error",
            ("done", ""),
            [("start", "again: 200 (Slack has trouble of its own (internal_error))"), ("start", "done: 200")],
        ),
        (
            "is_archived",
            ("failed", "reply_failed"),
            [("start", "never: 200 (the channel is archived (is_archived))")],
        ),
        (
            "missing_scope",
            ("done", ""),
            [("start", "next: 200 (bot_token lacks the scope chat:write (missing_scope))"), ("post", "done: 200")],
        ),
        (
            "a_new_error",
            ("done", ""),
            [("start", "next: 200 (Slack refused it (a_new_error))"), ("post", "done: 200")],
        ),
    ],
)
def test_slacks_errors_come_with_a_status_of_200(
    bot: OpenBot, code: str, outcome: tuple[str, str], steps: list[tuple[str, str]]
) -> None:
    body = {"ok": False, "error": code}
    duck = bot("slack", "chat-12-200", faults={"fail": {"what": "startStream", "status": 200, "body": body}})
    duck.ask("Do ducks quack?")
    assert duck.outcome() == outcome
    assert duck.steps()[: len(steps)] == steps


def test_where_slack_streams_nothing_a_message_is_edited(bot: OpenBot) -> None:
    body = {"ok": False, "error": "unknown_method"}
    duck = bot("slack", "chat-20-200", faults={"fail": {"what": "startStream", "status": 200, "body": body}})
    duck.ask("Do ducks quack?")
    assert duck.outcome() == ("done", "")
    [message] = duck.messages()
    assert message["text"] == "".join(f" tok{number}" for number in range(20))
    assert message["edits"] >= 1
    assert {what for what, _ in duck.steps()} == {"start", "post", "edit"}


def test_a_stream_that_slack_has_ended_becomes_a_message_that_is_edited(bot: OpenBot) -> None:
    duck = bot("slack", "chat-12-200")
    duck.ask("Do ducks quack?")
    until(duck.messages)
    duck.api.faults(stream_expired=True)
    assert duck.outcome() == ("done", "")
    [message] = duck.messages()
    assert message["text"] == "".join(f" tok{number}" for number in range(12))


def test_an_addition_that_may_have_arrived_is_not_added_twice(bot: OpenBot) -> None:
    duck = bot("slack", "chat-12-200", faults={"accept_then_fail": {"what": "appendStream"}})
    duck.ask("Do ducks quack?")
    assert duck.outcome() == ("done", "")
    [message] = duck.messages()
    assert message["text"] == "".join(f" tok{number}" for number in range(12))


def test_a_commands_address_that_is_used_up(bot: OpenBot) -> None:
    duck = bot("slack", "silent-2")
    handle = duck.ask("Do ducks quack?", kind="command", place="C0USED")["handle"]
    until(lambda: duck.requests(handle))
    address = duck.requests(handle)[0]["path"]
    answers = [httpx.post(f"{duck.api.base}{address}", json={"text": f"{number}"}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert duck.outcome() == ("failed", "reply_failed")
    assert duck.steps()[-1] == ("edit", "never: 404 (the command's address is used up (404))")
    duck.workspace.line(f"{duck.ended()[0]['delivery_id']}/run 200")
    assert handle not in duck.shown(duck.ended()[0]["delivery_id"])
