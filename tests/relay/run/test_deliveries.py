import threading
from collections.abc import Callable, Iterator

import pytest

from relay.errors import DeliveryInProgress, IdempotencyKeyReused
from relay.run.deliveries import LEASE, LONGEST_ANSWER, RENEW, Answer, Delivery
from relay.run.records import DAY, DELIVERIES, Kind, RecordsFull
from tests.relay.run.records import Clock, Process, lost, stored_records
from tests.relay.storage import Shelf

ANSWER = Answer(status=200, media_type="application/json", body='{"answer":"Quäck"}')


@pytest.fixture
def one() -> Process:
    return Process(Shelf(), Clock())


@pytest.fixture
def two(one: Process) -> Process:
    return Process(one.shelf, one.clock)


def delivery(
    process: Process,
    *,
    delivery_id: str = "d",
    app_id: str = "a",
    endpoint_id: str = "e",
    fingerprint: str = "f",
    kind: Kind = DELIVERIES,
) -> Delivery:
    records = process.records(kind, endpoint_id)
    return Delivery(records, delivery_id=delivery_id, app_id=app_id, fingerprint=fingerprint)


def begun(process: Process) -> Delivery:
    one = delivery(process)
    assert one.begin() is None
    return one


def retry_after(begin: Callable[[], Answer | None]) -> str:
    with pytest.raises(DeliveryInProgress) as caught:
        begin()
    return caught.value.headers["Retry-After"]


def test_the_same_delivery_again_gets_the_same_answer_for_a_day(one: Process, two: Process) -> None:
    begun(one).finish(ANSWER)
    assert delivery(one).begin() == ANSWER
    one.clock.now += DAY - 1
    assert delivery(two).begin() == ANSWER
    one.clock.now += 1
    assert delivery(two).begin() is None


@pytest.mark.parametrize(("passed", "told"), [(0, "25"), (0.5, "25"), (20, "5"), (24.9, "1")])
def test_while_it_runs_it_is_refused_until_its_lease_lapses(
    one: Process, two: Process, passed: float, told: str
) -> None:
    begun(one)
    one.clock.now += passed
    assert retry_after(delivery(one).begin) == told
    assert retry_after(delivery(two).begin) == told


def test_a_run_that_is_renewed_stays_the_only_one(one: Process, two: Process) -> None:
    running = begun(one)
    for _ in range(100):
        one.clock.now += RENEW
        assert running.renew()
        assert retry_after(delivery(two).begin) == "25"
    running.finish(ANSWER)
    assert delivery(two).begin() == ANSWER


def test_a_run_that_ended_without_a_word_gives_way_when_its_lease_has_lapsed(one: Process, two: Process) -> None:
    begun(one)
    one.clock.now += LEASE
    assert delivery(two).begin() is None


@pytest.mark.parametrize("same_process", [True, False])
def test_a_lapsed_run_cannot_touch_what_another_has_taken_over(
    one: Process, two: Process, *, same_process: bool
) -> None:
    late = begun(one)
    one.clock.now += LEASE
    taken = begun(one if same_process else two)
    assert not late.renew()
    late.fail()
    assert retry_after(delivery(two).begin) == "25"
    late.finish(Answer(status=200, media_type="text/plain", body="late"))
    assert retry_after(delivery(one).begin) == "25"
    taken.finish(ANSWER)
    late.fail()
    assert delivery(one).begin() == ANSWER
    assert delivery(two).begin() == ANSWER


def test_a_run_that_finds_itself_taken_over_keeps_nobody_away(one: Process, two: Process) -> None:
    late = begun(one)
    one.clock.now += LEASE
    taken = begun(two)
    assert not late.renew()
    taken.fail()
    assert delivery(one).begin() is None


def test_a_lapsed_run_that_nobody_took_over_still_counts(one: Process, two: Process) -> None:
    late = begun(one)
    one.clock.now += 10 * LEASE
    late.finish(ANSWER)
    assert delivery(two).begin() == ANSWER


def test_a_failed_one_may_run_again(one: Process, two: Process) -> None:
    begun(one).fail()
    begun(two).fail()
    begun(one).finish(ANSWER)
    assert delivery(two).begin() == ANSWER


def test_a_run_that_fails_beside_one_that_has_finished_takes_nothing_back(one: Process, two: Process) -> None:
    """Both run, because one of them needed longer to write than the pause lasts."""
    first, second = begun(one), delivery(two)
    before, one.shelf.values = one.shelf.values, {}
    assert second.begin() is None
    one.shelf.values = {**one.shelf.values, **before}
    first.finish(ANSWER)
    second.fail()
    assert delivery(Process(one.shelf, one.clock)).begin() == ANSWER


@pytest.mark.parametrize(
    "other", [{"delivery_id": "x"}, {"app_id": "b"}, {"endpoint_id": "f"}, {"app_id": 'a", "d', "delivery_id": ""}]
)
def test_another_delivery_is_another(one: Process, other: dict[str, str]) -> None:
    begun(one)
    assert delivery(one, **other).begin() is None  # type: ignore[arg-type]


@pytest.mark.parametrize("finished", [True, False])
def test_an_id_that_stands_for_another_request_is_refused(one: Process, two: Process, *, finished: bool) -> None:
    first = begun(one)
    if finished:
        first.finish(ANSWER)
    for process in (one, two):
        with pytest.raises(IdempotencyKeyReused) as caught:
            delivery(process, fingerprint="other").begin()
        assert (caught.value.status, caught.value.code) == (422, "idempotency_key_reused")


def test_an_id_whose_request_failed_stands_for_none(one: Process) -> None:
    begun(one).fail()
    assert delivery(one, fingerprint="other").begin() is None


def test_of_two_processes_at_the_same_moment_one_runs(one: Process, two: Process) -> None:
    warm(one, two)
    outcomes = []

    def rival() -> None:
        """Begins after the first has written its mark, having read before it did."""
        one.settle = two.settle = lambda: None
        key = next(key for key, record in stored_records(one.shelf).items() if record["state"] == "running")
        record = one.shelf.values.pop(key)
        outcomes.append(delivery(two).begin())
        assert one.shelf.values[key] != record

    one.settle = rival
    assert retry_after(delivery(one).begin) == "25"
    assert outcomes == [None]


@pytest.mark.parametrize("finished", [False, True], ids=["running", "finished"])
def test_a_process_that_is_long_in_entering_a_delivery_sees_what_another_did_meanwhile(
    one: Process, two: Process, *, finished: bool
) -> None:
    warm(two)
    rivals: Iterator[Process] = iter([two])

    def rival() -> None:
        """Begins while the first claims its slot of the index, having read before."""
        for process in rivals:
            one.clock.now += 0.05
            running = begun(process)
            if finished:
                running.finish(ANSWER)

    one.settle = rival
    if finished:
        assert delivery(one).begin() == ANSWER
    else:
        assert retry_after(delivery(one).begin) == "25"
    assert delivery(one, delivery_id="other").begin() is None
    assert lost(one.shelf) == []


def warm(*processes: Process) -> None:
    """Let each process claim its slot, so that what follows is the ordinary way."""
    for number, process in enumerate(processes):
        delivery(process, delivery_id=f"warm {number}").begin()
        delivery(process, delivery_id=f"warm {number}", endpoint_id="f").begin()
    for key, record in stored_records(processes[0].shelf).items():
        assert record["state"] == "running"
        del processes[0].shelf.values[key]


def test_a_new_delivery_costs_five_calls_and_one_more_for_its_end(one: Process) -> None:
    warm(one)
    one.shelf.calls.clear()
    pauses: list[None] = []
    one.settle = lambda: pauses.append(None)
    running = begun(one)
    assert (one.shelf.calls, len(pauses)) == ({"get": 2, "set": 2}, 1)
    running.finish(ANSWER)
    assert one.shelf.calls == {"get": 2, "set": 3}
    assert delivery(one).begin() == ANSWER
    assert one.shelf.calls == {"get": 3, "set": 3}


def at_once(count: int, do: Callable[[int], object]) -> list[object]:
    """Do it in as many threads at the same moment; give what came of each, errors included."""
    outcomes: list[object] = []
    start = threading.Barrier(count)

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes.append(do(number))
        except DeliveryInProgress as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def pause() -> None:
    """Let other threads run."""
    threading.Event().wait(0.001)


def test_a_hundred_deliveries_at_once_all_run() -> None:
    one = Process(Shelf(), Clock(), settle=pause)
    assert at_once(100, lambda number: delivery(one, delivery_id=str(number)).begin()) == [None] * 100
    assert lost(one.shelf) == []


def test_of_the_same_delivery_many_times_at_once_in_one_process_one_runs_and_nobody_else_waits() -> None:
    pauses: list[None] = []
    one = Process(Shelf(), Clock(), settle=pause)
    warm(one)

    def counted_pause() -> None:
        pauses.append(None)
        pause()

    one.settle = counted_pause
    outcomes = at_once(30, lambda _: delivery(one).begin())
    assert (outcomes.count(None), outcomes.count("delivery_in_progress"), len(pauses)) == (1, 29, 1)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("x" * LONGEST_ANSWER, True),
        ("x" * (LONGEST_ANSWER + 1), False),
        ("ä" * (LONGEST_ANSWER // 2), True),
        ("ä" * (LONGEST_ANSWER // 2 + 1), False),
    ],
    ids=["longest", "longer", "longest in bytes", "longer in bytes"],
)
def test_a_long_answer_is_not_kept_but_the_app_is_not_run_again(
    one: Process, two: Process, body: str, *, kept: bool
) -> None:
    begun(one).finish(Answer(status=200, media_type="text/plain", body=body))
    again = Answer(status=200, media_type="text/plain", body=body if kept else "")
    assert delivery(two).begin() == again


def test_an_answer_for_which_there_is_no_room_is_not_kept_but_the_app_is_not_run_again(one: Process) -> None:
    narrow = Kind(name="deliveries", budget=4_000, keep=DAY, reserve=500)
    finishing, *others = (delivery(one, delivery_id=str(number), kind=narrow) for number in range(6))
    assert [running.begin() for running in (finishing, *others)] == [None] * 6
    finishing.finish(Answer(status=200, media_type="text/plain", body="x" * 3_000))
    assert delivery(one, delivery_id="0", kind=narrow).begin() == Answer(status=200, media_type="text/plain", body="")


def test_where_all_room_is_taken_by_running_ones_a_new_one_is_refused_and_may_come_again(one: Process) -> None:
    narrow = Kind(name="deliveries", budget=3_000, keep=DAY, reserve=500)
    running = [delivery(one, delivery_id=str(number), kind=narrow) for number in range(5)]
    assert [each.begin() for each in running] == [None] * 5
    for _ in range(2):
        with pytest.raises(RecordsFull):
            delivery(one, kind=narrow).begin()
    running[3].finish(ANSWER)
    assert delivery(one, kind=narrow).begin() is None


@pytest.mark.parametrize("broken", [{"get"}, {"set"}, {"get", "set", "delete"}])
def test_without_storage_a_delivery_runs_all_the_same(one: Process, broken: set[str]) -> None:
    one.shelf.broken = broken
    first = begun(one)
    assert retry_after(delivery(one).begin) == "25"
    assert not first.renew()
    first.finish(ANSWER)
    begun(one).fail()


def test_a_run_that_began_without_storage_is_recorded_when_it_comes_back(one: Process, two: Process) -> None:
    one.shelf.broken = {"get", "set"}
    running = begun(one)
    one.shelf.broken = set()
    assert running.renew()
    assert retry_after(delivery(two).begin) == "25"
    running.finish(ANSWER)
    assert delivery(two).begin() == ANSWER


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"null",
        b"{",
        b"[]",
        b"\xff",
        b'{"tag": "t", "at": 1700000000, "mark": "m", "state": "done"}',
        b'{"tag": "t", "at": 1700000000, "mark": "m", "state": "done", "fingerprint": "f", "status": "x"}',
        b'{"tag": "t", "at": 1700000000, "mark": "m", "state": "running", "until": null}',
    ],
)
def test_a_spoilt_record_is_none(one: Process, two: Process, stored: bytes) -> None:
    begun(one)
    one.shelf.values = dict.fromkeys(one.shelf.values, stored)
    begun(two).finish(ANSWER)
    assert delivery(two).begin() == ANSWER


def test_what_has_ended_is_not_renewed(one: Process, two: Process) -> None:
    running = begun(one)
    running.finish(ANSWER)
    assert not running.renew()
    assert delivery(one).begin() == ANSWER
    assert delivery(two).begin() == ANSWER


def test_the_end_waits_for_a_renewal_that_is_under_way() -> None:
    renewing, ending, let = threading.Event(), threading.Event(), threading.Event()

    class Slow(Shelf):
        def set(self, key: str, value: bytes) -> None:
            if renewing.is_set():
                ending.set()  # an end that did not wait is here before the renewal is through
            elif slow:
                renewing.set()
                assert let.wait(30)
            super().set(key, value)

    slow = False
    one = Process(Slow(), Clock())
    running = begun(one)
    slow = True
    threads = [threading.Thread(target=running.renew), threading.Thread(target=running.finish, args=(ANSWER,))]
    threads[0].start()
    assert renewing.wait(30)
    threads[1].start()
    assert not ending.wait(0.1)
    let.set()
    for thread in threads:
        thread.join()
    assert [record["state"] for record in stored_records(one.shelf).values()] == ["done"]


def test_a_run_that_is_abandoned_lets_go_in_its_process_and_writes_nothing(one: Process) -> None:
    running = begun(one)
    one.shelf.calls.clear()
    running.abandon()
    assert not running.renew()
    assert (one.shelf.calls, one.records()._process.held) == ({}, {})
