"""What the stand-in of WhatsApp and Messenger takes and refuses."""

from typing import Any

import pytest

from tests.workspace.senders.conftest import NOW, Call, Clock, caller
from workspace.senders.meta import PAGE, PHONE, Meta
from workspace.senders.standin import Answer

WHATSAPP = {"messaging_product": "whatsapp", "to": "49151", "type": "text", "text": {"body": "Quack"}}
MESSENGER = {"recipient": {"id": "42"}, "messaging_type": "RESPONSE", "message": {"text": "Quack"}}


@pytest.fixture
def meta(clock: Clock) -> Meta:
    return Meta(clock)


@pytest.fixture
def call(meta: Meta) -> Call:
    return caller(meta, authorization="Bearer EAAquack")


def whatsapp(call: Call, **body: Any) -> Answer:
    return call(f"POST /v25.0/{PHONE}/messages", {**WHATSAPP, **body})


def messenger(call: Call, **body: Any) -> Answer:
    return call("POST /me/messages", {**MESSENGER, **body})


def code(answer: Answer) -> int:
    return int((answer.body or {}).get("error", {}).get("code", 0))


def test_both_take_a_text_and_show_that_it_is_written(call: Call, meta: Meta) -> None:
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"}
    assert call(f"POST /{PHONE}/messages", {**read, "typing_indicator": {"type": "text"}}).body == {"success": True}
    assert messenger(call, message=None, sender_action="typing_on").body == {"recipient_id": "42"}
    assert [status.text for status in meta.chat.alive(NOW)] == ["typing…"] * 2
    assert whatsapp(call, context={"message_id": "wamid.1"}).body["contacts"] == [
        {"input": "49151", "wa_id": "49151"}
    ]
    assert messenger(call).body["recipient_id"] == "42"
    assert list(meta.chat.alive(NOW)) == []
    assert [(m.place, m.text, m.dialect) for m in meta.chat.messages] == [
        ("49151", "Quack", "whatsapp"),
        ("42", "Quack", "plain"),
    ]
    assert call("GET /me", query="fields=id").body["id"] == PAGE


@pytest.mark.parametrize(
    "body",
    [
        {"text": {"body": "x" * 4097}},
        {"text": {"body": ""}},
        {"text": {"body": "x", "colour": "red"}},
        {"colour": "red"},
        {"to": "ada"},
        {"messaging_product": "telegram"},
        {"text": None},
    ],
)
def test_whatsapp_refuses_what_it_does_not_know(call: Call, body: dict[str, Any]) -> None:
    assert (whatsapp(call, **body).status, code(whatsapp(call, **body))) == (400, 100)


@pytest.mark.parametrize(
    "body",
    [
        {"message": {"text": "x" * 2001}},
        {"message": {"text": ""}},
        {"message": None},
        {"messaging_type": None},
        {"recipient": {"id": "ada"}},
        {"sender_action": "typing_on"},
    ],
)
def test_messenger_refuses_what_it_can_not_send(call: Call, body: dict[str, Any]) -> None:
    assert (messenger(call, **body).status, code(messenger(call, **body))) == (400, 100)


def test_tokens_and_accounts_have_to_be_the_right_ones(call: Call, meta: Meta) -> None:
    expired = caller(meta, authorization="Bearer EAAexpired")("GET /me")
    assert (expired.status, expired.body["error"]["error_subcode"]) == (401, 463)
    assert code(caller(meta)("GET /me")) == 190
    assert caller(meta)("GET /me", query="access_token=EAAquack").status == 200
    strange = call("POST /1/messages", WHATSAPP)
    assert (code(strange), strange.body["error"]["error_subcode"]) == (100, 33)


def test_a_person_gets_a_message_in_six_seconds_where_rates_are_kept(call: Call, meta: Meta, clock: Clock) -> None:
    meta.faults.rates = True
    assert [code(whatsapp(call)) for _ in range(2)] == [0, 131056]
    clock.now += 6
    assert code(whatsapp(call)) == 0


def test_a_person_who_is_gone_gets_nothing(call: Call, meta: Meta) -> None:
    meta.faults.channel_gone = True
    assert (code(whatsapp(call)), code(messenger(call))) == (131026, 551)
