"""Who speaks with the bot, and what it remembers."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from relay.destination import BEGUN
from tests.endpoints.senders.conftest import SENDERS, Bot, OpenBot, everywhere
from workspace.senders.posting import compose

DEFERRED = {"type": 5}
# where several persons can speak, there
THREADS: Mapping[str, Mapping[str, Any]] = {
    "slack": {"thread": "1790000000.000100"},
    "discord": {},
    "telegram": {"place": "-100400"},
    "line": {"place": "C" + "4" * 32},
    "whatsapp": {},
    "messenger": {},
    "github": {},
    "gitlab": {"thread": "0123456789abcdef0123456789abcdef01234567"},
}
OTHERS = {"slack": "U0BOB", "telegram": "43", "line": "U" + "b" * 32, "github": "bob", "gitlab": "bob"}


def conversations(duck: Bot) -> list[tuple[str, str]]:
    """Give query and conversation of each run, in order, a conversation by its number, "" for a new one."""
    numbers: dict[str, str] = {"": ""}
    found = []
    for run in duck.runs():
        number = numbers.setdefault(run["conversation_id"], str(len(numbers)))
        found.append((run["query"], number))
    return found


def said(asked: Mapping[str, Bot]) -> dict[str, list[str]]:
    return {name: one.words(str(THREADS[name].get("place", ""))) for name, one in asked.items()}


def asked_in(asked: Mapping[str, Bot]) -> dict[str, list[tuple[str, str]]]:
    return {name: conversations(one) for name, one in asked.items()}


def test_a_delivery_that_comes_five_times_is_answered_once(bot: OpenBot) -> None:
    asked = {name: bot(name, "silent-1-2-0") for name in SENDERS}
    sent = {name: compose(name, "Do ducks quack?") for name in SENDERS}

    def post(name: str) -> list[tuple[int, str]]:
        answers = [
            httpx.post(
                f"{asked[name].url}/chat", content=sent[name].body, headers=dict(sent[name].headers), timeout=30
            )
            for _ in range(5)
        ]
        return [(answer.status_code, answer.text) for answer in answers]

    with ThreadPoolExecutor(len(SENDERS)) as senders:
        answers = dict(zip(SENDERS, senders.map(post, SENDERS), strict=True))
    asked["discord"].api.acknowledged(sent["discord"].handle, DEFERRED)
    assert answers == {name: [(200, '{"type":5}' if name == "discord" else "")] * 5 for name in SENDERS}
    assert {name: (one.outcome(), len(one.runs()), one.words()) for name, one in asked.items()} == {
        name: (("done", ""), 1, ["tok0 tok1"]) for name in SENDERS
    }


def test_a_mention_that_comes_as_a_message_too_is_answered_once(bot: OpenBot) -> None:
    duck = bot("slack", "parrot")

    first = compose("slack", "quack")

    def as_message(payload: dict[str, Any]) -> None:
        payload["event_id"] = "Ev0OTHER"
        same = {"ts": first.id, "event_ts": first.id}
        payload["event"] |= {"type": "message", "channel_type": "channel", **same}

    httpx.post(f"{duck.url}/chat", content=first.body, headers=dict(first.headers)).raise_for_status()
    assert duck.deliver(as_message).status_code == 200
    assert (duck.outcome(), len(duck.runs()), duck.said()) == (("done", ""), 1, ["quack"])


def test_two_people_in_one_thread_share_a_conversation_and_are_answered_in_order(bot: OpenBot) -> None:
    asked = {name: bot(name, "parrot-500") for name in OTHERS}
    everywhere([*asked.values()], "one", THREADS)
    everywhere([*asked.values()], "two", {name: {**THREADS[name], "user": user} for name, user in OTHERS.items()})
    for one in asked.values():
        one.ended(2)
    assert said(asked) == {name: ["one", "two"] for name in OTHERS}
    assert asked_in(asked) == {name: [("one", ""), ("two", "1")] for name in OTHERS}
    users = {name: {run["user"].partition(":")[0] for run in one.runs()} for name, one in asked.items()}
    assert users == {name: {name} for name in OTHERS}
    assert {len({run["user"] for run in one.runs()}) for one in asked.values()} == {1}
    assert {name: one.runs()[1]["inputs"]["user"] for name, one in asked.items()} == OTHERS


def test_a_new_conversation_begins_when_somebody_asks_for_it(bot: OpenBot) -> None:
    asked = {name: bot(name, "parrot") for name in SENDERS}
    for number, text in enumerate(["one", "two", "/new", "three"], 1):
        everywhere([*asked.values()], text, THREADS)
        for one in asked.values():
            one.ended(number)
    assert asked_in(asked) == {name: [("one", ""), ("two", "1"), ("three", "")] for name in SENDERS}
    assert said(asked) == {name: ["one", "two", BEGUN, "three"] for name in SENDERS}


def test_it_can_be_asked_for_in_other_words(bot: OpenBot) -> None:
    duck = bot("telegram", "parrot")
    for number, text in enumerate(["one", "!new", "two", "/CLEAR ", "three", "/new things"], 1):
        duck.ask(text)
        duck.ended(number)
    assert conversations(duck) == [("one", ""), ("two", ""), ("three", ""), ("/new things", "1")]


def test_nothing_is_remembered_where_memory_is_off(bot: OpenBot) -> None:
    duck = bot("telegram", "parrot", memory="off")
    for number, text in enumerate(["one", "two"], 1):
        duck.ask(text)
        duck.ended(number)
    assert conversations(duck) == [("one", ""), ("two", "")]


def test_a_user_template_names_whom_a_conversation_belongs_to(bot: OpenBot) -> None:
    duck = bot("slack", "parrot", user_template="{{ body.event.user }}")
    for number, (text, place) in enumerate([("one", "C0FIRST"), ("two", "C0SECOND")], 1):
        duck.ask(text, place=place)
        duck.ended(number)
    assert {run["user"] for run in duck.runs()} == {"U0ADA"}


def test_places_have_conversations_of_their_own(bot: OpenBot) -> None:
    duck = bot("telegram", "parrot")
    for number, place in enumerate(["51", "52", "51"], 1):
        duck.ask(f"in {place}", place=place, user=place)
        duck.ended(number)
    assert conversations(duck) == [("in 51", ""), ("in 52", ""), ("in 51", "1")]
