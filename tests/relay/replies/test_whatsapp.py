from dataclasses import replace
from typing import Any

import pytest

from relay.outward import Request, Response
from relay.replies.channel import NoPlace, Outcome, Piece, Target, Verdict
from relay.replies.whatsapp import CHANNEL
from tests.relay.replies.hostile import HOSTILE

(RUNG,) = CHANNEL.rungs
TARGET = Target(
    to={
        "channel": "whatsapp",
        "phone_number_id": "106540352242922",
        "person": "4915112345678",
        "message_id": "wamid.1",
    },
    token="system-token",
)
PATH = "/106540352242922/messages"
BEARER = {"Authorization": "Bearer system-token"}
MESSAGE = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "4915112345678", "type": "text"}
POST = RUNG.post(TARGET, [Piece(text="quack")])


def test_the_first_piece_quotes_the_question_and_the_others_follow() -> None:
    first, second = (RUNG.post(TARGET, [Piece(text="quack", number=number)]) for number in (0, 1))
    said = {**MESSAGE, "text": {"body": "quack", "preview_url": False}}
    quoting = {**said, "context": {"message_id": "wamid.1"}}
    assert first == Request(what="post", path=PATH, headers=BEARER, body=quoting)
    assert second == Request(what="post", path=PATH, headers=BEARER, body=said)


def test_the_person_sees_that_the_message_was_read_and_is_answered() -> None:
    body = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.1",
        "typing_indicator": {"type": "text"},
    }
    assert CHANNEL.sign(TARGET) == Request(what="typing", path=PATH, headers=BEARER, body=body, repeatable=True)
    assert CHANNEL.sign_every < 25


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["phone_number_id", "person"])
def test_a_payload_leads_nowhere_else(name: str, value: Any) -> None:
    with pytest.raises(NoPlace):
        RUNG.post(replace(TARGET, to={**TARGET.to, name: value}), [Piece(text="quack")])


def test_a_message_keeps_whatsapps_limits_and_is_never_edited() -> None:
    assert (RUNG.limit, RUNG.measure("🦆"), RUNG.gap, RUNG.edit) == (4096, 2, 6.0, None)


def test_what_was_posted_is_known_by_its_id() -> None:
    said = {"messaging_product": "whatsapp", "messages": [{"id": "wamid.2"}]}
    assert RUNG.posted(Response(status=200, body=said)) == "wamid.2"
    assert RUNG.posted(Response(status=200, body=["wamid.2"])) == ""


def error(code: Any, status: int = 400, **more: Any) -> Response:
    return Response(status=status, body={"error": {"message": "secret words", "code": code, **more}})


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (Response(status=200, body={"messages": [{"id": "wamid.2"}]}), Verdict(outcome=Outcome.DONE)),
        (error(130429), Verdict(outcome=Outcome.AGAIN, reason="too many messages at once (130429)")),
        (error(131056), Verdict(outcome=Outcome.AGAIN, after=6, reason="too many messages to this person (131056)")),
        (error(131000, 500), Verdict(outcome=Outcome.AGAIN, reason="WhatsApp has trouble of its own (131000)")),
        (error(4), Verdict(outcome=Outcome.AGAIN, reason="too many calls of the app (4)")),
        (
            error(131047),
            Verdict(outcome=Outcome.NEVER, reason="the person's last message is more than 24 hours old (131047)"),
        ),
        (
            error(131026),
            Verdict(outcome=Outcome.NEVER, reason="the message can't be delivered to this person (131026)"),
        ),
        (error(190, 401), Verdict(outcome=Outcome.NEVER, reason="bot_token is wrong or has expired (190)")),
        (error(100), Verdict(outcome=Outcome.NEVER, reason="Meta does not take the message (100)")),
        (
            error(100, error_subcode=33),
            Verdict(outcome=Outcome.NEVER, reason="the token does not reach this account (100)"),
        ),
        (error(999), Verdict(outcome=Outcome.NEVER, reason="the API refused it (400, 999)")),
        (error("secret words"), Verdict(outcome=Outcome.NEVER, reason="the API refused it (400)")),
        (error(999, 200), Verdict(outcome=Outcome.NEVER, reason="Meta answered with an error (999)")),
        (error("?", 200), Verdict(outcome=Outcome.NEVER, reason="Meta answered with an error (200)")),
        (Response(status=500, body=None), Verdict(outcome=Outcome.AGAIN, reason="the API failed (500)")),
        (
            Response(status=503, headers={"retry-after": "7"}, body="busy"),
            Verdict(outcome=Outcome.AGAIN, after=7, reason="the API failed (503)"),
        ),
        (
            Response(status=504),
            Verdict(outcome=Outcome.NEVER, reason="it is not known whether it arrived (504)"),
        ),
        (Response(status=404, body=[1]), Verdict(outcome=Outcome.NEVER, reason="the API refused it (404)")),
    ],
)
def test_an_error_is_known_by_its_number(response: Response, verdict: Verdict) -> None:
    assert CHANNEL.judge(POST, response) == verdict


def test_a_sign_of_life_may_be_given_twice() -> None:
    sign = CHANNEL.sign(TARGET)
    assert sign is not None
    assert CHANNEL.judge(sign, Response(status=504)).outcome is Outcome.AGAIN


def test_a_token_is_needed_and_can_only_be_tried_with_a_message() -> None:
    assert (CHANNEL.needs(TARGET), CHANNEL.needs(replace(TARGET, token=""))) == ("", "bot_token is not set")
    assert CHANNEL.check(TARGET) is None


def test_the_token_is_in_no_repr() -> None:
    assert "system-token" not in repr((TARGET, POST))
