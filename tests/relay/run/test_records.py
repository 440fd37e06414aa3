from collections.abc import Callable

import pytest

from relay.run.deliveries import LEASE
from relay.run.dify import StorageFailed
from relay.run.records import DAY, KINDS, Held, Kind, RecordsFull
from tests.relay.run.records import HEADS, SMALL, Clock, Process, bodies, lost, stored_records
from tests.relay.storage import Crashed, Shelf


def test_a_record_can_be_read_until_it_expires(one: Process) -> None:
    records = one.records(keep=100)
    records.write("a", {"n": 1})
    one.clock.now += 99
    assert (records.read("a") or {})["n"] == 1
    one.clock.now += 1
    assert records.read("a") is None


def test_a_removed_record_is_gone(one: Process) -> None:
    records = one.records()
    records.write("a", {"n": 1})
    records.remove("a")
    assert records.read("a") is None
    records.remove("a")


def test_no_name_that_a_caller_chose_stands_in_the_storage(one: Process) -> None:
    one.records(endpoint_id="someone").write("someone@example.org \ud83e", {"n": 1})
    assert [key for key in one.shelf.values if "someone" in key] == []
    assert max(map(len, one.shelf.values)) < 100


@pytest.mark.parametrize(
    ("endpoint_id", "kind", "id_"),
    [("f", SMALL, "a"), ("e", KINDS["memory"], "a"), ("e", SMALL, "b"), ("e", SMALL, "A")],
    ids=["another endpoint", "another kind", "another id", "another spelling"],
)
def test_each_record_stands_alone(one: Process, endpoint_id: str, kind: Kind, id_: str) -> None:
    one.records(SMALL).write("a", {"n": 1})
    other = one.records(kind, endpoint_id)
    assert other.read(id_) is None
    other.write(id_, {"n": 2})
    other.remove(id_)
    assert bodies([one.records(SMALL).read("a") or {}]) == [1]


@pytest.mark.parametrize(
    "spoilt", [b"", b"null", b"{", b"[]", b"\xff", b'{"tag": 1, "at": 0}', b'{"tag": "", "at": 1e10, "until": "x"}']
)
def test_what_is_spoilt_is_read_as_nothing_and_written_over(one: Process, spoilt: bytes) -> None:
    one.records(SMALL).write("a", {"n": 1})
    one.shelf.values = dict.fromkeys(one.shelf.values, spoilt)
    another = Process(one.shelf, one.clock).records(SMALL)
    assert another.read("a") is None
    another.write("a", {"n": 2})
    assert bodies([another.read("a") or {}]) == [2]
    assert bodies(another.latest(10)) == [2]


def test_a_new_record_costs_a_page_and_a_record_and_a_known_one_a_record(one: Process) -> None:
    records = one.records()
    records.write("first", {"n": 0})
    one.shelf.calls.clear()
    entry = records.write("a", {"n": 1})
    assert one.shelf.calls == {"set": 2}
    assert records.write("a", {"n": 2, "more": "x" * 1000}, entry) == entry
    assert one.shelf.calls == {"set": 3}


def test_a_record_that_outgrows_its_entry_gets_another(one: Process) -> None:
    records = one.records(SMALL)
    entry = records.write("a", {"n": 1})
    assert records.write("a", {"n": 2, "more": "x" * 1000}, entry) != entry
    assert bodies([records.read("a") or {}]) == [2]
    assert lost(one.shelf) == []


@pytest.mark.parametrize("size", [1, 300, 5_000, 39_000])
def test_the_oldest_go_when_the_budget_is_full(one: Process, size: int) -> None:
    records = one.records(SMALL)
    for number in range(300):
        one.clock.now += 1
        records.write(str(number), {"n": number, "more": "x" * size})
        assert one.shelf.stored < SMALL.budget + HEADS
        assert lost(one.shelf) == []
    kept = bodies(records.latest(300))
    assert kept == list(range(299, 299 - len(kept), -1))
    assert sorted(kept) == sorted(bodies(stored_records(one.shelf).values()))
    assert (len(kept) + 1) * (max(size, 300) + 200) > SMALL.budget - SMALL.page * (size + 200)


def test_what_is_written_again_is_as_young_as_its_last_writing(one: Process) -> None:
    records = one.records(SMALL)
    for number in range(300):
        if number % 50 == 0:
            records.write("often", {"n": -1})
        records.write(str(number), {"n": number})
        assert bodies([records.read("often") or {}]) == [-1]
    assert lost(one.shelf) == []


class Busy(Shelf):
    """Others write before a record arrives whose entry stands already."""

    def __init__(self, others: Callable[[], None]) -> None:
        super().__init__()
        self.others = others

    def set(self, key: str, value: bytes) -> None:
        if b"slow" in value:
            self.others()
        super().set(key, value)


def test_an_entry_waits_for_its_record(one: Process) -> None:
    def others() -> None:
        for number in range(300):
            one.records(SMALL).write(str(number), {"n": number})

    one.shelf = Busy(others)
    one.records(SMALL).write("a", {"n": -1, "more": "slow"})
    assert bodies([one.records(SMALL).read("a") or {}]) == [-1]
    assert lost(one.shelf) == []


@pytest.mark.parametrize("calls", range(60))
def test_a_crash_while_room_is_made_loses_nothing(one: Process, calls: int) -> None:
    unfinished = {6, 7}  # the last of a page: what is carried over, and the page itself, go in one step

    def write(process: Process, first: int, last: int) -> None:
        for number in range(first, last):
            until = one.clock() + LEASE if number in unfinished else 0
            process.records(SMALL).write(str(number), {"n": number, "until": until})

    write(one, 0, 98)
    one.shelf.crash_after = calls
    with pytest.raises(Crashed):
        write(one, 98, 200)
    one.shelf.crash_after = None
    assert lost(one.shelf) == []
    another = Process(one.shelf, one.clock)
    one.clock.now += 20
    for number in range(200, 400):
        write(another, number, number + 1)
        assert lost(one.shelf) == []
    assert unfinished < set(bodies(stored_records(one.shelf).values()))


def test_a_record_above_the_budget_is_refused(one: Process) -> None:
    with pytest.raises(RecordsFull) as caught:
        one.records(SMALL).write("a", {"more": "x" * SMALL.budget})
    assert (caught.value.status, caught.value.code, caught.value.headers) == (
        503,
        "app_unavailable",
        {"Retry-After": "10"},
    )
    assert stored_records(one.shelf) == {}


def test_unfinished_ones_stay_and_a_new_one_is_refused_until_one_has_ended(one: Process) -> None:
    records = one.records(SMALL)
    for number in range(20):
        records.write(f"done {number}", {"n": -1})
    room = SMALL.budget // (SMALL.reserve + 96)
    for number in range(room):
        records.write(str(number), {"n": number, "until": one.clock() + LEASE})
    for _ in range(3):
        with pytest.raises(RecordsFull):
            records.write("one more", {"n": -2})
    assert sorted(bodies(stored_records(one.shelf).values())) == list(range(room))
    one.clock.now += LEASE
    records.write("one more", {"n": -2})
    assert bodies([records.read("one more") or {}]) == [-2]
    assert one.shelf.stored < SMALL.budget + HEADS


def test_expired_records_go_although_there_is_room(one: Process) -> None:
    records = one.records(SMALL)
    for number in range(4 * SMALL.page):
        records.write(str(number), {"n": number})
    one.clock.now += DAY + 1
    for number in range(100, 110):
        records.write(str(number), {"n": number})
    assert sorted(bodies(stored_records(one.shelf).values())) == list(range(100, 110))


@pytest.mark.parametrize("broken", ["get", "set", "delete"])
def test_after_a_failure_the_storage_is_used_again_and_nothing_is_lost(one: Process, broken: str) -> None:
    records = one.records(SMALL)
    for number in range(300):
        one.clock.now += 1
        one.shelf.broken = {broken} if number % 7 == 3 else set()
        try:
            records.write(str(number), {"n": number})
        except StorageFailed:
            assert number % 7 == 3
        assert lost(one.shelf) == []
        assert one.shelf.stored < SMALL.budget + HEADS
    assert bodies(records.latest(2)) == [299, 298]


def test_a_full_storage_keeps_what_it_refuses_within_the_budget_too(one: Process) -> None:
    one.shelf.limit = SMALL.budget // 2
    records = one.records(SMALL)
    for number in range(300):
        try:
            records.write(str(number), {"n": number})
        except StorageFailed:
            continue
    assert one.shelf.stored < SMALL.budget + HEADS
    assert lost(one.shelf) == []


def test_what_ended_without_a_word_is_not_held_for_ever(one: Process) -> None:
    records = one.records()
    for number in range(2000):
        one.clock.now += 1
        assert records.hold(str(number), Held("m", one.clock.now + LEASE)) is None
    assert len(records._process.held) < 300


def test_what_is_written_is_on_its_way_no_longer(one: Process) -> None:
    records = one.records()
    for number in range(20):
        records.write(str(number), {"n": number})
    assert not records._process.flying


def test_what_is_held_keeps_its_entry_until_its_record_is_written(one: Process) -> None:
    records = one.records(SMALL)
    records.hold("a", Held("m", one.clock.now + LEASE))
    entry = records.enter("a", {"n": -1})
    for number in range(300):
        records.write(str(number), {"n": number})
    records.write("a", {"n": -1}, entry)
    assert lost(one.shelf) == []
    assert bodies([records.read("a") or {}]) == [-1]


def test_a_record_that_is_being_written_anew_is_among_the_latest_all_the_time(one: Process) -> None:
    records = one.records(SMALL)
    records.write("a", {"n": 1})
    records.enter("a", {"n": 2})  # the record itself follows
    assert bodies(records.latest(5)) == [1]


def test_a_record_that_is_discarded_takes_no_room_any_more(one: Process) -> None:
    """As many turns as would fill the budget a hundred times, each in place of the one before."""
    kind = Kind(name="small", budget=20_000, keep=DAY)
    records = one.records(kind)
    records.write("stays", {"said": "x"})
    for turn in range(4000):
        records.write(f"turn {turn}", {"said": "x" * 200})
        one.clock.now += 1
        records.discard(f"turn {turn}")
    assert records.read("stays")
    assert len([key for key in one.shelf.values if key.startswith("small")]) <= 5  # head, pages, and one record
    assert one.shelf.stored < 20_000
    assert lost(one.shelf) == []


def test_what_is_written_while_its_last_record_is_discarded_keeps_its_entry(one: Process) -> None:
    kind = Kind(name="small", budget=20_000, keep=DAY)
    records = one.records(kind)
    for _ in range(2):
        records.write("again", {"said": "x"})
        one.clock.now += 1
    records.discard("again")
    one.clock.now += 1
    records.write("again", {"said": "y"})
    one.clock.now += 1
    records.write("other", {"said": "x"})
    assert [record["said"] for record in records.latest(10)] == ["x", "y"]
    assert lost(one.shelf) == []


def test_what_an_earlier_process_discarded_is_cleared_when_the_room_is_needed(one: Process) -> None:
    kind = Kind(name="small", budget=20_000, keep=DAY)
    for turn in range(50):
        one.records(kind).write(f"turn {turn}", {"said": "x" * 200})
    second = Process(one.shelf, Clock(one.clock.now + 700))
    records = second.records(kind)
    records.write("stays", {"said": "x"})
    for turn in range(50):
        records.discard(f"turn {turn}")
    for turn in range(30):
        records.write(f"later {turn}", {"said": "x" * 200})
    assert records.read("stays")
    assert one.shelf.stored < 20_000
    assert lost(one.shelf) == []
