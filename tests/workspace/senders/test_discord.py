"""What Discord's stand-in takes and refuses."""

from typing import Any

import pytest

from tests.workspace.senders.conftest import NOW, Call, Clock, caller
from workspace.senders import handles
from workspace.senders.discord import APPLICATION, Discord

CHANNEL = "700000000000000100"
MENTIONS: dict[str, Any] = {"allowed_mentions": {"parse": []}}


@pytest.fixture
def discord(clock: Clock) -> Discord:
    return Discord(clock)


@pytest.fixture
def anyone(discord: Discord) -> Call:
    return caller(discord)


@pytest.fixture
def bot(discord: Discord) -> Call:
    return caller(discord, authorization="Bot quack.discord.token")


@pytest.fixture
def token() -> str:
    return handles.issue("discord", place=CHANNEL, user="1", now=NOW)


def test_an_interaction_is_edited_only_after_it_was_acknowledged(anyone: Call, discord: Discord, token: str) -> None:
    original = f"PATCH /api/v10/webhooks/{APPLICATION}/{token}/messages/@original"
    answer = anyone(original, {"content": "x"})
    assert (answer.status, answer.body["code"]) == (404, 10015)
    discord.acknowledged(token, {"type": 5})
    assert [status.text for status in discord.chat.alive(NOW)] == ["is thinking…"]
    for text in ("Qu", "Quack"):
        assert anyone(original, {"content": text, **MENTIONS}).status == 200
    more = anyone(f"POST /webhooks/{APPLICATION}/{token}", {"content": "and more"})
    edited = f"PATCH /webhooks/{APPLICATION}/{token}/messages/{more.body['id']}"
    assert anyone(edited, {"content": "and more of it"}).status == 200
    shown = [(message.place, message.text, message.edits) for message in discord.chat.messages]
    assert shown == [(CHANNEL, "Quack", 1), (CHANNEL, "and more of it", 1)]
    assert list(discord.chat.alive(NOW)) == []


def test_an_answer_in_the_response_is_the_original(anyone: Call, discord: Discord, token: str) -> None:
    discord.acknowledged(token, {"type": 4, "data": {"content": "Quack"}})
    original = f"/webhooks/{APPLICATION}/{token}/messages/@original"
    assert anyone(f"GET {original}").body["content"] == "Quack"
    assert anyone(f"PATCH {original}", {"content": "Quack!"}).status == 200
    assert [message.text for message in discord.chat.messages] == ["Quack!"]


def test_an_interactions_token_is_good_for_a_quarter_of_an_hour(
    anyone: Call, discord: Discord, token: str, clock: Clock
) -> None:
    discord.acknowledged(token, {"type": 5})
    address = f"POST /webhooks/{APPLICATION}/{token}"
    clock.now += 901
    assert anyone(address, {"content": "x"}).body == {"message": "Invalid Webhook Token", "code": 50027}
    clock.now -= 2
    assert anyone(address, {"content": "x"}).status == 200
    assert anyone(f"POST /webhooks/{APPLICATION}/made-up", {"content": "x"}).status == 401
    assert anyone(f"POST /webhooks/1/{token}", {"content": "x"}).status == 404


def test_a_text_has_at_most_2000_characters_and_at_least_one(bot: Call) -> None:
    address = f"POST /channels/{CHANNEL}/messages"
    assert bot(address, {"content": "🦆" * 2000}).status == 200
    long = bot(address, {"content": "x" * 2001})
    assert (long.status, long.body["code"]) == (400, 50035)
    assert long.body["errors"]["content"]["_errors"][0]["code"] == "BASE_TYPE_MAX_LENGTH"
    assert bot(address, {"content": ""}).body["code"] == 50006
    assert bot(address, {}).body["code"] == 50006


def test_a_nonce_that_is_enforced_posts_once(bot: Call, discord: Discord, clock: Clock) -> None:
    address = f"POST /channels/{CHANNEL}/messages"
    body = {"content": "x", "nonce": "n" * 25, "enforce_nonce": True}
    assert bot(address, body).body["id"] == bot(address, body).body["id"]
    assert len(discord.chat.messages) == 1
    assert bot(address, {**body, "enforce_nonce": False}).status == 200
    assert bot(address, {**body, "nonce": "n" * 26}).body["code"] == 50035
    clock.now += 301
    assert bot(address, body).status == 200
    assert len(discord.chat.messages) == 3


def test_a_channel_is_the_bots_alone(anyone: Call, bot: Call, discord: Discord) -> None:
    assert anyone(f"POST /channels/{CHANNEL}/messages", {"content": "x"}).status == 401
    assert bot(f"POST /channels/{CHANNEL}/typing").status == 204
    assert bot("GET /users/@me").body["username"] == "duck"
    posted = bot(f"POST /channels/{CHANNEL}/messages", {"content": "x"})
    edited = f"PATCH /channels/{CHANNEL}/messages/{posted.body['id']}"
    assert bot(edited, {"content": "y"}).body["content"] == "y"
    discord.chat.messages[0].by = "person"
    assert bot(edited, {"content": "z"}).body["code"] == 50005
    assert bot(f"PATCH /channels/{CHANNEL}/messages/1", {"content": "z"}).body["code"] == 10008
