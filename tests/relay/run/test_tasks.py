"""Runs that end because whoever began them asks for it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from relay.errors import AppFailed
from relay.event import Event
from relay.run.dify import StorageFailed
from relay.run.records import STOPS
from relay.run.tasks import LONGEST, Scope, Task, stop
from tests.events import CHAT, IDS, RUN, chatflow, workflow
from tests.relay.run.records import Clock, Process, nothing
from tests.relay.storage import Shelf

BOB = Scope(endpoint_id="e", app_id="app", user="bob")
MESSAGE_END = {"event": "message_end", **IDS, "metadata": {}, "files": None}


def finished(ids: dict[str, Any], **told: Any) -> Event:
    data: dict[str, Any] = {
        "id": "w",
        "workflow_id": None,
        "status": "stopped",
        "outputs": {},
        "error": "Stopped by user.",
        "elapsed_time": 2.0,
        "total_tokens": 0,
        "total_steps": 0,
        "created_by": {},
        "created_at": None,
        "finished_at": 1_700_000_002,
        "exceptions_count": 0,
        "files": [],
    }
    return {**ids, "event": "workflow_finished", "data": {**data, **told}}


def task(process: Process, scope: Scope = BOB, wake: Callable[[], None] = nothing) -> Task:
    return Task(scope, records=process.records(STOPS), wake=wake, clock=process.clock)


def ask(process: Process, scope: Scope = BOB, task_id: str = "t") -> None:
    stop(scope, task_id, process.records(STOPS))


def stopped_after(
    events: list[dict[str, Any]], count: int, asking: Callable[[], None], process: Process, scope: Scope = BOB
) -> list[Event | None]:
    """Give what a run passes on that somebody asks to stop after so many events."""
    running = task(process, scope)
    told: list[Event | None] = []
    try:
        for event in running.events(iter(events)):
            told.append(event)
            if len(told) == count:
                process.clock.now += 2
                asking()
    finally:
        running.leave()
    return told


@pytest.mark.parametrize(
    ("events", "count", "ending"),
    [
        (CHAT, 1, [MESSAGE_END]),
        (CHAT, 2, [MESSAGE_END]),
        ([{"event": "message", "task_id": "t", "message_id": "m"}, *CHAT], 1, [
            {"event": "message_end", "task_id": "t", "id": "m", "message_id": "m", "metadata": {}, "files": None}
        ]),
        (workflow({}), 1, [finished(RUN)]),
        (workflow({}), 3, [finished(RUN, total_steps=1)]),
        (chatflow(), 4, [finished({**RUN, **IDS}, total_steps=1), MESSAGE_END]),
        (
            [{"event": "agent_log", **RUN, "data": {"id": "log"}}, *workflow({})],
            1,
            [finished(RUN, id="log", elapsed_time=0)],
        ),
    ],
    ids=["chat", "chat's last chunk", "completion", "workflow", "after a node", "chatflow", "unknown so far"],
)  # fmt: skip
def test_a_run_that_is_stopped_ends_as_dify_ends_it(
    one: Process, events: list[dict[str, Any]], count: int, ending: list[Event]
) -> None:
    told = stopped_after(events, count, lambda: ask(one), one)
    assert told == [*events[:count], *ending]


@pytest.mark.parametrize(
    "events", [CHAT, chatflow(), [*CHAT, {"event": "tts_message_end", **IDS}]], ids=["chat", "chatflow", "voice"]
)
def test_what_has_ended_already_is_passed_on_whole(one: Process, events: list[dict[str, Any]]) -> None:
    end = next(number for number, event in enumerate(events, 1) if event["event"] == "message_end")
    assert stopped_after(events, end, lambda: ask(one), one) == events


@pytest.mark.parametrize(
    "stranger",
    [
        Scope(endpoint_id="e", app_id="app", user="eve"),
        Scope(endpoint_id="e", app_id="other", user="bob"),
        Scope(endpoint_id="f", app_id="app", user="bob"),
        Scope(endpoint_id="e", app_id="app", user=""),
        Scope(endpoint_id="e", app_id='app", "bob', user=""),
    ],
    ids=["user", "app", "endpoint", "nobody", "forged"],
)
def test_nobody_else_stops_it(one: Process, stranger: Scope) -> None:
    running = task(one)
    events = running.events(iter(CHAT))
    told = [next(events)]
    ask(one, stranger)
    assert running.look()
    assert [*told, *events] == CHAT
    running.leave()
    assert not running.stopped


@pytest.mark.parametrize("task_id", ["", "..", "t" * 65, "t/../t", "ü", "t\n"])
def test_what_is_no_task_leaves_no_mark(one: Process, task_id: str) -> None:
    ask(one, task_id=task_id)
    assert one.shelf.values == {}


def test_a_run_of_nobody_is_stopped_by_nobody(one: Process) -> None:
    nobody = Scope(endpoint_id="e", app_id="app", user="")
    assert stopped_after(CHAT, 1, lambda: ask(one, nobody), one, nobody) == CHAT
    assert one.shelf.values == {}


def test_another_process_leaves_a_mark_that_the_run_finds_and_removes() -> None:
    shelf, clock = Shelf(), Clock()
    here, there = Process(shelf, clock), Process(shelf, clock)
    woken: list[bool] = []
    running = task(here, wake=lambda: woken.append(True))
    events = running.events(iter(CHAT))
    told = [next(events)]
    running.leave()  # as if it ran in a process that `there` knows nothing of
    ask(there)
    assert woken == []
    assert not running.look()
    assert woken == [True]
    assert [*told, *events] == [CHAT[0], MESSAGE_END]
    assert running.stopped
    assert here.records(STOPS).read(BOB.name("t")) is None


def test_marks_are_bounded_and_lapse(one: Process) -> None:
    for number in range(1000):
        ask(one, task_id=f"task-{number}")
    assert one.shelf.stored < 2 * STOPS.budget
    assert one.records(STOPS).read(BOB.name("task-999")) is not None
    one.clock.now += STOPS.keep + 1
    assert one.records(STOPS).read(BOB.name("task-999")) is None


def test_it_looks_as_long_as_a_run_may_last(one: Process) -> None:
    running = task(one)
    assert running.look(), "no event yet"
    events = running.events(iter(CHAT))
    next(events)
    one.shelf.broken.add("get")
    assert running.look(), "the storage may work again"
    one.shelf.silent.add("get")
    one.shelf.broken.clear()
    assert not running.look(), "its caller is gone"
    one.shelf.silent.clear()
    one.clock.now += LONGEST + 1
    assert not running.look()
    ask(one)
    assert [*events] == CHAT[1:], "it was forgotten"


def test_a_storage_that_fails_is_told_to_who_asks(one: Process) -> None:
    one.shelf.broken.add("set")
    with pytest.raises(StorageFailed):
        ask(one)


def test_a_run_that_has_ended_is_forgotten(one: Process) -> None:
    stopped_after(CHAT, 3, nothing, one)
    ask(one)
    assert one.records(STOPS).read(BOB.name("t")) is not None, "it ran nowhere here"


def test_an_app_that_fails_fails(one: Process) -> None:
    def failing() -> Iterator[Event]:
        yield CHAT[0]
        raise AppFailed("It broke.")

    running = task(one)
    with pytest.raises(AppFailed):
        list(running.events(failing()))
    running.leave()
