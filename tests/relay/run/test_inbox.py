"""When whoever takes the events is woken, told by a bell that only counts."""

import threading
from collections.abc import Callable

import pytest

from relay.event import Event
from relay.run.inbox import Inbox
from workspace.testing import until

EVENT: Event = {"event": "message"}

type Act = Callable[[Inbox], None]


class Counting:
    """Lets something happen during each wait, and notes how long a wait was asked for and how often it rang."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.rung = 0
        self.meanwhile: Callable[[], None] = lambda: None

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.meanwhile()

    def ring(self) -> None:
        self.rung += 1


@pytest.fixture
def bell() -> Counting:
    return Counting()


@pytest.fixture
def inbox(bell: Counting) -> Inbox:
    return Inbox(bell)


def put(inbox: Inbox) -> None:
    inbox.put(EVENT)


def end(inbox: Inbox) -> None:
    inbox.end()


def several(inbox: Inbox) -> None:
    put(inbox)
    put(inbox)
    end(inbox)


@pytest.mark.parametrize(
    ("act", "deaf", "rung"),
    [(put, False, 1), (end, False, 1), (several, False, 1), (put, True, 0), (end, True, 1), (several, True, 1)],
)
def test_who_waits_is_woken_once_by_what_it_waits_for(
    bell: Counting, inbox: Inbox, act: Act, rung: int, *, deaf: bool
) -> None:
    bell.meanwhile = lambda: act(inbox)
    inbox.wait(5, deaf=deaf)
    assert (bell.waits, bell.rung) == ([5], rung)


@pytest.mark.parametrize("act", [put, end, several])
def test_nobody_is_woken_who_does_not_wait(bell: Counting, inbox: Inbox, act: Act) -> None:
    inbox.wait(5)
    act(inbox)
    assert bell.rung == 0


@pytest.mark.parametrize(
    ("act", "deaf", "waits"),
    [(put, False, []), (end, False, []), (put, True, [5]), (end, True, [])],
    ids=["an event", "an end", "an event, deaf", "an end, deaf"],
)
def test_what_came_before_is_not_waited_for(
    bell: Counting, inbox: Inbox, act: Act, waits: list[float], *, deaf: bool
) -> None:
    act(inbox)
    inbox.wait(5, deaf=deaf)
    assert bell.waits == waits


def test_an_end_that_was_told_once_is_not_told_again(bell: Counting, inbox: Inbox) -> None:
    inbox.end()
    inbox.wait(1, deaf=True)
    inbox.wait(2, deaf=True)
    assert bell.waits == [2]


def test_no_time_is_no_wait(bell: Counting, inbox: Inbox) -> None:
    inbox.wait(0)
    inbox.wait(-1)
    assert bell.waits == []


def test_while_something_is_done_aside_its_end_wakes_and_no_event_does(bell: Counting, inbox: Inbox) -> None:
    let = threading.Event()

    def act() -> str:
        assert let.wait(30)
        return "done"

    doing = inbox.aside(act)
    assert next(doing) is None
    inbox.put(EVENT)
    bell.meanwhile = lambda: inbox.put(EVENT)
    inbox.wait(1)
    assert (bell.waits, bell.rung) == ([1], 0)

    def finish() -> None:
        let.set()
        until(lambda: bell.rung)

    bell.meanwhile = finish
    inbox.wait(2)
    assert (bell.waits, bell.rung) == ([1, 2], 1)
    with pytest.raises(StopIteration) as ended:
        next(doing)
    assert ended.value.value == "done"
    inbox.wait(3)
    assert bell.waits == [1, 2], "the events that waited are waited for no longer"


def test_what_fails_aside_fails_where_it_was_asked_for(inbox: Inbox) -> None:
    def act() -> None:
        raise ValueError("no pond")

    with pytest.raises(ValueError, match="no pond"):
        list(inbox.aside(act))
