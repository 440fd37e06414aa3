from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from relay import destination
from relay.incoming.fields import Asked
from relay.incoming.mapping import Mapped
from relay.incoming.settings import Settings
from relay.senders import Preset

SAID = Preset(query="deep?", user="42", conversation_key="-100", to={"chat_id": -100})
IN_GROUP = replace(SAID, among_others=True, addressed=False)


def nowhere(_query: str, _given: Mapping[str, Any]) -> dict[str, Any]:
    """Put no message into an input, as for a chat."""
    return {}


def heard(preset: Preset, **settings: str) -> str | None:
    """Give what the app is asked, None where nobody wants an answer."""
    read = Settings.read({"webhook": "telegram", "reply": "sender", "bot_token": "123456:abc", **settings})
    said = destination.listen(Mapped(asked=Asked(query=preset.query), preset=preset), read, nowhere)
    return said.asked.query if said else None


def test_a_message_that_was_changed_is_not_answered_once_more() -> None:
    assert heard(SAID) == "deep?"
    assert heard(replace(SAID, edited=True)) is None


@pytest.mark.parametrize(
    ("mentions", "bot_id", "query"),
    [
        ({"quackbot"}, "@QuackBot", "deep?"),
        ({"otherbot"}, "@QuackBot", None),
        ({"quackbot"}, "", "deep?"),
        ({"ada"}, "", None),
        ({"123456"}, "", "deep?"),
        ({"654321"}, "", None),
        (set(), "", None),
    ],
)
def test_in_a_group_the_bot_hears_what_names_it(mentions: set[str], bot_id: str, query: str | None) -> None:
    assert heard(replace(IN_GROUP, mentions=frozenset(mentions)), bot_id=bot_id) == query


@pytest.mark.parametrize(
    ("query", "bot_id", "asked"),
    [
        ("@QuackBot deep?", "@QuackBot", "deep?"),
        ("@quackbot, deep?", "quackbot", "deep?"),
        ("@QuackBot: deep, @QuackBot?", "quackbot", "deep, @QuackBot?"),
        ("@quackbot deep?", "", "deep?"),
        ("@ada deep?", "quackbot", "@ada deep?"),
        ("@quackbot.de deep?", "quackbot", "@quackbot.de deep?"),
        ("@quackbot/deep", "quackbot", "@quackbot/deep"),
        ("deep, @quackbot", "quackbot", "deep, @quackbot"),
    ],
)
def test_the_app_is_not_told_its_own_name(query: str, bot_id: str, asked: str) -> None:
    named = replace(IN_GROUP, query=query, mentions=frozenset({"quackbot"}))
    assert heard(named, bot_id=bot_id) == asked
    assert heard(replace(SAID, query=query), bot_id=bot_id) == query


def test_a_new_conversation_is_begun_by_a_message_that_names_the_bot() -> None:
    settings = Settings.read({"webhook": "github", "reply": "sender", "bot_token": "t", "bot_id": "quack-bot"})
    to = {"repository": "duck/pond", "number": "7"}
    query = "@Quack-Bot /new"
    preset = Preset(
        query=query, user="ada", to=to, among_others=True, addressed=False, mentions=frozenset({"quack-bot"})
    )
    said = destination.listen(Mapped(asked=Asked(query=query), preset=preset), settings, nowhere)
    assert said
    assert (said.forgets, said.words) == (True, destination.BEGUN)
