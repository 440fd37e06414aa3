from collections.abc import Mapping
from typing import Any

import pytest

from relay.senders import SCHEMES, Preset
from tests.relay.senders.samples.post import posted


@pytest.mark.parametrize(
    "to", [{"chat_id": -100}, {"chat_id": 1, "message_thread_id": 3}], ids=["to the chat", "to the topic"]
)
def test_the_answer_is_sent(to: dict[str, int]) -> None:
    message = SCHEMES["telegram"].message
    assert message
    assert message(to, "Quack.") == {"method": "sendMessage", **to, "text": "Quack."}
    assert message(to, "q" * 5000) == {"method": "sendMessage", **to, "text": "q" * 4095 + "…"}


SUPERGROUP: Mapping[str, Any] = {"id": -100, "type": "supergroup"}


def read(**message: Any) -> Preset:
    payload = {"message_id": 5, "from": {"id": 42}, "chat": SUPERGROUP, **message}
    reading = SCHEMES["telegram"].preset(posted({"message": payload}))
    assert isinstance(reading, Preset)
    return reading


@pytest.mark.parametrize(
    ("text", "query", "command", "addressed", "mentions"),
    [
        ("/ask how deep?", "how deep?", "/ask", True, set()),
        ("/ask\nhow deep?", "how deep?", "/ask", True, set()),
        ("/ask@QuackBot how deep?", "how deep?", "/ask", False, {"quackbot"}),
        ("/ask", "/ask", "/ask", True, set()),
        ("/start", "/start", "/start", True, set()),
        ("/start from-a-link", "/start from-a-link", "/start", True, set()),
        ("/new@QuackBot", "/new", "/new", False, {"quackbot"}),
        ("/new pond", "/new pond", "/new", True, set()),
        ("/clear ", "/clear", "/clear", True, set()),
        ("/usr/bin is full", "/usr/bin is full", None, False, set()),
        ("is /ask a command?", "is /ask a command?", None, False, set()),
        ("/", "/", None, False, set()),
    ],
)
def test_a_command_is_meant_and_no_part_of_what_is_said(
    text: str,
    query: str,
    command: str | None,
    addressed: bool,
    mentions: set[str],
) -> None:
    reading = read(text=text)
    assert (reading.query, reading.inputs.get("command")) == (query, command)
    assert (reading.addressed, set(reading.mentions)) == (addressed, mentions)


@pytest.mark.parametrize(
    ("message", "mentions"),
    [
        ({"text": "🦆 @QuackBot?", "entities": [{"type": "mention", "offset": 3, "length": 9}]}, {"quackbot"}),
        ({"caption": "@ada", "caption_entities": [{"type": "mention", "offset": 0, "length": 4}]}, {"ada"}),
        (
            {"text": "Ada?", "entities": [{"type": "text_mention", "offset": 0, "length": 3, "user": {"id": 7}}]},
            {"7"},
        ),
        ({"text": "@ada", "entities": [{"type": "bold", "offset": 0, "length": 4}]}, set()),
        ({"text": "@ada", "entities": [{"type": "mention", "offset": -4, "length": 4}]}, set()),
        ({"text": "@ada", "entities": [{"type": "mention", "offset": "9" * 5000, "length": True}]}, set()),
        ({"text": "@ada", "entities": [{"type": "mention", "offset": 10**200, "length": 10**200}]}, set()),
        ({"text": "@ada", "entities": "all"}, set()),
        ({"text": "so?", "reply_to_message": {"from": {"id": 99, "is_bot": True, "username": "QuackBot"}}}, {"99"}),
        ({"text": "so?", "reply_to_message": {"from": {"id": 7, "is_bot": False}}}, set()),
    ],
)
def test_whom_a_message_in_a_group_names_is_known(message: Mapping[str, Any], mentions: set[str]) -> None:
    reading = read(**message)
    assert (set(reading.mentions), reading.addressed, reading.among_others) == (mentions, False, True)


def test_whoever_writes_to_the_bot_alone_means_it() -> None:
    reading = read(text="/ask@QuackBot deep?", chat={"id": 42, "type": "private"})
    assert (reading.mentions, reading.addressed, reading.among_others) == (frozenset(), True, False)
