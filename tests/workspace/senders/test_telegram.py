"""What Telegram's stand-in takes and refuses."""

from typing import Any

import pytest

from tests.workspace.senders.conftest import NOW, Call, Clock, caller
from workspace.senders.standin import Answer
from workspace.senders.telegram import Telegram


@pytest.fixture
def telegram(clock: Clock) -> Telegram:
    return Telegram(clock)


@pytest.fixture
def call(telegram: Telegram) -> Call:
    call = caller(telegram)

    def method(name: str, **body: Any) -> Answer:
        return call(f"POST /bot{telegram.token}/{name}", body)

    return method


def told(answer: Answer) -> str:
    return str(answer.body.get("description", "none"))


def test_a_message_is_sent_and_edited(call: Call, telegram: Telegram) -> None:
    assert call("getMe").body["result"]["username"] == "quack_bot"
    call("sendChatAction", chat_id=42, action="typing")
    assert [status.text for status in telegram.chat.alive(NOW + 4)] == ["typing…"]
    sent = call("sendMessage", chat_id=42, text="<b>Qu</b>", parse_mode="HTML").body["result"]
    assert (sent["text"], list(telegram.chat.alive(NOW))) == ("Qu", [])
    edit = {"chat_id": 42, "message_id": sent["message_id"], "text": "Quack"}
    assert told(call("editMessageText", **edit)) == "none"
    assert told(call("editMessageText", **edit)).startswith("Bad Request: message is not modified")
    assert told(call("editMessageText", **edit | {"chat_id": 43})) == "Bad Request: message to edit not found"
    assert [(message.text, message.dialect) for message in telegram.chat.messages] == [("Quack", "plain")]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n"}, "message text is empty"),
        ({}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "🦆" * 2049}, "message is too long"),
        ({"text": "&lt;" * 4097, "parse_mode": "HTML"}, "message is too long"),
        ({"text": "<b>x", "parse_mode": "HTML"}, "can't parse entities: "),
        ({"text": "<b><i>x</b></i>", "parse_mode": "HTML"}, "can't parse entities: "),
        ({"text": "<h1>x</h1>", "parse_mode": "HTML"}, "can't parse entities: "),
        ({"text": "1 < 2", "parse_mode": "HTML"}, "can't parse entities: "),
        ({"text": "<!-- x -->", "parse_mode": "HTML"}, "can't parse entities: "),
        ({"text": "x", "reply_parameters": {"message_id": 9_999_999}}, "message to be replied not found"),
        ({"text": "x", "chat_id": 0}, "chat not found"),
    ],
)
def test_what_telegram_refuses_it_refuses(call: Call, body: dict[str, Any], error: str) -> None:
    assert told(call("sendMessage", **{"chat_id": 42, **body})).startswith(f"Bad Request: {error}")


def test_entities_do_not_count(call: Call) -> None:
    text = f'<a href="https://pond.example/{"x" * 5000}">{"&lt;" * 4096}</a>'
    assert told(call("sendMessage", chat_id=42, text=text, parse_mode="HTML")) == "none"


def test_a_draft_is_seen_in_a_private_chat_until_the_message_comes(
    call: Call, telegram: Telegram, clock: Clock
) -> None:
    draft = {"chat_id": 42, "draft_id": 1}
    assert told(call("sendMessageDraft", **draft, text="")) == "none"
    call("sendMessageDraft", **draft, text="Qu")
    assert [(m["text"], m["streaming"]) for m in telegram.dump()["messages"]] == [("Qu", True)]
    call("sendMessage", chat_id=42, text="Quack")
    assert [(m["text"], m["streaming"]) for m in telegram.dump()["messages"]] == [("Quack", False)]
    call("sendMessageDraft", **draft, text="Qu")
    clock.now += 31
    assert [message["text"] for message in telegram.dump()["messages"]] == ["Quack"]
    assert told(call("sendMessageDraft", chat_id=-100, draft_id=1, text="x")) != "none"
    assert told(call("sendMessageDraft", chat_id=42, draft_id=0, text="x")) != "none"


def test_a_group_takes_twenty_messages_a_minute_where_rates_are_kept(
    call: Call, telegram: Telegram, clock: Clock
) -> None:
    telegram.faults.rates = True
    for _ in range(20):
        clock.now += 1
        assert call("sendMessage", chat_id=-100, text="x").status == 200
    clock.now += 1
    assert call("sendMessage", chat_id=-100, text="x").body["parameters"] == {"retry_after": 60}


def test_the_token_stands_in_the_address_and_not_in_the_record(telegram: Telegram) -> None:
    call = caller(telegram)
    assert call(f"POST /bot{telegram.token}/getMe").status == 200
    assert call(f"POST /bot{telegram.expired}/getMe").status == 401
    assert call(f"POST /bot{telegram.token}/poke").status == 404
    assert [exchange.path for exchange in telegram.exchanges][::2] == ["/bot…/getMe", "/bot…/poke"]
