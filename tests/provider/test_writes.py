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


def done() -> None:
    pass


def test_nothing_is_written_beside_the_first_write(several: ThreadPoolExecutor) -> None:
    order, store, later = Writes(), Store(), threading.Event()
    first = several.submit(order.do, store.write)
    store.begun.acquire()
    others = [several.submit(order.do, later.set) for _ in range(AT_ONCE)]
    assert not later.wait(0.05)
    store.go.set()
    for write in (first, *others):
        write.result(10)
    assert later.is_set()
    assert store.most == 1


def test_then_a_few_are_written_at_once(several: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "LONG", 10.0)
    order, store = Writes(), Store()
    order.do(done)
    begun = [several.submit(order.do, store.write) for _ in range(3 * AT_ONCE)]
    for _ in range(AT_ONCE):
        assert store.begun.acquire(timeout=10)
    assert not store.begun.acquire(timeout=0.05)
    store.go.set()
    for write in begun:
        write.result(10)
    assert store.most == AT_ONCE


def test_a_write_that_hangs_keeps_the_others_only_for_a_while(
    several: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writes, "LONG", 0.05)
    order, store = Writes(), Store()
    order.do(done)
    hanging = [several.submit(order.do, store.write) for _ in range(AT_ONCE)]
    for _ in hanging:
        store.begun.acquire()
    order.do(done)
    assert not any(write.done() for write in hanging)
    store.go.set()
    for write in hanging:
        write.result(10)


@pytest.mark.parametrize("told", [LOCKED_OUT, MYSQL])
def test_what_was_locked_out_is_written_again_and_from_then_on_one_after_the_other(
    told: str, several: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writes, "LONG", 10.0)
    order, store = Writes(), Store()
    order.do(done)
    outcomes: list[Exception | None] = [Exception(told), Exception(told), None]
    order.do(failing(outcomes))
    assert outcomes == []
    assert [record.getMessage().count("tenant_storages") for record in caplog.records] == [1]
    begun = [several.submit(order.do, store.write) for _ in range(AT_ONCE)]
    store.go.set()
    for write in begun:
        write.result(10)
    assert store.most == 1


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
        Writes().do(failing(outcomes))
    assert raised.value is error
    assert outcomes == [None]


def test_who_is_locked_out_again_and_again_hears_of_it() -> None:
    outcomes: list[Exception | None] = [Exception(LOCKED_OUT) for _ in range(9)]
    with pytest.raises(Exception, match="deadlock detected"):
        Writes().do(failing(outcomes))
    assert len(outcomes) == 9 - writes.ATTEMPTS


def test_after_a_first_write_that_failed_the_next_one_goes_alone_too(several: ThreadPoolExecutor) -> None:
    order, store = Writes(), Store()
    with pytest.raises(OSError, match="full"):
        order.do(failing([OSError("full")]))
    begun = [several.submit(order.do, store.write) for _ in range(2)]
    store.begun.acquire()
    assert not store.begun.acquire(timeout=0.05)
    store.go.set()
    for write in begun:
        write.result(10)
