"""A question that names the response it goes on from."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from relay.call import Call
from relay.errors import AppFailed, AppUnavailable
from relay.event import Event
from relay.incoming.openai import messages
from relay.run.failure import Cancelled, ConversationNotFound, UserNotFound
from relay.run.histories import HELD, Histories, PreviousResponseInProgress, PreviousResponseNotFound
from relay.run.history import history_of, tell
from relay.run.inbox import Inbox
from relay.run.records import HISTORIES
from tests.relay.run.records import Clock, Process
from tests.relay.storage import Shelf
from workspace.testing import until

WEEK = 7 * 24 * 3600.0


class Endpoint:
    """An endpoint whose app repeats each question; responses are r1, r2, …"""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.clock = Clock()
        self.process = Process(self.shelf, self.clock)
        self.asked: list[tuple[str | None, str]] = []
        self.end: Callable[[], Any] = lambda: None  # what happens before the app's last event
        self.fails = False
        self._count = count(1)

    def ask(
        self, *texts: str, previous: str = "", system: str = "", user: str | None = None, app_id: str = "a"
    ) -> str:
        """Ask, and give the response's id; of several texts every second is the assistant's."""
        list(self.running(*texts, previous=previous, system=system, user=user, app_id=app_id))
        return f"r{len(self.asked)}"

    def running(
        self, *texts: str, previous: str = "", system: str = "", user: str | None = None, app_id: str = "a"
    ) -> Iterator[Event | None]:
        roles = ["user", "assistant"] * len(texts)
        conversation = messages.read(
            [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
        )
        told = tell(conversation, system=system)
        history = history_of(
            conversation, app_id=app_id, user=user, named=True, told=told, system=system, previous=previous
        )
        return Histories(
            records=self.process.records(HISTORIES),
            aside=Inbox().aside,
            history=history,
            said=lambda: "" if self.fails else texts[-1],
            named=lambda: f"r{len(self.asked)}",
        ).run(Call(app_id=app_id, query=told, user=user), self._app)

    def _app(self, call: Call) -> Iterator[Event | None]:
        self.asked.append((call.conversation_id, call.query))
        conversation_id = call.conversation_id or f"c{next(self._count)}"
        yield None
        self.end()
        yield {"event": "message_end", "conversation_id": conversation_id}


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


def raising(error: Exception) -> Callable[[], Any]:
    def end() -> None:
        raise error

    return end


def test_each_response_is_gone_on_from_with_what_is_new_alone(endpoint: Endpoint) -> None:
    first = endpoint.ask("one")
    second = endpoint.ask("two", previous=first)
    endpoint.process = Process(endpoint.shelf, endpoint.clock)
    endpoint.ask("three", previous=second)
    assert endpoint.asked == [(None, "one"), ("c1", "two"), ("c1", "three")]


def test_all_that_is_sent_with_it_is_new(endpoint: Endpoint) -> None:
    endpoint.ask("three", "THREE", "four", previous=endpoint.ask("one"))
    assert endpoint.asked[1] == (
        "c1",
        "The conversation so far:\n\nUser: three\n\nAssistant: THREE\n\nThe next message of the user:\n\nfour",
    )


def test_other_instructions_are_told_and_the_same_are_not(endpoint: Endpoint) -> None:
    response = endpoint.ask("one", system="Be a duck.")
    for question, system in (("two", " Be a  duck. "), ("three", "Be a hen."), ("four", ""), ("five", "Be a hen.")):
        response = endpoint.ask(question, system=system, previous=response)
    assert [query for _, query in endpoint.asked] == [
        "Be a duck.\n\none",
        "two",
        "Be a hen.\n\nthree",
        "four",
        "Be a hen.\n\nfive",
    ]


def test_one_conversation_is_gone_on_with_by_its_words_or_its_id(endpoint: Endpoint) -> None:
    endpoint.ask("one")
    response = endpoint.ask("one", "one", "two")
    endpoint.ask("three", previous=response)
    assert endpoint.asked == [(None, "one"), ("c1", "two"), ("c1", "three")]


def test_a_fork_is_refused_by_either(endpoint: Endpoint) -> None:
    first = endpoint.ask("one")
    endpoint.ask("two", previous=first)
    with pytest.raises(PreviousResponseNotFound):
        endpoint.ask("other", previous=first)
    endpoint.ask("one", "one", "other")
    assert [conversation for conversation, _ in endpoint.asked] == [None, "c1", None]


@pytest.mark.parametrize(
    "fields", [{"previous": "r2"}, {"user": "eve"}, {"user": "bob", "app_id": "b"}, {"user": None}], ids=repr
)
def test_a_response_of_somebody_else_is_not_known(endpoint: Endpoint, fields: dict[str, Any]) -> None:
    first = endpoint.ask("one", user="bob")
    with pytest.raises(PreviousResponseNotFound) as refused:
        endpoint.ask("two", **{"previous": first, "user": "bob", **fields})
    assert (refused.value.code, refused.value.param) == ("previous_response_not_found", "previous_response_id")
    endpoint.ask("two", previous=first, user="bob")
    assert endpoint.asked == [(None, "one"), ("c1", "two")]


def test_after_a_week_it_is_forgotten(endpoint: Endpoint) -> None:
    first = endpoint.ask("one")
    endpoint.clock.now += WEEK
    with pytest.raises(PreviousResponseNotFound):
        endpoint.ask("two", previous=first)


def test_of_two_at_the_same_moment_one_goes_on(endpoint: Endpoint) -> None:
    first = endpoint.ask("one")
    running = endpoint.running("two", previous=first)
    while not endpoint.asked[1:]:
        next(running)
    for _ in range(2):
        with pytest.raises(PreviousResponseInProgress):
            endpoint.ask("other", previous=first)
        endpoint.process = Process(endpoint.shelf, endpoint.clock)  # another one, which knows the storage alone
    list(running)
    assert endpoint.asked == [(None, "one"), ("c1", "two")]
    with pytest.raises(PreviousResponseNotFound):
        endpoint.ask("other", previous=first)


@pytest.mark.parametrize("how", ["the generator is closed", "Dify says so"])
def test_who_hangs_up_can_ask_again_although_nothing_could_be_written(endpoint: Endpoint, how: str) -> None:
    """As openai's clients do by themselves after a time-out."""
    first = endpoint.ask("one")
    if how == "Dify says so":
        endpoint.end = raising(Cancelled("gone"))
    running = endpoint.running("two", previous=first)
    while not endpoint.asked[1:]:
        next(running)
    endpoint.shelf.broken = {"get", "set", "delete"}
    if how == "Dify says so":
        with pytest.raises(Cancelled):
            list(running)
    else:
        running.close()  # type: ignore[attr-defined]
    endpoint.shelf.broken = set()
    endpoint.end = lambda: None
    endpoint.ask("two", previous=first)
    assert endpoint.asked == [(None, "one"), ("c1", "two"), ("c1", "two")]


def test_in_another_process_what_a_caller_left_is_taken_up_when_its_run_would_be_over(endpoint: Endpoint) -> None:
    first = endpoint.ask("one")
    unmarked = dict(endpoint.shelf.values)
    running = endpoint.running("two", previous=first)
    while not endpoint.asked[1:]:
        next(running)
    until(lambda: endpoint.shelf.values != unmarked)  # the app has not waited for that
    other = Process(endpoint.shelf, endpoint.clock)
    endpoint.process, left = other, running
    endpoint.clock.now += HELD - 1
    with pytest.raises(PreviousResponseInProgress):
        endpoint.ask("two", previous=first)
    endpoint.clock.now += 1
    endpoint.ask("two", previous=first)
    assert [conversation for conversation, _ in endpoint.asked] == [None, "c1", "c1"]
    del left


def test_a_run_that_breaks_leaves_it_as_it_was(endpoint: Endpoint) -> None:
    first = endpoint.ask("one", system="Be a duck.")
    endpoint.end = raising(AppFailed("It broke."))
    with pytest.raises(AppFailed):
        endpoint.ask("two", previous=first, system="Be a hen.")
    endpoint.end = lambda: None
    endpoint.ask("two", previous=first, system="Be a duck.")
    assert endpoint.asked[2] == ("c1", "two")


def test_a_run_that_says_that_it_failed_leaves_it_as_it_was(endpoint: Endpoint) -> None:
    first = endpoint.ask("one")
    endpoint.fails = True
    failed = endpoint.ask("two", previous=first)
    endpoint.fails = False
    with pytest.raises(PreviousResponseNotFound):
        endpoint.ask("three", previous=failed)
    endpoint.ask("two", previous=first)
    assert endpoint.asked[2] == ("c1", "two")


@pytest.mark.parametrize("error", [ConversationNotFound("gone"), UserNotFound("gone")], ids=repr)
def test_a_conversation_that_dify_lost_is_not_begun_anew_silently(endpoint: Endpoint, error: Exception) -> None:
    first = endpoint.ask("one")
    endpoint.end = raising(error)
    with pytest.raises(PreviousResponseNotFound):
        endpoint.ask("two", previous=first)
    assert endpoint.asked == [(None, "one"), ("c1", "two")]


def test_a_storage_that_cannot_be_read_is_told_as_that(endpoint: Endpoint) -> None:
    first = endpoint.ask("one")
    endpoint.shelf.broken.add("get")
    with pytest.raises(AppUnavailable):
        endpoint.ask("two", previous=first)
    endpoint.shelf.broken.clear()
    endpoint.ask("two", previous=first)
    assert endpoint.asked == [(None, "one"), ("c1", "two")]


def test_where_the_mark_cant_be_written_the_question_is_answered_and_the_next_goes_on(endpoint: Endpoint) -> None:
    first = endpoint.ask("one")
    endpoint.shelf.broken = {"set"}
    running = endpoint.running("two", previous=first)
    while not endpoint.asked[1:]:
        next(running)
    endpoint.shelf.broken = set()
    list(running)
    endpoint.ask("three", previous=f"r{len(endpoint.asked)}")
    assert endpoint.asked == [(None, "one"), ("c1", "two"), ("c1", "three")]
