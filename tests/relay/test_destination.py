from dataclasses import replace

import pytest

from relay import destination
from relay.call import Interface
from relay.incoming.fields import Asked
from relay.incoming.mapping import Mapped
from relay.incoming.settings import Settings
from relay.senders import Preset

SAID = Preset(query="deep?", user="42", conversation_key="-100", to={"chat_id": -100})
IN_GROUP = replace(SAID, among_others=True, addressed=False)


def heard(preset: Preset, **settings: str) -> str | None:
    """Give what the app is asked, None where nobody wants an answer."""
    read = Settings.read({"webhook": "telegram", "reply": "sender", "bot_token": "123456:abc", **settings})
    said = destination.listen(Mapped(asked=Asked(query=preset.query), preset=preset), read, Interface.CHAT, list)
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
