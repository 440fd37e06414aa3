import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from relay.call import Call
from relay.event import Event
from relay.run.failure import ConversationNotFound, UserNotFound
from relay.run.inbox import Inbox
from relay.run.memory import Memory
from relay.run.records import MEMORY
from tests.relay.run.records import Clock, Process, lost, stored_records
from tests.relay.storage import Shelf

CALL = Call(app_id="a", user="duck")
DAY = 24 * 3600.0


class App:
    """A chat app that begins a conversation where it is given none."""

    def __init__(self, *forgotten: str) -> None:
        self.asked: list[str | None] = []
        self.forgotten = forgotten

    def __call__(self, call: Call) -> Iterator[Event | None]:
        self.asked.append(call.conversation_id)
        if call.conversation_id in self.forgotten:
            raise ConversationNotFound("Conversation Not Exists.")
        conversation_id = call.conversation_id or f"c{len(self.asked)}"
        yield {"event": "message", "conversation_id": conversation_id}
        yield {"event": "message_end", "conversation_id": conversation_id}


def heard(events: Iterator[Event | None]) -> list[Event]:
    return [event for event in events if event is not None]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def memory(shelf: Shelf, *, now: float = 0.0, endpoint_id: str = "e", thread: str | None = None) -> Memory:
    """Give the memory of a process that has just begun, after `now` seconds."""
    process = Process(shelf, Clock(1_700_000_000.0 + now))
    return Memory(records=process.records(MEMORY, endpoint_id, keep=7 * DAY), aside=Inbox().aside, thread=thread)


def test_a_user_goes_on_where_it_stopped(shelf: Shelf) -> None:
    app = App()
    for _ in range(3):
        list(memory(shelf).run(CALL, app))
    assert app.asked == [None, "c1", "c1"]


@pytest.mark.parametrize(
    ("call", "endpoint_id"),
    [
        (replace(CALL, user="goose"), "e"),
        (replace(CALL, app_id="b"), "e"),
        (CALL, "f"),
        (replace(CALL, app_id='a","d'), "e"),
        (replace(CALL, fresh=True), "e"),
        (replace(CALL, user=None), "e"),
    ],
    ids=["another user", "another app", "another endpoint", "parts shifted", "asked for a new one", "no user"],
)
def test_nobody_gets_anothers_conversation(shelf: Shelf, call: Call, endpoint_id: str) -> None:
    app = App()
    list(memory(shelf).run(CALL, app))
    list(memory(shelf, endpoint_id=endpoint_id).run(call, app))
    assert app.asked == [None, None]


def test_in_each_thread_a_user_has_a_conversation_of_its_own(shelf: Shelf) -> None:
    app = App()
    for thread in ("issue 7", "issue 8", "issue 7"):
        list(memory(shelf, thread=thread).run(CALL, app))
    assert app.asked == [None, None, "c1"]


def test_a_new_conversation_takes_the_place_of_the_old(shelf: Shelf) -> None:
    app = App()
    for call in (CALL, replace(CALL, fresh=True), CALL):
        list(memory(shelf).run(call, app))
    assert app.asked == [None, None, "c2"]


def test_a_conversation_that_the_caller_names_is_left_alone(shelf: Shelf) -> None:
    app = App()
    list(memory(shelf).run(replace(CALL, conversation_id="own"), app))
    assert (app.asked, shelf.values) == (["own"], {})


def test_an_entry_expires_after_its_last_use(shelf: Shelf) -> None:
    app = App()
    for now in (0, 6 * DAY, 12 * DAY, 20 * DAY):
        list(memory(shelf, now=now).run(CALL, app))
    assert app.asked == [None, "c1", "c1", None]


def test_a_conversation_that_dify_forgot_is_begun_anew_once_and_silently(shelf: Shelf) -> None:
    app = App("c1")
    list(memory(shelf).run(CALL, app))
    events = heard(memory(shelf).run(CALL, app))
    assert app.asked == [None, "c1", None]
    assert events[0]["conversation_id"] == "c3"
    with pytest.raises(ConversationNotFound):
        list(memory(shelf).run(replace(CALL, conversation_id="c1"), app))


def test_a_user_that_an_older_dify_does_not_know_gets_a_new_conversation_instead_of_an_error(shelf: Shelf) -> None:
    class Old(App):
        def __call__(self, call: Call) -> Iterator[Event | None]:
            if call.conversation_id:
                raise UserNotFound("user not found")
            yield from super().__call__(call)

    app = Old()
    for _ in range(2):
        assert len(heard(memory(shelf).run(CALL, app))) == 2
    assert app.asked == [None, None]


@pytest.mark.parametrize("broken", [{"get"}, {"set"}, {"get", "set"}])
def test_without_storage_the_app_answers_all_the_same(shelf: Shelf, broken: set[str]) -> None:
    app = App()
    shelf.broken = broken
    assert len(heard(memory(shelf).run(CALL, app))) == 2


@pytest.mark.parametrize("stored", [b"", b"null", b"{", b"[]", b'{"conversation_id": 1}', b'{"at": "x"}', b"\xff"])
def test_a_spoilt_entry_is_begun_anew(shelf: Shelf, stored: bytes) -> None:
    app = App()
    list(memory(shelf).run(CALL, app))
    shelf.values = dict.fromkeys(shelf.values, stored)
    list(memory(shelf).run(CALL, app))
    assert app.asked == [None, None]


def test_neither_the_user_nor_the_app_stands_in_the_storage(shelf: Shelf) -> None:
    list(memory(shelf).run(replace(CALL, app_id="somewhere", user="someone@example.org"), App()))
    assert len(stored_records(shelf)) == 1
    assert [pair for pair in shelf.values.items() if "some" in pair[0] or b"some" in pair[1]] == []


def test_a_known_user_costs_one_read(shelf: Shelf) -> None:
    app = App()
    list(memory(shelf).run(CALL, app))
    shelf.calls.clear()
    list(memory(shelf, now=0.6 * DAY).run(CALL, app))
    assert (app.asked, shelf.calls) == ([None, "c1"], {"get": 1})


def test_a_conversation_that_dify_loses_after_the_app_has_spoken_is_not_run_again(shelf: Shelf) -> None:
    app = App()
    list(memory(shelf).run(CALL, app))

    def lose(call: Call) -> Iterator[Event | None]:
        yield from app(call)
        raise ConversationNotFound("Conversation Not Exists.")

    with pytest.raises(ConversationNotFound):
        list(memory(shelf).run(CALL, lose))
    assert app.asked == [None, "c1"]


def test_what_is_remembered_is_bounded_and_the_longest_unused_goes_first(shelf: Shelf) -> None:
    records = Process(shelf, Clock()).records(replace(MEMORY, budget=20_000), keep=7 * DAY)
    app = App()
    for number in range(300):
        list(Memory(records=records, aside=Inbox().aside).run(replace(CALL, user=f"user {number}"), app))
    assert lost(shelf) == []
    kept = len(stored_records(shelf))
    assert 100 < kept < 130
    app.asked.clear()
    for number in (299, 299 - kept + 1, 299 - kept):
        list(Memory(records=records, aside=Inbox().aside).run(replace(CALL, user=f"user {number}"), app))
    assert app.asked == ["c300", f"c{300 - kept + 1}", None]


def test_the_answer_goes_on_while_its_conversation_is_written_and_ends_after_that(shelf: Shelf) -> None:
    let = threading.Event()

    class Slow(Shelf):
        def set(self, key: str, value: bytes) -> None:
            assert let.wait(30)
            super().set(key, value)

    slow = Slow()
    run = memory(slow).run(CALL, App())
    said: list[Event] = []
    while not said or said[-1]["event"] != "message_end":
        event = next(run)
        said.extend([event] if event else [])
    assert [event["event"] for event in said] == ["message", "message_end"]
    assert next(run) is None
    assert stored_records(slow) == {}
    let.set()
    assert heard(run) == []
    assert len(stored_records(slow)) == 1


def test_a_run_that_fails_ends_after_its_conversation_is_written() -> None:
    let = threading.Event()

    class Slow(Shelf):
        def set(self, key: str, value: bytes) -> None:
            assert let.wait(30)
            super().set(key, value)

    def fails(call: Call) -> Iterator[Event | None]:
        yield {"event": "message", "conversation_id": "c"}
        raise RuntimeError("no pond")

    slow = Slow()
    run = memory(slow).run(CALL, fails)
    assert [next(run) for _ in range(3)] == [{"event": "message", "conversation_id": "c"}, None, None]
    let.set()
    with pytest.raises(RuntimeError, match="no pond"):
        heard(run)
    assert len(stored_records(slow)) == 1


def test_the_conversation_that_took_a_lost_ones_place_is_remembered(shelf: Shelf) -> None:
    app = App("c1")
    for _ in range(3):
        list(memory(shelf).run(CALL, app))
    assert app.asked == [None, "c1", None, "c3"]
