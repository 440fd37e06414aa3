"""When the bot is meant, and when it keeps silent."""

from collections.abc import Mapping
from typing import Any

import pytest

from relay.destination import NO_WORDS, TEXT_ONLY
from tests.endpoints.senders.conftest import Change, OpenBot
from workspace.senders import slack

ROOT = "1790000000.000100"  # of a thread


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("slack", {}),
        ("slack", {"thread": ROOT}),
        ("telegram", {"place": "-100500"}),
        ("line", {"place": "C" + "5" * 32}),
        ("line", {"place": "R" + "5" * 32}),
    ],
)
def test_what_people_say_to_each_other_is_answered_by_silence(
    bot: OpenBot, name: str, written: Mapping[str, Any]
) -> None:
    duck = bot(name, "parrot")
    duck.ask("What a pond!", mention=False, **written)
    duck.ask("/new", mention=False, **written) if name != "telegram" else None
    assert duck.silent()


def test_in_a_thread_of_its_own_the_bot_is_meant_without_being_named(bot: OpenBot) -> None:
    duck = bot("slack", "parrot")
    root = duck.ask("one")["id"]
    duck.ended()
    duck.ask("two", mention=False, thread=root, user="U0BOB")
    duck.ended(2)
    duck.ask("elsewhere", mention=False)
    duck.ask("elsewhere", mention=False, thread=ROOT)
    assert len(duck.ended(2)) == 2
    assert duck.said() == ["one", "two"]
    first, second = duck.runs()
    assert (first["conversation_id"], second["conversation_id"] != "") == ("", True)


def test_in_an_issue_that_the_bot_takes_part_in_it_is_meant_as_well(bot: OpenBot) -> None:
    duck = bot("github", "parrot")
    duck.ask("one")
    duck.ended()
    duck.ask("two", mention=False)
    duck.ended(2)
    assert duck.words() == ["one", "two"]


def _own(name: str) -> Change:
    """Give what makes a delivery the bot's own message."""
    changes: Mapping[str, Change] = {
        "slack": lambda payload: payload["event"].update(bot_id="B0DUCK"),
        "telegram": lambda payload: payload["message"]["from"].update(is_bot=True),
        "messenger": lambda payload: payload["entry"][0]["messaging"][0]["message"].update(is_echo=True),
        "github": lambda payload: payload["sender"].update(type="Bot"),
        "gitlab": lambda payload: payload["object_attributes"].update(system=True),
    }
    return changes[name]


@pytest.mark.parametrize("name", ["slack", "telegram", "messenger", "github", "gitlab"])
def test_the_bots_own_messages_are_answered_by_silence(bot: OpenBot, name: str) -> None:
    duck = bot(name, "parrot")
    answer = duck.deliver(_own(name))
    assert (answer.status_code, answer.text, duck.silent()) == (200, "", True)


def test_a_slack_message_of_the_bots_user_is_answered_by_silence(bot: OpenBot) -> None:
    duck = bot("slack", "parrot")
    duck.ask("quack", place="D0DIRECT", user=slack.BOT)
    assert duck.silent()


def test_a_whatsapp_status_is_answered_by_silence(bot: OpenBot) -> None:
    duck = bot("whatsapp", "parrot")

    def status(payload: dict[str, Any]) -> None:
        value = payload["entry"][0]["changes"][0]["value"]
        del value["messages"]
        value["statuses"] = [{"id": "wamid.1", "status": "delivered", "recipient_id": "4915112345678"}]

    assert (duck.deliver(status).status_code, duck.silent()) == (200, True)


# --- what is no text


def _picture(name: str) -> Change:
    def line_image(payload: dict[str, Any]) -> None:
        payload["events"][0]["message"] = {"id": "1", "type": "image", "contentProvider": {"type": "line"}}

    def telegram_voice(payload: dict[str, Any]) -> None:
        del payload["message"]["text"]
        payload["message"]["voice"] = {"file_id": "f", "duration": 2}

    def whatsapp_audio(payload: dict[str, Any]) -> None:
        [message] = payload["entry"][0]["changes"][0]["value"]["messages"]
        del message["text"]
        message |= {"type": "audio", "audio": {"id": "1", "mime_type": "audio/ogg"}}

    def messenger_image(payload: dict[str, Any]) -> None:
        message = payload["entry"][0]["messaging"][0]["message"]
        del message["text"]
        message["attachments"] = [{"type": "image", "payload": {"url": "https://example.org/duck.png"}}]

    def slack_file(payload: dict[str, Any]) -> None:
        payload["event"] |= {"text": "", "subtype": "file_share", "files": [{"id": "F0DUCK"}]}

    changes: Mapping[str, Change] = {
        "line": line_image,
        "telegram": telegram_voice,
        "whatsapp": whatsapp_audio,
        "messenger": messenger_image,
        "slack": slack_file,
    }
    return changes[name]


@pytest.mark.parametrize("name", ["line", "telegram", "whatsapp", "messenger", "slack"])
def test_a_picture_or_a_voice_gets_a_sentence_and_no_run(bot: OpenBot, name: str) -> None:
    duck = bot(name, "parrot")
    place = {"place": "D0DIRECT"} if name == "slack" else {}
    assert duck.deliver(_picture(name), **place).status_code == 200
    assert duck.outcome() == ("done", "")
    assert (duck.said(place.get("place", "")), duck.runs()) == ([TEXT_ONLY], [])


def test_a_picture_that_others_show_each_other_gets_nothing(bot: OpenBot) -> None:
    duck = bot("line", "parrot")
    assert duck.deliver(_picture("line"), place="C" + "6" * 32, mention=False).status_code == 200
    assert duck.silent()


def test_a_mention_without_words_is_asked_for_the_question(bot: OpenBot) -> None:
    duck = bot("slack", "parrot")
    duck.ask("")
    assert (duck.outcome(), duck.said(), duck.runs()) == (("done", ""), [NO_WORDS], [])
