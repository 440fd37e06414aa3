"""Telegram: private chats and groups, each at its own pace."""

import time
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.endpoints.senders.conftest import SAID, Asked, OpenBot, ask_slowly, fitting
from workspace.senders.posting import compose
from workspace.testing import Workspace

PLACES: Mapping[str, Mapping[str, Any]] = {
    "private": {"place": "43", "user": "43"},
    "group": {"place": "-100200"},
    "topic": {"place": "-100300", "thread": "9"},
}


@pytest.fixture(scope="module")
def slow(workspace: Workspace) -> Asked:
    return ask_slowly(workspace, "telegram", PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_a_slow_answer_grows_and_arrives_whole(slow: Asked, name: str) -> None:
    [message] = slow.answers(name)
    assert (message["text"], message["dialect"]) == (fitting("telegram", SAID)[0], "html")
    assert message["thread"] == PLACES[name].get("thread", "")
    assert message["edits"] >= 1


@pytest.mark.parametrize("name", PLACES)
def test_in_a_group_the_answer_names_its_question(slow: Asked, name: str) -> None:
    chat = int(PLACES[name]["place"])
    [sent] = [one["body"] for one in slow.bot.requests("sendMessage") if one["body"]["chat_id"] == chat]
    question = {"message_id": int(slow.posted[name]["id"]), "allow_sending_without_reply": True}
    assert sent.get("reply_parameters") == (None if name == "private" else question)


@pytest.mark.parametrize("name", PLACES)
def test_while_the_app_is_silent_the_bot_types(slow: Asked, name: str) -> None:
    chat = int(PLACES[name]["place"])
    typing = [one["body"] for one in slow.bot.requests("sendChatAction") if one["body"]["chat_id"] == chat]
    thread = {"message_thread_id": 9} if name == "topic" else {}
    assert typing == [{"chat_id": chat, **thread, "action": "typing"}]


def test_what_telegram_can_not_parse_is_sent_without_any_formatting(bot: OpenBot) -> None:
    refused = "Bad Request: can't parse entities: Unsupported start tag"
    body = {"ok": False, "error_code": 400, "description": refused}
    duck = bot("telegram", "markdown", faults={"fail": {"what": "Message", "times": 1, "status": 400, "body": body}})
    duck.ask("Do ducks swim?")
    assert duck.outcome() == ("done", "")
    [message] = duck.messages()
    assert message["dialect"] == "plain"
    assert message["text"].startswith("Ducks\n\nDucks swim and quack.")
    assert "print('quack <b>')" in message["text"]
    assert duck.steps()[0] == ("post", "plain: 400 (the formatting is refused)")


def test_an_edited_message_is_answered_by_silence(bot: OpenBot) -> None:
    duck = bot("telegram", "parrot")
    delivery = compose("telegram", "quack")
    body = delivery.body.replace(b'"message":', b'"edited_message":', 1)
    answer = httpx.post(f"{duck.url}/chat", content=body, headers=dict(delivery.headers))
    assert (answer.status_code, answer.text) == (200, "")
    assert (duck.deliveries(), duck.runs(), duck.requests()) == ([], [], [])


def test_a_bots_message_is_answered_by_silence(bot: OpenBot) -> None:
    duck = bot("telegram", "parrot")
    delivery = compose("telegram", "quack", now=time.time())
    body = delivery.body.replace(b'"is_bot": false', b'"is_bot": true', 1)
    answer = httpx.post(f"{duck.url}/chat", content=body, headers=dict(delivery.headers))
    assert (answer.status_code, answer.text) == (200, "")
    assert (duck.deliveries(), duck.runs(), duck.requests()) == ([], [], [])
