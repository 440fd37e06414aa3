"""LINE: the reply token while it is good, then pushed messages."""

import time
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.endpoints.senders.conftest import SAID, Asked, OpenBot, ask_slowly, fitting
from workspace.senders.posting import compose
from workspace.testing import Workspace

PLACES: Mapping[str, Mapping[str, Any]] = {
    "person": {"place": "U" + "1" * 32},
    "group": {"place": "C" + "2" * 32},
    "room": {"place": "R" + "3" * 32},
}
PERSON = "U" + "b" * 32


@pytest.fixture(scope="module")
def slow(workspace: Workspace) -> Asked:
    return ask_slowly(workspace, "line", PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_a_slow_answer_arrives_whole_by_the_reply_token(slow: Asked, name: str) -> None:
    [message] = slow.answers(name)
    assert (message["text"], message["dialect"]) == (fitting("line", SAID)[0], "plain")


def test_it_costs_no_push(slow: Asked) -> None:
    assert [one["path"] for one in slow.bot.requests("/message/")] == ["/message/reply"] * len(PLACES)


def test_while_the_app_is_silent_a_person_sees_that_it_works(slow: Asked) -> None:
    # in groups LINE has no such sign
    assert [one["body"] for one in slow.bot.requests("/loading/")] == [
        {"chatId": PLACES["person"]["place"], "loadingSeconds": 30}
    ]
    assert slow.bot.api.status() == []


def test_a_question_that_came_late_is_answered_by_a_push(bot: OpenBot) -> None:
    duck = bot("line", "chat-2-0")
    delivery = compose("line", "quack", place=PERSON, now=time.time() - 26)
    answer = httpx.post(f"{duck.url}/chat", content=delivery.body, headers=dict(delivery.headers))
    assert answer.status_code == 200
    assert duck.outcome() == ("done", "")
    assert duck.said(PERSON) == ["tok0 tok1"]
    assert [one["path"] for one in duck.requests("/message/")] == ["/message/push"]


def test_a_reply_token_that_line_takes_no_more_is_followed_by_a_push(bot: OpenBot) -> None:
    duck = bot("line", "silent-1")
    posted = duck.ask("Do ducks quack?", place=PERSON)
    assert posted["handle"] == ""  # the stand-in tells nobody, so it is refused as a used one is
    used = {"what": "/message/reply", "times": 1, "status": 400, "body": {"message": "Invalid reply token"}}
    duck.api.faults(fail=used)
    assert duck.steps() == [("post", "next: 400 (the reply token is gone)"), ("post", "done: 200")]
    assert duck.said(PERSON) == ["late"]


def test_a_month_whose_messages_are_used_up_is_told_to_the_owner(bot: OpenBot) -> None:
    body = {"message": "You have reached your monthly limit."}
    fault = {"what": "/message/push", "times": 9, "status": 429, "body": body}
    duck = bot("line", "chat-2-0", faults={"fail": fault})
    delivery = compose("line", "quack", place=PERSON, now=time.time() - 26)
    httpx.post(f"{duck.url}/chat", content=delivery.body, headers=dict(delivery.headers))
    assert duck.outcome() == ("failed", "reply_failed")
    assert duck.steps() == [("post", "never: 429 (quota: this month's messages are used up)")]


def test_a_push_that_may_have_arrived_is_repeated_under_its_key(bot: OpenBot) -> None:
    duck = bot("line", "chat-2-0", faults={"accept_then_fail": {"what": "push"}})
    delivery = compose("line", "quack", now=time.time() - 26)
    httpx.post(f"{duck.url}/chat", content=delivery.body, headers=dict(delivery.headers))
    assert duck.outcome() == ("done", "")
    assert duck.steps()[-1] == ("post", "done: 409")
    assert duck.said() == ["tok0 tok1"]
