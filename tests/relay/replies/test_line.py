from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from relay.outward import Request, Response
from relay.replies.channel import NoPlace, Outcome, Piece, Target, Verdict
from relay.replies.line import CHANNEL
from tests.relay.replies.hostile import HOSTILE

REPLY, PUSH = CHANNEL.rungs
CAME = 1_790_000_000.0
TARGET = Target(
    to={"to": "U1", "source": "user"},
    handle={"reply_token": "r1", "expires": CAME + 24},
    token="channel-token",
    delivery_id="0123456789abcdef0123456789abcdef",
    received=CAME,
)
BEARER = {"Authorization": "Bearer channel-token"}
PIECES = [Piece(text="quack"), Piece(text="quack again", number=1)]
MESSAGES = [{"type": "text", "text": "quack"}, {"type": "text", "text": "quack again"}]


def test_an_answer_goes_by_the_reply_token_and_never_twice() -> None:
    body = {"replyToken": "r1", "messages": MESSAGES}
    assert REPLY.post(TARGET, PIECES) == Request(what="post", path="/message/reply", headers=BEARER, body=body)


def test_a_later_answer_is_pushed_under_a_key_that_tells_a_repetition() -> None:
    request = PUSH.post(TARGET, PIECES)
    key = request.headers["X-Line-Retry-Key"]
    assert request == Request(
        what="post",
        path="/message/push",
        headers={**BEARER, "X-Line-Retry-Key": str(UUID(key))},
        body={"to": "U1", "messages": MESSAGES},
        repeatable=True,
    )
    assert PUSH.post(TARGET, PIECES) == request


def test_each_push_has_a_key_of_its_own() -> None:
    other = replace(TARGET, delivery_id="f" * 32)
    pushed = [(TARGET, PIECES), (TARGET, PIECES[1:]), (other, PIECES)]
    assert len({PUSH.post(target, pieces).headers["X-Line-Retry-Key"] for target, pieces in pushed}) == 3


@pytest.mark.parametrize(
    ("target", "now", "usable"),
    [
        (TARGET, CAME + 23, [True, True]),
        (TARGET, CAME + 24, [False, True]),
        (replace(TARGET, handle={"reply_token": "r1"}), CAME + 24, [True, True]),
        (replace(TARGET, handle={"reply_token": "r1"}), CAME + 25, [False, True]),
        (replace(TARGET, handle={}), CAME, [False, True]),
    ],
)
def test_the_reply_token_is_used_while_it_is_young(target: Target, now: float, usable: list[bool]) -> None:
    assert [rung.usable(target, now) for rung in CHANNEL.rungs] == usable


@pytest.mark.parametrize("value", HOSTILE)
def test_a_payload_leads_nowhere_else(value: Any) -> None:
    target = replace(TARGET, to={"to": value, "source": "user"})
    with pytest.raises(NoPlace):
        PUSH.post(target, PIECES)
    with pytest.raises(NoPlace):
        CHANNEL.sign(target)


def test_one_person_sees_that_the_app_thinks() -> None:
    body = {"chatId": "U1", "loadingSeconds": 30}
    request = Request(what="typing", path="/chat/loading/start", headers=BEARER, body=body, repeatable=True)
    assert CHANNEL.sign(TARGET) == request
    assert CHANNEL.sign(replace(TARGET, to={"to": "G1", "source": "group"})) is None
    assert CHANNEL.sign_every < 30


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (Response(status=200, body={"sentMessages": [{"id": "m1"}]}), Verdict(outcome=Outcome.DONE)),
        (Response(status=202, body={}), Verdict(outcome=Outcome.DONE)),
        (
            Response(status=409, body={"message": "The retry key is already accepted"}),
            Verdict(outcome=Outcome.DONE),
        ),
        (
            Response(status=400, body={"message": "Invalid reply token"}),
            Verdict(outcome=Outcome.NEXT, reason="the reply token is gone"),
        ),
        (
            Response(status=400, body={"message": "The request body has 1 error(s)"}),
            Verdict(outcome=Outcome.NEVER, reason="the API refused it (400)"),
        ),
        (
            Response(status=429, body={"message": "You have reached your monthly limit."}),
            Verdict(outcome=Outcome.NEVER, reason="quota: this month's messages are used up"),
        ),
        (
            Response(status=429, body={"message": "The API rate limit has been exceeded. Try again later."}),
            Verdict(outcome=Outcome.AGAIN, reason="asked to slow down (429)"),
        ),
        (Response(status=401), Verdict(outcome=Outcome.NEVER, reason="bot_token is refused (401)")),
        (Response(status=403), Verdict(outcome=Outcome.NEVER, reason="the bot may not write there (403)")),
        (Response(status=500, body=["<html>"]), Verdict(outcome=Outcome.AGAIN, reason="the API failed (500)")),
        (Response(status=302), Verdict(outcome=Outcome.NEVER, reason="the API refused it (302)")),
    ],
)
def test_what_a_response_means(response: Response, verdict: Verdict) -> None:
    assert CHANNEL.judge(Request(what="post"), response) == verdict


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"sentMessages": [{"id": "m1"}, {"id": "m2"}]}, "m2"),
        ({"sentMessages": []}, ""),
        ({"sentMessages": ["m1"]}, ""),
        (None, ""),
    ],
)
def test_what_was_sent_is_known_by_its_last_message(body: Any, message: str) -> None:
    assert [rung.posted(Response(status=200, body=body)) for rung in CHANNEL.rungs] == [message, message]


def test_the_token_can_be_tried() -> None:
    request = Request(what="check", method="GET", path="/info", headers=BEARER, repeatable=True)
    assert CHANNEL.check(TARGET) == request
    assert CHANNEL.needs(TARGET) == ""
    assert CHANNEL.checked(Response(status=200, body={"userId": "U0"})) == ""
    assert CHANNEL.checked(Response(status=401)) == "bot_token is refused (401)"
    without = replace(TARGET, token="")
    assert (CHANNEL.needs(without), CHANNEL.check(without)) == ("bot_token is not set", None)
