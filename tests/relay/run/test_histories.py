"""Which of Dify's conversations a client's history goes on in."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from relay.call import Call
from relay.errors import AppFailed
from relay.event import Event
from relay.incoming.openai import messages
from relay.run.failure import ConversationNotFound, UserNotFound
from relay.run.histories import Histories
from relay.run.history import PIECE, history_of
from relay.run.inbox import Inbox
from relay.run.records import HISTORIES
from tests.relay.run.histories import DAY, IMAGE, Endpoint, Message, said, system, user
from tests.relay.storage import Shelf


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


def test_a_client_that_sends_all_each_time_goes_on_in_one_conversation(endpoint: Endpoint) -> None:
    history: list[Message] = [system("Be a duck.")]
    for question in ("one", "two", "three"):
        history.append(user(question))
        history.append(said(endpoint.ask(*history)))
        endpoint.restart()
    assert endpoint.app.asked == [(None, "Be a duck.\n\none"), ("c1", "two"), ("c1", "three")]


ONE: tuple[Message, ...] = (system("Be a duck."), user("one"), said("BE A DUCK.\n\nONE"))


@pytest.mark.parametrize(
    "written",
    [
        (*ONE, user("two")),
        (ONE[0], user("  one\n"), said("BE A DUCK. ONE "), user("two")),
        (ONE[0], ONE[1], said("<think>A duck?</think>BE A DUCK.\n\nONE"), user("two")),
        (ONE[0], ONE[1], said('<details type="reasoning" done="true">x</details>BE A DUCK.\n\nONE'), user("two")),
        (ONE[0], user([{"type": "text", "text": "one"}]), ONE[2], user("two")),
        (*ONE, user("two"), system("Answer briefly.")),
    ],
    ids=["as it was", "spaced otherwise", "thoughts", "details", "parts", "a reminder behind"],
)
def test_a_history_is_known_by_its_words(endpoint: Endpoint, written: tuple[Message, ...]) -> None:
    endpoint.ask(*ONE[:2])
    endpoint.ask(*written)
    assert endpoint.conversations[0] is None
    assert endpoint.conversations[1] == ("c1" if written[-1]["role"] == "user" else None)


@pytest.mark.parametrize(
    ("written", "who"),
    [
        ((system("Be a goose."), *ONE[1:], user("two")), {}),
        ((*ONE[1:], user("two")), {}),
        ((ONE[0], user("won"), ONE[2], user("two")), {}),
        ((*ONE[:2], said("ONE"), user("two")), {}),
        ((*ONE[:2], said(""), user("two")), {}),
        ((ONE[0], user([{"type": "text", "text": "one"}, IMAGE]), ONE[2], user("two")), {}),
        ((*ONE, user("two")), {"user": "goose"}),
        ((*ONE, user("two")), {"app_id": "b"}),
        ((*ONE, user("two")), {"endpoint_id": "f"}),
        (ONE[:2], {}),
    ],
    ids=["system", "no system", "question", "answer", "no answer", "image", "user", "app", "endpoint", "asked again"],
)
def test_another_history_begins_another_conversation(
    endpoint: Endpoint, written: tuple[Message, ...], who: dict[str, Any]
) -> None:
    endpoint.ask(*ONE[:2])
    endpoint.ask(*written, **who)
    assert endpoint.conversations == [None, None]


def test_what_came_before_comes_along_where_it_is_not_known(endpoint: Endpoint) -> None:
    endpoint.ask(system("Be a duck."), user("one"), said("uno"), user([{"type": "text", "text": "two"}, IMAGE]),
                 said("<think>hm</think>due"), user("three"))  # fmt: skip
    assert endpoint.app.asked == [
        (
            None,
            (
                "Be a duck.\n\nThe conversation so far:\n\nUser: one\n\nAssistant: uno\n\nUser: two\n[image]\n\n"
                "Assistant: due\n\nThe next message of the user:\n\nthree"
            ),
        )
    ]


def test_an_entry_is_good_once(endpoint: Endpoint) -> None:
    endpoint.ask(*ONE[:2])
    for question in ("two", "too"):
        endpoint.ask(*ONE, user(question))
    assert endpoint.conversations == [None, "c1", None]


def test_nothing_that_is_stored_names_anybody_or_says_a_word(endpoint: Endpoint) -> None:
    talk(endpoint, 4, user="donald@example.org", app_id="0c1d-app")
    stored = b"".join(endpoint.shelf.values.values())
    assert b"tail " in stored
    assert [word for word in (b"donald", b"0c1d", b"question", b"QUESTION") if word in stored] == []


def test_two_at_the_same_moment_do_not_share_a_conversation(endpoint: Endpoint) -> None:
    endpoint.ask(*ONE[:2])
    both = [endpoint.running(*ONE, user(question)) for question in ("two", "too")]
    while both:
        both = [one for one in both if next(one, "ended") != "ended"]
    assert sorted(map(str, endpoint.conversations)) == ["None", "None", "c1"]


class Late(Shelf):
    """A storage in which nothing is deleted before two have read a history."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.deletes = threading.Event()

    def get(self, key: str) -> bytes | None:
        value = super().get(key)
        if value and b"conversation_id" in value:
            self.reads += 1
            if self.reads == 2:
                self.deletes.set()
        return value

    def delete(self, key: str) -> None:
        self.deletes.wait(1)
        super().delete(key)


@pytest.mark.parametrize(
    ("one", "other"), [(0, 0), (0, -6), (-6, -6)], ids=["all and all", "all and the end", "the end and the end"]
)
def test_two_that_read_before_either_has_taken_do_not_share_a_conversation(
    endpoint: Endpoint, one: int, other: int
) -> None:
    history = talk(endpoint, 5, user="duck")
    late = Late()
    late.values = endpoint.shelf.values
    endpoint.shelf = late
    endpoint.restart()
    both = [endpoint.running(*history[at:], user(f"next {at}"), user="duck") for at in (one, other)]
    while both:
        both = [running for running in both if next(running, "ended") != "ended"]
    assert sorted(map(str, endpoint.conversations[5:])) == ["None", "c1"]


def test_a_run_that_fails_leaves_the_history_known(endpoint: Endpoint) -> None:
    endpoint.ask(*ONE[:2])
    endpoint.app.fails = True
    with pytest.raises(AppFailed):
        endpoint.ask(*ONE, user("two"))
    endpoint.app.fails = False
    endpoint.ask(*ONE, user("two"))
    assert endpoint.conversations == [None, "c1", "c1"]


@pytest.mark.parametrize("refuses", [ConversationNotFound("gone"), UserNotFound("user not found")])
def test_a_conversation_that_is_gone_begins_anew_with_what_came_before(
    endpoint: Endpoint, refuses: Exception
) -> None:
    endpoint.ask(*ONE[:2])
    endpoint.app.refuses = refuses
    endpoint.ask(*ONE, user("two"))
    assert endpoint.conversations == [None, "c1", None]
    assert "Assistant: BE A DUCK." in endpoint.app.asked[-1][1]


def talk(endpoint: Endpoint, turns: int, **who: Any) -> list[Message]:
    history: list[Message] = [system("It is noon.")]
    for turn in range(turns):
        history.append(user(f"question {turn}"))
        history.append(said(endpoint.ask(*history, **who)))
    return history


def test_a_named_user_is_found_by_the_last_three_exchanges(endpoint: Endpoint) -> None:
    history = talk(endpoint, 5, user="duck")
    endpoint.ask(system("It is one."), *history[-6:], user("next"), user="duck")
    assert endpoint.conversations == [None, "c1", "c1", "c1", "c1", "c1"]
    assert endpoint.app.asked[-1][1] == "next"


def cut(history: list[Message], at: int, content: str) -> list[Message]:
    return [*history[:at], {**history[at], "content": content}, *history[at + 1 :]]


@pytest.mark.parametrize(
    ("kept", "who"),
    [
        (lambda history: history[-4:], {"user": "duck"}),
        (lambda history: history[-5:], {"user": "duck"}),
        (lambda history: history[-6:], {"user": "goose"}),
        (lambda history: history[-6:], {}),
        (lambda history: history[-6:], {"user": "duck", "named": False}),
        (lambda history: cut(history, 1, "edited"), {"user": "duck"}),
        (lambda history: cut(history, 4, "edited"), {"user": "duck"}),
        (lambda history: [user("before"), said("all"), *history[1:]], {"user": "duck"}),
    ],
    ids=["two", "two and a half", "another", "nobody", "unproven", "first edited", "answer edited", "more before"],
)
def test_what_is_not_the_end_of_a_conversation_is_not_found(
    endpoint: Endpoint, kept: Callable[[list[Message]], list[Message]], who: dict[str, Any]
) -> None:
    first = {"user": "duck", "named": who.get("named", True)}
    history = talk(endpoint, 5, **first)
    endpoint.ask(system("It is one."), *kept(history), user("next"), **who)
    assert endpoint.conversations[-1] is None


def test_a_window_that_moves_stays_in_its_conversation(endpoint: Endpoint) -> None:
    history = talk(endpoint, 4, user="duck")
    for turn in range(4, 70):
        history.append(user(f"question {turn}"))
        history.append(said(endpoint.ask(*history[-9:], user="duck")))
    assert endpoint.conversations == [None, *["c1"] * 69]


def test_a_conversation_longer_than_what_is_kept_of_it_goes_on(endpoint: Endpoint) -> None:
    history = talk(endpoint, 120, user="duck")
    endpoint.ask(*history[1:], user("next"), user="duck")
    assert endpoint.conversations == [None, *["c1"] * 120]


def test_a_conversation_is_known_for_a_week(endpoint: Endpoint) -> None:
    endpoint.ask(*ONE[:2])
    endpoint.now = 6.9 * DAY
    endpoint.restart()
    answer = endpoint.ask(*ONE, user("two"))
    endpoint.now = 14 * DAY
    endpoint.restart()
    endpoint.ask(*ONE, user("two"), said(answer), user("three"))
    assert endpoint.conversations == [None, "c1", None]


@pytest.mark.parametrize("broken", [{"get"}, {"set"}, {"delete"}, {"get", "set", "delete"}])
def test_without_storage_the_app_answers_all_the_same(endpoint: Endpoint, broken: set[str]) -> None:
    endpoint.ask(*ONE[:2])
    endpoint.shelf.broken = broken
    assert endpoint.ask(*ONE, user("two"))


def test_a_first_question_costs_no_read(endpoint: Endpoint) -> None:
    endpoint.process.records(HISTORIES, "e").ready()
    before = endpoint.shelf.calls["get"]
    running = endpoint.running(*ONE[:2])
    while "answer" not in (next(running) or {}):
        pass
    assert endpoint.shelf.calls["get"] == before


def test_a_million_unclosed_thoughts_are_read_in_one_pass(endpoint: Endpoint) -> None:
    endpoint.ask(user("one"), said("<think>" * 400_000), user("two"))
    assert endpoint.conversations == [None]


LONG = "quack, " * (PIECE // 4)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        (LONG.replace(" ", "\n \t"), True),
        (" " * PIECE + LONG + " " * (3 * PIECE), True),
        (LONG.replace(" ", " " * 50), True),
        (LONG.replace(" ", ""), False),
        (LONG[:PIECE] + " " + LONG[PIECE:], False),
        (LONG[:-9] + LONG[-8:], False),
    ],
    ids=["other blanks", "around", "far apart", "none", "within a word", "a letter less"],
)
def test_long_texts_are_known_by_their_words_too(endpoint: Endpoint, written: str, same: bool) -> None:
    endpoint.ask(user(LONG))
    endpoint.ask(user(written), said(LONG.upper()), user("two"))
    assert endpoint.conversations == [None, "c1" if same else None]


def test_a_question_that_stands_in_an_input_stands_there_alone_too(endpoint: Endpoint) -> None:
    conversation = messages.read([user("one"), said("ONE"), user("two")])
    history = history_of(conversation, app_id="a", user=None, named=True, told="all", placed="text")
    call = Call(app_id="a", query="all", inputs={"text": "all", "name": "Ada"})
    seen: list[Call] = []

    def invoke(asked: Call) -> Iterator[Event | None]:
        seen.append(asked)
        yield {"event": "message", "conversation_id": "c1", "answer": "ONE"}

    first = history_of(messages.read([user("one")]), app_id="a", user=None, named=True, told="one")
    for one in (first, history):
        records = endpoint.process.records(HISTORIES, "e")
        list(Histories(records=records, aside=Inbox().aside, history=one, said=lambda: "ONE").run(call, invoke))
    assert [one.inputs for one in seen] == [{"text": "all", "name": "Ada"}, {"text": "two", "name": "Ada"}]
    assert [one.query for one in seen] == ["all", "two"]
