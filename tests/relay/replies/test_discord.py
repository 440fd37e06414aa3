from dataclasses import replace
from typing import Any

import pytest

from relay.outward import Request, Response
from relay.replies.channel import NoPlace, Outcome, Piece, Target, Verdict
from relay.replies.discord import CHANNEL
from tests.relay.replies.hostile import HOSTILE

INTERACTION, FOLLOWUP, BOT = CHANNEL.rungs
CAME = 1_790_000_000.0
TARGET = Target(
    to={"application_id": "11", "channel_id": "22", "guild_id": "33"},
    handle={"token": "aW50ZXJhY3Rpb24-_x"},
    token="bot.token",
    delivery_id="0123456789abcdef0123456789abcdef",
    received=CAME,
)
FIRST, SECOND = Piece(text="@everyone quack"), Piece(text="quack", number=1)


def says(text: str) -> dict[str, Any]:
    return {"content": text, "allowed_mentions": {"parse": []}}


def test_the_first_piece_stands_where_the_app_was_seen_to_think() -> None:
    path = "/webhooks/11/aW50ZXJhY3Rpb24-_x/messages/@original"
    request = Request(what="post", method="PATCH", path=path, body=says("@everyone quack"), repeatable=True)
    assert INTERACTION.post(TARGET, [FIRST]) == request
    assert INTERACTION.edit
    assert INTERACTION.edit(TARGET, "99", FIRST) == replace(request, what="edit")


def test_further_pieces_are_messages_of_their_own() -> None:
    path = "/webhooks/11/aW50ZXJhY3Rpb24-_x"
    assert INTERACTION.post(TARGET, [SECOND]) == Request(what="post", path=path, body=says("quack"))
    assert INTERACTION.edit
    assert INTERACTION.edit(TARGET, "99", SECOND) == Request(
        what="edit", method="PATCH", path=f"{path}/messages/99", body=says("quack"), repeatable=True
    )


def test_where_the_growing_message_is_gone_the_rest_follows_in_new_ones() -> None:
    request = Request(what="post", path="/webhooks/11/aW50ZXJhY3Rpb24-_x", body=says("@everyone quack"))
    assert FOLLOWUP.post(TARGET, [FIRST]) == request
    assert FOLLOWUP.edit is None


def test_the_bot_writes_once_what_it_tries_twice() -> None:
    assert BOT.post(TARGET, [SECOND]) == Request(
        what="post",
        path="/channels/22/messages",
        headers={"Authorization": "Bot bot.token"},
        body={**says("quack"), "nonce": "0123456789abcdef0123-1", "enforce_nonce": True},
        repeatable=True,
    )
    assert BOT.edit
    assert BOT.edit(TARGET, "99", SECOND) == Request(
        what="edit",
        method="PATCH",
        path="/channels/22/messages/99",
        headers={"Authorization": "Bot bot.token"},
        body=says("quack"),
        repeatable=True,
    )


def test_a_nonce_is_short_enough_however_many_pieces_there_are() -> None:
    body = BOT.post(TARGET, [Piece(text="quack", number=9999)]).body
    assert body
    assert len(body["nonce"]) == 25


@pytest.mark.parametrize(
    ("target", "now", "usable"),
    [
        (TARGET, CAME, [True, True, True]),
        (TARGET, CAME + 839, [True, True, True]),
        (TARGET, CAME + 840, [False, False, True]),
        (replace(TARGET, handle={}), CAME, [False, False, True]),
        (replace(TARGET, token=""), CAME, [True, True, False]),
        (replace(TARGET, token=""), CAME + 900, [False, False, False]),
    ],
)
def test_the_interactions_token_is_used_while_it_is_good(target: Target, now: float, usable: list[bool]) -> None:
    assert [rung.usable(target, now) for rung in CHANNEL.rungs] == usable


@pytest.mark.parametrize("value", HOSTILE)
def test_a_payload_leads_nowhere_else(value: Any) -> None:
    elsewhere = [
        (INTERACTION, replace(TARGET, to={**TARGET.to, "application_id": value})),
        (INTERACTION, replace(TARGET, handle={"token": value})),
        (BOT, replace(TARGET, to={**TARGET.to, "channel_id": value})),
    ]
    for rung, target in elsewhere:
        for piece in (FIRST, SECOND):
            with pytest.raises(NoPlace):
                rung.post(target, [piece])


@pytest.mark.parametrize("value", HOSTILE)
def test_an_answer_of_the_api_leads_nowhere_else(value: Any) -> None:
    message = INTERACTION.posted(Response(status=200, body={"id": value}))
    for rung in (INTERACTION, BOT):
        assert rung.edit
        with pytest.raises(NoPlace):
            rung.edit(TARGET, message, SECOND)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (Response(status=200, body={"id": "99"}), Verdict(outcome=Outcome.DONE)),
        (Response(status=204), Verdict(outcome=Outcome.DONE)),
        (
            Response(status=429, body={"message": "slow", "retry_after": 1.337, "global": False}),
            Verdict(outcome=Outcome.AGAIN, after=1.337, reason="asked to slow down (429)"),
        ),
        (
            Response(status=429, headers={"retry-after": "65"}, body={"retry_after": True}),
            Verdict(outcome=Outcome.AGAIN, after=65.0, reason="asked to slow down (429)"),
        ),
        (
            Response(status=404, body={"code": 10062}),
            Verdict(outcome=Outcome.NEXT, reason="the interaction is gone (10062)"),
        ),
        (
            Response(status=404, body={"code": 10015}),
            Verdict(outcome=Outcome.NEXT, reason="the interaction's token is gone (10015)"),
        ),
        (
            Response(status=401, body={"code": 50027}),
            Verdict(outcome=Outcome.NEXT, reason="the interaction's token is gone (50027)"),
        ),
        (
            Response(status=404, body={"code": 10008}),
            Verdict(outcome=Outcome.NEXT, reason="the message is gone (10008)"),
        ),
        (
            Response(status=400, body={"code": 40094}),
            Verdict(outcome=Outcome.NEXT, reason="no more messages by the interaction's token (40094)"),
        ),
        (
            Response(status=403, body={"code": 50001}),
            Verdict(outcome=Outcome.NEVER, reason="the bot is not in the channel (50001)"),
        ),
        (
            Response(status=403, body={"code": 50013}),
            Verdict(outcome=Outcome.NEVER, reason="the bot may not write there (50013)"),
        ),
        (
            Response(status=401, body={"code": 0, "message": "401: Unauthorized"}),
            Verdict(outcome=Outcome.NEVER, reason="bot_token is refused (401)"),
        ),
        (Response(status=403), Verdict(outcome=Outcome.NEVER, reason="the bot may not write there (403)")),
        (
            Response(status=400, body={"code": 50035, "message": "Invalid Form Body"}),
            Verdict(outcome=Outcome.NEVER, reason="the API refused it (400, 50035)"),
        ),
        (
            Response(status=400, body={"code": "<script>"}),
            Verdict(outcome=Outcome.NEVER, reason="the API refused it (400)"),
        ),
        (Response(status=502), Verdict(outcome=Outcome.AGAIN, reason="the API failed (502)")),
        (
            Response(problem="it took too long"),
            Verdict(outcome=Outcome.AGAIN, reason="it took too long"),
        ),
    ],
)
def test_what_a_response_means(response: Response, verdict: Verdict) -> None:
    assert CHANNEL.judge(Request(what="post"), response) == verdict


@pytest.mark.parametrize(
    ("target", "missing"),
    [
        (TARGET, ""),
        (replace(TARGET, token=""), ""),
        (replace(TARGET, handle={}), ""),
        (replace(TARGET, token="", handle={}), "bot_token is not set"),
        (Target(to={}), ""),
    ],
)
def test_an_interaction_is_answered_without_a_bot_while_its_token_is_there(target: Target, missing: str) -> None:
    assert CHANNEL.needs(target) == missing


def test_the_bots_token_can_be_tried() -> None:
    headers = {"Authorization": "Bot bot.token"}
    request = Request(what="check", method="GET", path="/users/@me", headers=headers, repeatable=True)
    assert CHANNEL.check(TARGET) == request
    assert CHANNEL.check(replace(TARGET, token="")) is None
    assert CHANNEL.checked(Response(status=200, body={"id": "1"})) == ""
    assert CHANNEL.checked(Response(status=401)) == "bot_token is refused (401)"


def test_discord_shows_by_itself_that_the_app_thinks() -> None:
    assert CHANNEL.sign(TARGET) is None
