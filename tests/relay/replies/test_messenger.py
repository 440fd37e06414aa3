from dataclasses import replace
from typing import Any

import pytest

from relay.outward import Request, Response
from relay.replies.channel import NoPlace, Outcome, Piece, Target, Verdict
from relay.replies.messenger import CHANNEL
from tests.relay.replies.hostile import HOSTILE

(RUNG,) = CHANNEL.rungs
TARGET = Target(to={"channel": "messenger", "person": "7421"}, token="page-token")
BEARER = {"Authorization": "Bearer page-token"}
POST = RUNG.post(TARGET, [Piece(text="quack")])


def test_an_answer_is_a_response_to_the_person() -> None:
    body = {"recipient": {"id": "7421"}, "messaging_type": "RESPONSE", "message": {"text": "quack"}}
    assert Request(what="post", path="/me/messages", headers=BEARER, body=body) == POST


def test_the_person_sees_that_somebody_writes() -> None:
    body = {"recipient": {"id": "7421"}, "sender_action": "typing_on"}
    request = Request(what="typing", path="/me/messages", headers=BEARER, body=body, repeatable=True)
    assert CHANNEL.sign(TARGET) == request
    assert CHANNEL.sign_every == 10


@pytest.mark.parametrize("value", HOSTILE)
def test_nobody_else_is_written_to(value: Any) -> None:
    with pytest.raises(NoPlace):
        RUNG.post(replace(TARGET, to={"channel": "messenger", "person": value}), [Piece(text="quack")])


def test_a_message_keeps_messengers_limits_and_is_never_edited() -> None:
    assert (RUNG.limit, RUNG.measure("🦆"), RUNG.edit) == (2000, 2, None)


def test_what_was_posted_is_known_by_its_id() -> None:
    assert RUNG.posted(Response(status=200, body={"recipient_id": "7421", "message_id": "m_2"})) == "m_2"


def error(code: int, status: int = 400, **more: Any) -> Response:
    return Response(status=status, body={"error": {"message": "secret words", "code": code, **more}})


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (Response(status=200, body={"message_id": "m_2"}), Verdict(outcome=Outcome.DONE)),
        (error(613), Verdict(outcome=Outcome.AGAIN, reason="too many calls (613)")),
        (error(4), Verdict(outcome=Outcome.AGAIN, reason="too many calls of the app (4)")),
        (error(32), Verdict(outcome=Outcome.AGAIN, reason="too many calls of the page (32)")),
        (Response(status=502, body="<html>"), Verdict(outcome=Outcome.AGAIN, reason="the API failed (502)")),
        (
            error(10, 403, error_subcode=2018278),
            Verdict(outcome=Outcome.NEVER, reason="the person's last message is more than 24 hours old (10)"),
        ),
        (error(10, 403), Verdict(outcome=Outcome.NEVER, reason="the token lacks a permission (10)")),
        (error(551), Verdict(outcome=Outcome.NEVER, reason="this person can't be written to now (551)")),
        (error(190, 401), Verdict(outcome=Outcome.NEVER, reason="bot_token is wrong or has expired (190)")),
    ],
)
def test_an_error_is_known_by_its_number(response: Response, verdict: Verdict) -> None:
    assert CHANNEL.judge(POST, response) == verdict


def test_a_token_is_needed_and_can_be_tried() -> None:
    assert (CHANNEL.needs(TARGET), CHANNEL.needs(replace(TARGET, token=""))) == ("", "bot_token is not set")
    request = Request(what="check", method="GET", path="/me?fields=id", headers=BEARER, repeatable=True)
    assert CHANNEL.check(TARGET) == request
    assert CHANNEL.checked(Response(status=200, body={"id": "1"})) == ""
    assert CHANNEL.checked(error(190, 401)) == "bot_token is wrong or has expired (190)"
