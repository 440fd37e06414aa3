import pytest

from relay.call import Call
from relay.incoming.access import Caller
from relay.later.account import Account, State, hashed
from relay.later.ledger import HAND, Grant, Hand, Ledger
from relay.plan import LARGEST, Plan
from relay.run.dify import StorageFailed
from relay.run.records import DAY
from tests.relay.run.records import Clock, Process
from tests.relay.storage import Shelf

PLAN = Plan(caller=Caller.KEY, endpoint_id="e", call=Call(app_id="a", query="hi"), form="json")


def ledger(shelf: Shelf, clock: Clock) -> Ledger:
    """Give the ledger of a process of its own."""
    return Ledger(Process(shelf, clock).records)


def account(id_: str, created: float) -> Account:
    return Account(id=id_, app_id="a", created=created, token=hashed(id_))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_what_one_process_stores_another_reads(clock: Clock) -> None:
    shelf = Shelf()
    stored = account("d", clock())
    ledger(shelf, clock).open(stored, PLAN, "d")
    other = ledger(shelf, clock)
    assert (other.find("d"), other.plan("d"), other.grant("d")) == (stored, PLAN, Grant(token="d"))
    assert (other.find("x"), other.plan("x"), other.grant("x")) == (None, None, Grant())


def test_the_handle_is_stored_apart_and_goes_with_the_end(clock: Clock) -> None:
    shelf = Shelf()
    mine, one = ledger(shelf, clock), account("d", clock())
    plan = Plan(caller=Caller.KEY, endpoint_id="e", call=Call(app_id="a"), form="json", handle={"token": "secret"})
    mine.open(one, plan, "d")
    assert mine.grant("d").handle == {"token": "secret"}
    assert sum(b"secret" in value for value in shelf.values.values()) == 1
    one.state = State.DONE
    mine.close(one, forget=True)
    assert mine.grant("d") == Grant()
    assert not [value for value in shelf.values.values() if b"secret" in value]
    assert mine.plan("d") == Plan(caller=Caller.KEY, endpoint_id="e", call=Call(app_id="a"), form="json")


def test_the_latest_come_first(clock: Clock) -> None:
    mine = ledger(Shelf(), clock)
    for number in range(120):
        clock.now += 1
        mine.open(account(str(number), clock()), PLAN, "t")
    assert [one.id for one in mine.latest()] == [str(number) for number in range(119, 19, -1)]


def test_a_cancelled_one_keeps_its_token_and_handle(clock: Clock) -> None:
    mine, one = ledger(Shelf(), clock), account("d", clock())
    mine.open(one, PLAN, "d")
    mine.cancel(one)
    assert mine.grant("d") == Grant(token="d", cancelled=True)
    mine.reopen(one, "e")
    assert mine.grant("d") == Grant(token="e")
    assert one.until == clock() + DAY


def test_what_is_erased_is_gone(clock: Clock) -> None:
    mine, one = ledger(Shelf(), clock), account("d", clock())
    mine.open(one, PLAN, "d")
    mine.erase(one)
    assert (mine.find("d"), mine.plan("d"), mine.grant("d"), mine.latest()) == (None, None, Grant(), [])


def test_too_large_a_plan_is_refused(clock: Clock) -> None:
    large = Plan(caller=Caller.KEY, endpoint_id="e", call=Call(app_id="a", query="x" * LARGEST), form="json")
    shelf = Shelf()
    with pytest.raises(ValueError, match="larger than"):
        ledger(shelf, clock).open(account("d", clock()), large, "d")
    assert shelf.values == {}


@pytest.mark.parametrize("op", ["get", "set"])
def test_a_storage_that_fails_is_not_taken_for_one_without_the_delivery(clock: Clock, op: str) -> None:
    shelf = Shelf()
    mine, one = ledger(shelf, clock), account("d", clock())
    mine.open(one, PLAN, "d")
    shelf.broken = {op}
    with pytest.raises(StorageFailed):
        mine.find("d") if op == "get" else mine.save(one)


def test_what_each_process_has_in_hand_is_known_to_all(clock: Clock) -> None:
    shelf = Shelf()
    first, second = ledger(shelf, clock), ledger(shelf, clock)
    first.write_hand("one", ("a", "b"), None)
    second.write_hand("two", (), None)
    until = clock() + HAND
    assert second.hands() == [Hand(writer="one", until=until, ids=("a", "b"))]
    second.drop_hand("one")
    assert first.hands() == []


def test_a_spoilt_record_is_no_delivery(clock: Clock) -> None:
    shelf = Shelf()
    mine = ledger(shelf, clock)
    mine.open(account("d", clock()), PLAN, "d")
    for key, value in shelf.values.items():
        if "-w" not in key:
            shelf.values[key] = value.replace(b'"created"', b'"made"').replace(b'\\"version\\"', b'\\"edition\\"')
    assert (mine.find("d"), mine.latest()) == (None, [])
