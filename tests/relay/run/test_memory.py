from collections.abc import Iterator
from dataclasses import replace

import pytest

from relay.call import Call
from relay.event import Event
from relay.run.failure import ConversationNotFound
from relay.run.memory import Memory
from tests.relay.storage import Shelf

CALL = Call(app_id="a", user="duck")
DAY = 24 * 3600.0


class App:
    """A chat app that begins a conversation where it is given none."""

    def __init__(self, *forgotten: str) -> None:
        self.asked: list[str | None] = []
        self.forgotten = forgotten

    def __call__(self, call: Call) -> Iterator[Event]:
        self.asked.append(call.conversation_id)
        if call.conversation_id in self.forgotten:
            raise ConversationNotFound("Conversation Not Exists.")
        conversation_id = call.conversation_id or f"c{len(self.asked)}"
        yield {"event": "message", "conversation_id": conversation_id}
        yield {"event": "message_end", "conversation_id": conversation_id}


def memory(shelf: Shelf, *, now: float = 0.0, endpoint_id: str = "e", thread: str | None = None) -> Memory:
    return Memory(storage=shelf, endpoint_id=endpoint_id, thread=thread, keep=7 * DAY, now=now)


def test_a_user_goes_on_where_it_stopped() -> None:
    shelf, app = Shelf(), App()
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
def test_nobody_gets_anothers_conversation(call: Call, endpoint_id: str) -> None:
    shelf, app = Shelf(), App()
    list(memory(shelf).run(CALL, app))
    list(memory(shelf, endpoint_id=endpoint_id).run(call, app))
    assert app.asked == [None, None]


def test_in_each_thread_a_user_has_a_conversation_of_its_own() -> None:
    shelf, app = Shelf(), App()
    for thread in ("issue 7", "issue 8", "issue 7"):
        list(memory(shelf, thread=thread).run(CALL, app))
    assert app.asked == [None, None, "c1"]


def test_a_new_conversation_takes_the_place_of_the_old() -> None:
    shelf, app = Shelf(), App()
    for call in (CALL, replace(CALL, fresh=True), CALL):
        list(memory(shelf).run(call, app))
    assert app.asked == [None, None, "c2"]


def test_a_conversation_that_the_caller_names_is_left_alone() -> None:
    shelf, app = Shelf(), App()
    list(memory(shelf).run(replace(CALL, conversation_id="own"), app))
    assert (app.asked, shelf.values) == (["own"], {})


def test_an_entry_expires_after_its_last_use() -> None:
    shelf, app = Shelf(), App()
    for now in (0, 6 * DAY, 12 * DAY, 20 * DAY):
        list(memory(shelf, now=now).run(CALL, app))
    assert app.asked == [None, "c1", "c1", None]


def test_a_conversation_that_dify_forgot_is_begun_anew_once_and_silently() -> None:
    shelf, app = Shelf(), App("c1")
    list(memory(shelf).run(CALL, app))
    events = list(memory(shelf).run(CALL, app))
    assert app.asked == [None, "c1", None]
    assert events[0]["conversation_id"] == "c3"
    with pytest.raises(ConversationNotFound):
        list(memory(shelf).run(replace(CALL, conversation_id="c1"), app))


@pytest.mark.parametrize("broken", [{"get"}, {"set"}, {"get", "set"}])
def test_without_storage_the_app_answers_all_the_same(broken: set[str]) -> None:
    shelf, app = Shelf(), App()
    shelf.broken = broken
    assert len(list(memory(shelf).run(CALL, app))) == 2


@pytest.mark.parametrize("stored", [b"", b"null", b"{", b"[]", b'{"conversation_id": 1}', b'{"at": "x"}', b"\xff"])
def test_a_spoilt_entry_is_begun_anew(stored: bytes) -> None:
    shelf, app = Shelf(), App()
    list(memory(shelf).run(CALL, app))
    shelf.values = dict.fromkeys(shelf.values, stored)
    list(memory(shelf).run(CALL, app))
    assert app.asked == [None, None]


def test_neither_the_user_nor_the_app_stands_in_the_storage() -> None:
    shelf = Shelf()
    list(memory(shelf).run(replace(CALL, user="someone@example.org"), App()))
    [key] = shelf.values
    assert "someone" not in key
    assert b"someone" not in shelf.values[key]
