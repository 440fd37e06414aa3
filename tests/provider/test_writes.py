"""The order of writes to Dify's storage: a second row of its table must not come to be, and does no harm."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from provider import writes
from provider.writes import AT_ONCE, Writes
from relay.run.dify import StorageSilent

LOCKED_OUT = "save data failed: ERROR: deadlock detected (SQLSTATE 40P01)"
MYSQL = "delete data failed: Error 1213 (40001): Deadlock found when trying to get lock; try restarting transaction"


class Store:
    """Writes that wait until they are let go; `most` is how many were under way at a time."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.most = 0
        self.begun = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._now = 0

    def write(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self.begun.release()
        self.go.wait(10)
        with self._lock:
            self._now -= 1


@pytest.fixture
def several() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(3 * AT_ONCE) as threads:
        yield threads


class Ordered:
    """The order of one process' writes; `noted` is how often it let others know of several rows."""

    def __init__(self, *, several: bool = False) -> None:
        self.noted = 0
        self._several = several
        self._writes = Writes()

    def do(self, write: Callable[[], None]) -> None:
        self._writes.do(write, several=lambda: self._several, note=self._note)

    def _note(self) -> None:
        self.noted += 1


def done() -> None:
    pass


def begun_at_once(order: Ordered, threads: ThreadPoolExecutor) -> int:
    """Give how many of many writes are under way at a time."""
    store = Store()
    writing = [threads.submit(order.do, store.write) for _ in range(3 * AT_ONCE)]
    while store.begun.acquire(timeout=0.2):
        pass
    store.go.set()
    for write in writing:
        write.result(10)
    return store.most


def test_nothing_is_written_beside_the_first_write(several: ThreadPoolExecutor) -> None:
    order, store, later = Ordered(), Store(), threading.Event()
    first = several.submit(order.do, store.write)
    assert store.begun.acquire(timeout=60)
    others = [several.submit(order.do, later.set) for _ in range(4)]
    assert not later.wait(0.05)
    store.go.set()
    for write in (first, *others):
        write.result(10)
    assert later.is_set()


def test_then_all_are_written_at_once(several: ThreadPoolExecutor) -> None:
    order = Ordered()
    order.do(done)
    assert begun_at_once(order, several) == 3 * AT_ONCE
    assert order.noted == 0


def test_after_a_first_write_that_failed_the_next_one_goes_alone_too(several: ThreadPoolExecutor) -> None:
    order, store = Ordered(), Store()
    with pytest.raises(OSError, match="full"):
        order.do(failing([OSError("full")]))
    begun = [several.submit(order.do, store.write) for _ in range(2)]
    assert store.begun.acquire(timeout=60)
    assert not store.begun.acquire(timeout=0.05)
    store.go.set()
    for write in begun:
        write.result(10)


def test_first_writes_that_nobody_answers_keep_the_others_only_for_a_while(
    several: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writes, "LONG", 0.05)
    order, store = Ordered(), Store()
    gone = [several.submit(order.do, store.write) for _ in range(3)]
    for _ in gone:
        assert store.begun.acquire(timeout=60)
    order.do(done)
    assert not any(write.done() for write in gone)
    store.go.set()
    for write in gone:
        write.result(10)


@pytest.mark.parametrize("told", [LOCKED_OUT, MYSQL])
def test_what_was_locked_out_is_written_again_and_from_then_on_few_go_at_once(
    told: str, several: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writes, "LONG", 10.0)
    order = Ordered()
    order.do(done)
    outcomes: list[Exception | None] = [Exception(told), Exception(told), None]
    order.do(failing(outcomes))
    assert outcomes == []
    assert [record.getMessage().count("tenant_storages") for record in caplog.records] == [1]
    assert order.noted == 1
    assert begun_at_once(order, several) == AT_ONCE


def test_where_another_process_has_found_several_rows_few_go_at_once(
    several: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writes, "LONG", 10.0)
    order = Ordered(several=True)
    order.do(done)
    assert begun_at_once(order, several) == AT_ONCE
    assert order.noted == 0


def test_a_write_that_hangs_keeps_the_others_only_for_a_while(
    several: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, store = Ordered(several=True), Store()
    order.do(done)
    monkeypatch.setattr(writes, "LONG", 0.05)
    hanging = [several.submit(order.do, store.write) for _ in range(AT_ONCE)]
    for _ in hanging:
        assert store.begun.acquire(timeout=60)
    order.do(done)
    assert not any(write.done() for write in hanging)
    store.go.set()
    for write in hanging:
        write.result(10)


def failing(outcomes: list[Exception | None]) -> Callable[[], None]:
    def write() -> None:
        if error := outcomes.pop(0):
            raise error

    return write


@pytest.mark.parametrize(
    "error",
    [
        StorageSilent(LOCKED_OUT),
        Exception("save data failed: allocated size is greater than max storage size"),
        Exception("read app failed: a tool says: save data failed: deadlock"),
    ],
    ids=["silent", "full", "another's words"],
)
def test_whatever_else_fails_is_not_written_again(error: Exception) -> None:
    outcomes: list[Exception | None] = [error, None]
    with pytest.raises(type(error)) as raised:
        Ordered().do(failing(outcomes))
    assert raised.value is error
    assert outcomes == [None]


def test_who_is_locked_out_again_and_again_hears_of_it() -> None:
    outcomes: list[Exception | None] = [Exception(LOCKED_OUT) for _ in range(9)]
    with pytest.raises(Exception, match="deadlock detected"):
        Ordered().do(failing(outcomes))
    assert len(outcomes) == 9 - writes.ATTEMPTS
