import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from relay.errors import DeliveryInProgress
from relay.run.deliveries import LEASE, Answer, Delivery
from relay.run.dify import StorageFailed, StorageSilent
from relay.run.records import DAY, KINDS, Kind, RecordsFull
from tests.relay.run.records import Clock, Process, lost, stored_records
from tests.relay.storage import Crashed, Shelf
from workspace.testing import until

SMALL = Kind(name="deliveries", budget=40_000, keep=DAY, reserve=300, page=8)
HEADS = 4_000  # bytes of heads and of the page that is just being cleared away
LEAST_SHARE = SMALL.budget // (2 * 11)  # bytes: of three that live and eight that crashed a moment ago
PROCESSES = st.integers(0, 2)
NAMES = st.integers(0, 40).map(str)
SIZES = st.integers(0, 4_000)  # bytes


@pytest.fixture
def one() -> Process:
    return Process(Shelf(), Clock())


def bodies(records: Iterable[dict[str, Any]]) -> list[int]:
    return [record["n"] for record in records]


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


def test_the_latest_of_all_processes_come_newest_first(one: Process) -> None:
    processes = [one, *(Process(one.shelf, one.clock) for _ in range(2))]
    for number in range(60):
        one.clock.now += 1
        processes[number % 3].records(SMALL).write(str(number), {"n": number})
    one.clock.now += 1
    one.records(SMALL).write("57", {"n": 57})
    assert bodies(one.records(SMALL).latest(5)) == [57, 59, 58, 56, 55]


def test_a_second_process_gets_its_share_and_the_first_gives_way(one: Process) -> None:
    two = Process(one.shelf, one.clock)
    for number in range(200):
        one.records(SMALL).write(f"one {number}", {"n": 1})
    one.clock.now += 1
    for number in range(200):
        two.records(SMALL).write(f"two {number}", {"n": 2})
    assert bodies(stored_records(one.shelf).values()).count(2) == SMALL.budget // 4 // 396
    assert one.shelf.stored < 1.25 * SMALL.budget + HEADS
    for number in range(40):
        one.clock.now += 60
        one.records(SMALL).write(f"one again {number}", {"n": 1})
        for turn in range(5):
            two.records(SMALL).write(f"two again {number} {turn}", {"n": 2})
    kept = bodies(stored_records(one.shelf).values())
    assert (kept.count(1), kept.count(2)) == (SMALL.budget // 2 // 396,) * 2
    assert one.shelf.stored < SMALL.budget + HEADS
    assert lost(one.shelf) == []


def test_the_records_of_a_process_that_ended_are_found_and_cleared_away_by_the_next(one: Process) -> None:
    for number in range(90):
        one.records(SMALL).write(f"before {number}", {"n": 1})
    one.clock.now += 601
    after = Process(one.shelf, one.clock)
    for number in range(200):
        after.records(SMALL).write(f"after {number}", {"n": 2})
        assert one.shelf.stored < SMALL.budget + HEADS
        assert lost(one.shelf) == []
    kept = bodies(stored_records(one.shelf).values())
    assert (kept.count(1), kept.count(2)) == (0, SMALL.budget // 396)


def test_what_a_process_that_ended_left_goes_to_one_that_still_lives(one: Process) -> None:
    for process, n in ((one, 1), (Process(one.shelf, one.clock), 2)):
        for number in range(90):
            process.records(SMALL).write(f"{n} {number}", {"n": n})
    for number in range(200):
        one.clock.now += 60
        one.records(SMALL).write(f"later {number}", {"n": 3})
    kept = bodies(stored_records(one.shelf).values())
    assert (kept.count(2), kept.count(3)) == (0, SMALL.budget // 396)
    assert lost(one.shelf) == []


def test_a_slot_that_another_has_taken_over_is_left_alone(one: Process) -> None:
    one.records(SMALL).write("a", {"n": 1})
    one.clock.now += 601
    Process(one.shelf, one.clock).records(SMALL).write("b", {"n": 2})
    one.records(SMALL).write("c", {"n": 3})
    assert sorted(bodies(stored_records(one.shelf).values())) == [1, 2, 3]
    assert lost(one.shelf) == []


def test_slots_that_were_taken_over_may_be_taken_over_again(one: Process) -> None:
    two, three = Process(one.shelf, one.clock), Process(one.shelf, one.clock)
    for process in (one, two):
        process.records(SMALL).write(process.writer, {"n": 1})
    for turn, process in enumerate([three, two, three, one] * 3):
        one.clock.now += 601
        for number in range(SMALL.page):
            process.records(SMALL).write(f"{turn} {number}", {"n": number})
            assert lost(one.shelf) == []


def test_two_that_claim_the_same_slot_at_once_end_up_with_one_each(one: Process) -> None:
    two = Process(one.shelf, one.clock)
    rivals: Iterator[Process] = iter([two])

    def rival() -> None:
        """Claims the slot after the first has written its mark, having looked before it did."""
        for process in rivals:
            before = {key: value for key, value in one.shelf.values.items() if "-w" not in key}
            after, one.shelf.values = one.shelf.values, before
            process.records(SMALL).write("two", {"n": 2})
            one.shelf.values = {**after, **one.shelf.values}

    one.settle = rival
    one.records(SMALL).write("one", {"n": 1})
    assert sorted(bodies(stored_records(one.shelf).values())) == [1, 2]
    assert lost(one.shelf) == []


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


class Interrupted(Shelf):
    """Lets other threads run at every call."""

    def _called(self, name: str) -> None:
        threading.Event().wait(0.0002)
        super()._called(name)


def test_many_that_write_at_once_share_their_pages() -> None:
    shelf = Interrupted()
    one = Process(shelf, Clock())
    one.records().write("first", {"n": 0})
    shelf.calls.clear()
    threads = [threading.Thread(target=one.records().write, args=(str(n), {"n": n})) for n in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(bodies(stored_records(shelf).values())) == [0, *range(60)]
    assert lost(shelf) == []
    assert shelf.calls["set"] < 2 * 60


class Unanswered(Shelf):
    """The storage of a request whose caller has hung up: it keeps silent until `given_up`."""

    def __init__(self) -> None:
        super().__init__()
        self.given_up = threading.Event()

    def set(self, key: str, value: bytes) -> None:
        self.calls["set"] += 1
        self.given_up.wait()
        raise StorageSilent


def test_callers_who_hung_up_keep_others_waiting_once_not_each_for_itself(one: Process) -> None:
    one.records().write("before", {"n": 0})
    gone = [Process(Unanswered(), one.clock, writer=one.writer) for _ in range(5)]
    refused: list[str] = []

    def enter(process: Process, id_: str) -> None:
        try:
            process.records().enter(id_, {"n": 1})
        except StorageSilent:
            refused.append(id_)

    threads = []
    for number, process in enumerate([*gone, one]):
        threads.append(threading.Thread(target=enter, args=(process, str(number))))
        threads[-1].start()
        until(lambda: len(one.records()._process.index._waiting) == len(threads))
    for process in gone:
        assert isinstance(process.shelf, Unanswered)
        process.shelf.given_up.set()
    for thread in threads:
        thread.join()
    assert [process.shelf.calls["set"] for process in gone] == [1, 0, 0, 0, 0]
    assert refused == ["0"]


@dataclass(eq=False)
class Run:
    """A delivery that runs, as the model sees it."""

    delivery: Delivery
    name: str
    process: Process
    until: float  # seconds since 1970
    contested: bool = False  # a process crashed while it perhaps took the delivery over


class Model(RuleBasedStateMachine):
    """Several processes that come, go and crash; their calls don't meet inside the pause of a claim."""

    @initialize()
    def open(self) -> None:
        self.shelf, self.clock = Shelf(), Clock()
        self.processes = [Process(self.shelf, self.clock) for _ in range(3)]
        assert self.delivery(Process(self.shelf, self.clock), "0", endpoint_id="other").begin() is None
        self.others = dict(self.shelf.values)
        self.runs: list[Run] = []
        self.owners: dict[str, Run] = {}
        self.unsure: dict[str, float] = {}  # until when a process that crashed may seem to run it
        self.bodies: dict[str, set[str]] = {}  # that it was finished with
        self.crashes = 0

    def delivery(self, process: Process, name: str, endpoint_id: str = "e") -> Delivery:
        return Delivery(process.records(SMALL, endpoint_id), delivery_id=name, app_id="a", fingerprint="f")

    def leased(self, name: str) -> bool:
        return name in self.owners and self.owners[name].until > self.clock.now

    @rule(process=PROCESSES, name=NAMES)
    def begin(self, process: int, name: str) -> None:
        self._begin(self.processes[process], name)

    def _begin(self, process: Process, name: str) -> None:
        delivery = self.delivery(process, name)
        try:
            answer = delivery.begin()
        except RecordsFull:
            unfinished = [one for one in stored_records(self.shelf).values() if one.get("until", 0) > self.clock.now]
            assert len(unfinished) > LEAST_SHARE // (SMALL.reserve + 96)
            return
        except DeliveryInProgress:
            held = any(run.name == name and run.until > self.clock.now for run in self.runs)  # contested: two had it
            assert held or self.leased(name) or self.unsure.get(name, 0) > self.clock.now
            return
        if answer is None:
            assert not self.leased(name)
            self.owners[name] = Run(delivery, name, process, self.clock.now + LEASE)
            self.runs.append(self.owners[name])
        else:
            assert answer.body in self.bodies[name]

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), size=SIZES)
    def finish(self, data: st.DataObject, size: int) -> None:
        run = data.draw(st.sampled_from(self.runs))
        self._finish(run, size)
        self._conclude(run)

    def _finish(self, run: Run, size: int) -> None:
        self.bodies.setdefault(run.name, {""}).add("x" * size)
        run.delivery.finish(Answer(status=200, media_type="text/plain", body="x" * size))
        if (owner := self.owners.get(run.name, run)) is not run and not self.leased(run.name):
            owner.contested = True  # its record may have expired, and this one stands for it

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.runs))
        run.delivery.fail()
        self._conclude(run)

    def _conclude(self, run: Run) -> None:
        self.runs.remove(run)
        if self.owners.get(run.name) is run:
            del self.owners[run.name]

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(self.runs))
        owner = self.owners.get(run.name)
        renewed = run.delivery.renew()
        if owner is run:
            assert renewed or run.contested
        elif self.leased(run.name):
            assert not renewed
        if renewed:
            self.owners[run.name] = run
            run.until = self.clock.now + LEASE

    @rule(seconds=st.sampled_from([0.1, 3, 9, 26, 190, 210, 605, DAY + 1]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @precondition(lambda self: self.crashes < 8)
    @rule(process=PROCESSES, calls=st.integers(0, 12), name=NAMES, size=SIZES)
    def crash(self, process: int, calls: int, name: str, size: int) -> None:
        """End a process between two of its calls, while it finishes a delivery or begins one."""
        crashing = self.processes[process]
        mine = [run for run in self.runs if run.process is crashing]
        self.shelf.crash_after = calls
        try:
            if mine:
                name = mine[0].name
                self._finish(mine[0], size)
            else:
                self._begin(crashing, name)
        except Crashed:
            pass
        finally:
            self.shelf.crash_after = None
        self.unsure[name] = self.clock.now + LEASE
        if name in self.owners:
            self.owners[name].contested = True
            if self.owners[name].process is crashing:
                del self.owners[name]
        self.runs = [run for run in self.runs if run.process is not crashing]
        self.processes[process] = Process(self.shelf, self.clock)
        self.crashes += 1

    @invariant()
    def nothing_is_lost_and_all_is_bounded(self) -> None:
        assert lost(self.shelf) == []
        assert self.shelf.stored < 2.1 * SMALL.budget + 12 * HEADS

    @invariant()
    def what_runs_has_its_record(self) -> None:
        marks = {record["mark"] for record in stored_records(self.shelf).values() if record["state"] == "running"}
        running = [run for run in self.runs if run.until > self.clock.now and not run.contested]
        assert {run.delivery._mark for run in running} <= marks

    @invariant()
    def no_other_endpoint_is_touched(self) -> None:
        assert self.others.items() <= self.shelf.values.items()


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=100, stateful_step_count=100, deadline=None)
