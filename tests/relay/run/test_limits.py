"""How often apps may run: exact within a process, known to the others, and not forgotten by a restart."""

import json
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.incoming.settings import Limit
from relay.run.limits import Limits
from relay.run.tally import GONE, LOOK, MOST, RETURN
from tests.relay.storage import Shelf

DAY = 86_400.0
NOON = 1_700_000_000.0 // DAY * DAY + DAY / 2
FEW = (Limit(3, 60.0), Limit(5, DAY))


class Process:
    """One process of the plugin: what it has counted ends with it, but for what it has stored."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.writer = token_hex(8)

    def limits(
        self, user: tuple[Limit, ...] = (), endpoint: tuple[Limit, ...] = (), endpoint_id: str = "e"
    ) -> Limits:
        return Limits(
            storage=self.shelf, endpoint_id=endpoint_id, of_user=user, of_endpoint=endpoint, writer=self.writer
        )


@pytest.fixture
def one() -> Process:
    return Process(Shelf())


def test_without_limits_nothing_is_counted(one: Process) -> None:
    assert [one.limits().take("ann", NOON) for _ in range(9)] == [0.0] * 9
    assert (one.shelf.calls, one.shelf.values) == ({}, {})


def test_a_user_may_run_so_often_and_is_told_when_again(one: Process) -> None:
    limits = one.limits(user=FEW)
    assert [limits.take("ann", NOON + 10 + number) for number in range(4)] == [0.0, 0.0, 0.0, 47.0]
    assert [limits.take("ann", NOON + 60 + number) for number in range(3)] == [0.0, 0.0, DAY / 2 - 62]
    assert limits.take("ann", NOON + DAY / 2 - 0.5) == 0.5
    assert limits.take("ann", NOON + DAY / 2) == 0.0


def test_users_are_counted_apart_and_all_together(one: Process) -> None:
    limits = one.limits(user=(Limit(2, 60.0),), endpoint=(Limit(3, 3600.0),))
    users = ["ann", "ann", "ann", "bob", "bob"]
    assert [limits.take(user, NOON) for user in users] == [0.0, 0.0, 60.0, 0.0, 3600.0]


def test_endpoints_are_counted_apart(one: Process) -> None:
    first, second = (one.limits(endpoint=(Limit(1, 60.0),), endpoint_id=name) for name in ("e", "f"))
    assert [limits.take("ann", NOON) for limits in (first, first, second)] == [0.0, 60.0, 0.0]


def test_who_comes_without_a_name_is_one_user_and_no_name_is_that_one(one: Process) -> None:
    limits = one.limits(user=(Limit(1, 60.0),))
    names = [None, None, "null", "", "\ud83d", "ann"]
    assert [limits.take(name, NOON) for name in names] == [0.0, 60.0, 0.0, 0.0, 0.0, 0.0]


def test_a_restart_forgets_nothing(one: Process) -> None:
    for number in range(5):
        assert Process(one.shelf).limits(user=FEW, endpoint=FEW).take("ann", NOON + 60 * number) == 0.0
    again = Process(one.shelf).limits(user=FEW)
    assert again.take("ann", NOON + 300) == DAY / 2 - 300
    assert again.take("bob", NOON + 300) == 0.0


def test_processes_know_of_each_other_after_a_while(one: Process) -> None:
    limit = (Limit(4, 3600.0),)
    first, second = one.limits(endpoint=limit), Process(one.shelf).limits(endpoint=limit)
    assert [limits.take(None, NOON) for limits in (first, second, first, second)] == [0.0] * 4
    assert [limits.take(None, NOON + LOOK) for limits in (first, second)] == [3600 - LOOK] * 2


def test_a_process_that_comes_back_is_not_counted_twice(one: Process) -> None:
    limit = (Limit(4, DAY),)
    idle = one.limits(endpoint=limit)
    assert [idle.take(None, NOON) for _ in range(2)] == [0.0, 0.0]
    later = NOON + GONE
    assert Process(one.shelf).limits(endpoint=limit).take(None, later) == 0.0  # adds the idle one's to the gone
    assert [idle.take(None, later + 1) for _ in range(2)] == [0.0, DAY / 2 - GONE - 1]


def test_many_restarts_leave_one_sum(one: Process) -> None:
    for number in range(50):
        assert Process(one.shelf).limits(endpoint=(Limit(50, DAY),)).take(None, NOON + GONE * number) == 0.0
    assert Process(one.shelf).limits(endpoint=(Limit(50, DAY),)).take(None, NOON + GONE * 50) > 0.0
    (stored,) = one.shelf.values.values()
    assert len(json.loads(stored)) == 2


@pytest.fixture
def shards(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("relay.run.limits.SHARDS", 2)  # fewer are full sooner
    return 2


def test_many_names_push_out_neither_the_endpoints_count_nor_a_busy_users(one: Process, shards: int) -> None:
    limits = one.limits(user=(Limit(2, DAY),), endpoint=(Limit(10_000, DAY),))
    assert [limits.take("ann", NOON) for _ in range(2)] == [0.0, 0.0]
    strangers = 2 * MOST * shards
    assert {limits.take(f"stranger {number}", NOON) for number in range(strangers)} == {0.0}
    assert limits.take("ann", NOON) == DAY / 2
    (everyone,) = (json.loads(value) for key, value in one.shelf.values.items() if key.endswith("-all"))
    assert everyone[one.writer]["rows"][""] == [0.0, [int(DAY), int(NOON // DAY), strangers + 2]]
    assert all(len(value) < 10_000 for value in one.shelf.values.values())
    assert len(one.shelf.values) == shards + 1


def test_a_new_name_is_counted_even_among_busy_ones(one: Process, shards: int) -> None:
    limits = one.limits(user=(Limit(2, DAY),))
    for number in range(2 * MOST * shards):
        for _ in range(2):
            assert limits.take(f"busy {number}", NOON) == 0.0
    assert [limits.take("new", NOON) for _ in range(3)] == [0.0, 0.0, DAY / 2]


def test_no_name_stands_in_the_storage(one: Process) -> None:
    one.limits(user=FEW, endpoint=FEW, endpoint_id="my endpoint").take("ann@example.org", NOON)
    assert not re.search(r"ann|my", f"{one.shelf.values}")


@pytest.mark.parametrize("how", ["broken", "silent"])
@pytest.mark.parametrize("call", ["get", "set"])
def test_where_the_storage_fails_the_process_counts_alone(
    one: Process, how: str, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    limits = one.limits(user=(Limit(2, 60.0),))
    getattr(one.shelf, how).add(call)
    assert [limits.take("ann", NOON) for _ in range(3)] == [0.0, 0.0, 60.0]
    assert set(caplog.messages) <= {
        f"the storage can't be {done}: runs are counted by this process alone" for done in ("read", "written")
    }
    assert caplog.messages
    getattr(one.shelf, how).clear()
    assert limits.take("bob", NOON + LOOK) == limits.take("ann", NOON + 60) == 0.0
    assert Process(one.shelf).limits(user=(Limit(1, 60.0),)).take("ann", NOON + 60) == 60.0


@pytest.mark.parametrize(
    "spoilt",
    [b"{", b"[]", b"null", b'{"w":1}', b'{"w":{"at":0,"rows":{"":[0,[1]]}}}', b'{"w":{"at":0,"rows":[]}}', b"\xff"],
)
def test_a_spoilt_record_is_begun_anew(one: Process, spoilt: bytes) -> None:
    limit = (Limit(1, 60.0),)
    one.limits(endpoint=limit).take(None, NOON)
    (key,) = one.shelf.values
    one.shelf.values[key] = spoilt
    again = Process(one.shelf).limits(endpoint=limit)
    assert [again.take(None, NOON) for _ in range(2)] == [0.0, 60.0]


def test_of_many_at_once_exactly_as_many_run_as_may(one: Process) -> None:
    def take(number: int) -> float:
        return one.limits(user=(Limit(90, DAY),), endpoint=(Limit(100, DAY),)).take(
            "ann" if number % 2 else "bob", NOON
        )

    with ThreadPoolExecutor(32) as threads:
        waits = list(threads.map(take, range(300)))
    assert waits.count(0.0) == 100


class Meanwhile(Shelf):
    """While a value is written, something else happens, once."""

    act: Callable[[], object] | None = None

    def set(self, key: str, value: bytes) -> None:
        if act := self.act:
            self.act = None
            act()
        super().set(key, value)


def test_what_others_count_while_one_writes_is_written_by_that_one() -> None:
    one = Process(shelf := Meanwhile())
    limits = one.limits(endpoint=(Limit(5, DAY),))
    shelf.act = lambda: [limits.take(None, NOON) for _ in range(3)]
    assert limits.take(None, NOON) == 0.0
    assert (shelf.calls["get"], shelf.calls["set"]) == (2, 2)
    again = Process(shelf).limits(endpoint=(Limit(5, DAY),))
    assert [again.take(None, NOON) for _ in range(2)] == [0.0, DAY / 2]


def test_who_is_refused_asks_the_storage_once_in_a_while(one: Process) -> None:
    limits = one.limits(user=(Limit(1, DAY),))
    limits.take("ann", NOON)
    before = one.shelf.calls.total()
    for number in range(100):
        assert limits.take("ann", NOON + number * LOOK / 50) > 0.0
    assert one.shelf.calls.total() - before == 1


def test_a_refusal_is_told_once_in_its_window_by_whichever_process(one: Process) -> None:
    first, second = (process.limits(user=FEW) for process in (one, Process(one.shelf)))
    assert not first.first_refusal("ann", NOON)
    for _ in range(3):
        assert first.take("ann", NOON) == 0.0
    told = [limits.first_refusal("ann", NOON) for limits in (first, first, second)]
    assert (told, first.first_refusal("bob", NOON)) == ([True, False, False], False)
    assert [first.take("ann", NOON + 60) for _ in range(2)] == [0.0, 0.0]
    told = [limits.first_refusal("ann", NOON + 61) for limits in (second, first, second)]
    assert told == [True, False, False]  # the day's, and no more until it is over
    assert not Process(one.shelf).limits(user=FEW).first_refusal("ann", NOON + DAY / 2 - 1)


def test_what_was_told_is_known_after_who_told_it_is_gone(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.run.limits.SHARDS", 1)
    limit = (Limit(1, DAY),)
    assert one.limits(user=limit).take("ann", NOON) == 0.0
    assert one.limits(user=limit).first_refusal("ann", NOON)
    for number in range(1, 3):
        limits = Process(one.shelf).limits(user=limit)
        assert not limits.first_refusal("ann", NOON + number * GONE)
        assert limits.take(f"{number}", NOON + number * GONE) == 0.0  # writes the record anew


def test_each_user_is_told_once_that_all_together_are_too_many(one: Process) -> None:
    limits = one.limits(endpoint=(Limit(1, 60.0),))
    assert limits.take("ann", NOON) == 0.0
    assert [limits.first_refusal(user, NOON) for user in ("ann", "bob", "ann", "bob")] == [True, True, False, False]


STEP = st.tuples(
    st.sampled_from(["first", "second", "restart"]),
    st.sampled_from(["ann", "bob", None]),
    st.sampled_from([LOOK, 20.0, RETURN, GONE, 3600.0]),
)


@given(st.lists(STEP, max_size=40))
def test_whoever_runs_where_and_whenever_no_window_holds_more_than_it_may(
    steps: list[tuple[str, str | None, float]],
) -> None:
    shelf = Shelf()
    processes = {"first": Process(shelf), "second": Process(shelf)}
    of_user, of_endpoint = (Limit(2, 60.0), Limit(4, 3600.0)), (Limit(3, 60.0), Limit(9, DAY))
    ran: list[tuple[str | None, float]] = []
    now = NOON
    for where, user, seconds in steps:
        now += seconds
        process = processes.get(where) or Process(shelf)
        if where == "restart":
            processes["first"] = process
        allowed = all(
            sum(at // limit.seconds == now // limit.seconds for one, at in ran if whose is None or one == user)
            < limit.runs
            for whose, limits in (("user", of_user), (None, of_endpoint))
            for limit in limits
        )
        assert (process.limits(user=of_user, endpoint=of_endpoint).take(user, now) == 0.0) is allowed
        if allowed:
            ran.append((user, now))
