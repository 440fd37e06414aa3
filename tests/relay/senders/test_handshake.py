import json
from http import HTTPStatus
from typing import Any

import pytest

from relay.senders import SCHEMES, Delivery, Reply, SignatureError, handshake, verify
from tests.relay.senders.senders import JSON, NOW, SENDERS

TOKENS = ("first-words", "other-words")
SUBSCRIBE = {"hub.mode": "subscribe", "hub.verify_token": "other-words", "hub.challenge": "1158201444"}


def posted(payload: Any, **headers: str) -> Delivery:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery(headers={**JSON, **named}, body=json.dumps(payload).encode())


def asked(**query: str) -> Delivery:
    return Delivery(query=query)


def json_reply(body: bytes) -> Reply:
    return Reply(media_type="application/json", body=body)


SIGNED: dict[str, tuple[str, Delivery, Reply]] = {
    "slack": (
        "slack",
        posted({"token": "old", "challenge": "3eZbrw1a", "type": "url_verification"}),
        json_reply(b'{"challenge":"3eZbrw1a"}'),
    ),
    "discord, interaction": ("discord", posted({"id": "1", "type": 1, "version": 1}), json_reply(b'{"type":1}')),
    "discord, webhook event": (
        "discord",
        posted({"version": 1, "application_id": "1", "type": 0}),
        Reply(status=HTTPStatus.NO_CONTENT),
    ),
    "line": ("line", posted({"destination": "U1", "events": []}), Reply()),
    "github": ("github", posted({"zen": "Keep it.", "hook_id": 1}, x_github_event="ping"), Reply(body=b"pong")),
}


@pytest.mark.parametrize(("name", "delivery", "reply"), SIGNED.values(), ids=SIGNED)
def test_a_signed_handshake_is_answered_after_the_check_only(name: str, delivery: Delivery, reply: Reply) -> None:
    scheme, sender = SCHEMES[name], SENDERS[name]
    assert handshake.answer(delivery, scheme, signed=False, verify_tokens=TOKENS) is None
    with pytest.raises(SignatureError):
        verify(delivery, scheme, sender.secrets, NOW)
    signed = sender.deliver(body=delivery.body)
    signed = Delivery(headers={**signed.headers, **delivery.headers}, body=signed.body)
    verify(signed, scheme, sender.secrets, NOW)
    assert handshake.answer(signed, scheme, signed=True) == reply


def test_meta_hears_its_challenge_from_whoever_knows_the_verify_token() -> None:
    reply = handshake.answer(asked(**SUBSCRIBE), SCHEMES["meta"], signed=False, verify_tokens=TOKENS)
    assert reply == Reply(body=b"1158201444")


@pytest.mark.parametrize(
    ("token", "tokens", "reason"),
    [
        ("wrong", TOKENS, "hub.verify_token is not the one that is set"),
        ("", TOKENS, "hub.verify_token is not the one that is set"),
        ("ü\ud83d", TOKENS, "hub.verify_token is not the one that is set"),
        ("", (), "no verify token is set"),
        ("", ("",), "no verify token is set"),
        (" ", (" ",), "no verify token is set"),
    ],
)
def test_meta_is_refused_with_another_verify_token(token: str, tokens: tuple[str, ...], reason: str) -> None:
    delivery = asked(**{**SUBSCRIBE, "hub.verify_token": token})
    with pytest.raises(SignatureError) as caught:
        handshake.answer(delivery, SCHEMES["meta"], signed=False, verify_tokens=tokens)
    assert (caught.value.reason, caught.value.status) == (reason, 401)


def test_graph_hears_its_token_as_plain_text() -> None:
    reply = handshake.answer(
        asked(validationToken="Validation: <b>1 & ü</b>"), SCHEMES["microsoft-graph"], signed=False
    )
    assert reply == Reply(media_type="text/plain; charset=utf-8", body="Validation: <b>1 & ü</b>".encode())


@pytest.mark.parametrize(
    ("name", "delivery"),
    [
        ("slack", posted({"type": "event_callback", "challenge": "x"})),
        ("discord", posted({"type": 2})),
        ("discord", posted({"version": 1, "type": 1, "event": {"type": "ENTITLEMENT_CREATE"}})),
        ("line", posted({"events": [{}]})),
        ("line", posted({})),
        ("github", posted({}, x_github_event="issues")),
        ("meta", posted({"entry": []})),
        ("microsoft-graph", posted({"value": []})),
        *((name, posted({"type": "url_verification", "challenge": "x"})) for name in SCHEMES if name != "slack"),
        *((name, asked(validationToken="x")) for name in SCHEMES if name != "microsoft-graph"),
        *((name, asked(**SUBSCRIBE)) for name in SCHEMES if name != "meta"),
    ],
)
def test_anything_else_is_no_handshake(name: str, delivery: Delivery) -> None:
    for signed in (False, True):
        assert handshake.answer(delivery, SCHEMES[name], signed=signed, verify_tokens=TOKENS) is None
