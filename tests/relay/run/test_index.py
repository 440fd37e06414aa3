"""What several processes, and several requests of one, do to the index of the records."""

import threading

import pytest

from relay.run.dify import StorageFailed, StorageSilent
from tests.relay.run.records import HEADS, SMALL, Clock, Process, bodies, lost, stored_records
from tests.relay.storage import Shelf
from workspace.testing import until


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
    rivals = iter([two])

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


def test_a_slot_whose_lease_lapsed_while_room_was_made_is_not_written(one: Process) -> None:
    class Late(Shelf):
        late = 0.0

        def delete(self, key: str) -> None:
            one.clock.now += self.late
            super().delete(key)

    one.shelf = shelf = Late()
    for number in range(150):
        one.records(SMALL).write(str(number), {"n": number})
    shelf.late = 601.0

    def go_on() -> None:
        for number in range(20):
            one.records(SMALL).write(f"late {number}", {"n": number})

    with pytest.raises(StorageFailed):
        go_on()
    assert lost(shelf) == []
