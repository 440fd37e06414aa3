from relay.call import Call
from relay.host import Host
from relay.incoming.access import Caller
from relay.incoming.settings import Settings
from relay.later.account import Account, hashed
from relay.later.desk import Desk
from relay.later.ledger import HAND, Ledger
from relay.later.sweep import Sweep
from relay.plan import Destination, Plan
from relay.run.records import Kind, Records
from tests.relay.later.desks import Scripted
from tests.relay.storage import Shelf

DAY = 24 * 3600.0


class Process:
    """One process at an endpoint's storage."""

    def __init__(self, shelf: Shelf, writer: str, now: list[float]) -> None:
        self.own = Scripted()
        self.desk = Desk(self.own, lambda: now[0], writer=writer)
        self.host = Host(clock=lambda: now[0], elapsed=lambda: now[0], own=self.own)
        self._shelf, self._writer, self._now = shelf, writer, now

    def records(self, kind: Kind) -> Records:
        return Records(
            self._shelf,
            endpoint_id="e",
            kind=kind,
            clock=lambda: self._now[0],
            settle=lambda: None,
            writer=self._writer,
        )

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.records)

    def accept(self, id_: str) -> None:
        token = f"token of {id_}"
        call = Call(app_id="a", query="hi", user="u")
        plan = Plan(caller=Caller.KEY, endpoint_id="e", call=call, form="json", destination=Destination.LATER)
        self.desk.keep(id_)
        self.ledger.open(Account(id=id_, app_id="a", created=self._now[0], token=hashed(token)), plan, token)
        self.desk.write(self.ledger)

    def look(self) -> float:
        sweep = Sweep(
            desk=self.desk,
            ledger=self.ledger,
            host=self.host,
            settings=Settings.read({}),
            hook_id="h",
            records=self.records,
        )
        soon = sweep.look()
        self.own.pass_()
        return soon


def test_what_a_process_left_is_begun_by_the_next_one() -> None:
    shelf, now = Shelf(), [1_800_000_000.0]
    Process(shelf, "first", now).accept("d1")
    now[0] += HAND + 1
    second = Process(shelf, "second", now)
    second.look()
    assert (second.own.started, second.desk.hand) == (["token of d1"], ("d1",))


def test_what_was_left_of_one_endpoint_is_begun_in_the_order_in_which_it_came() -> None:
    shelf, now = Shelf(), [1_800_000_000.0]
    first = Process(shelf, "orderly", now)
    for id_ in ("d3", "d1", "d2"):
        now[0] += 1
        first.accept(id_)
    now[0] += HAND + 1
    second = Process(shelf, "its follower", now)
    second.look()
    assert second.own.started == ["token of d3", "token of d1", "token of d2"]


def test_what_a_process_left_that_ran_for_days_is_begun_too() -> None:
    shelf, now = Shelf(), [1_800_000_000.0]
    first = Process(shelf, "first", now)
    first.accept("d1")
    first.desk.drop("d1")
    now[0] += 2 * DAY
    first.accept("d2")
    now[0] += HAND + 1
    second = Process(shelf, "second", now)
    second.look()
    assert second.own.started == ["token of d2"]


def test_a_look_tells_when_those_who_are_at_work_now_may_be_known_to_be_gone() -> None:
    shelf, now = Shelf(), [1_800_000_000.0]
    Process(shelf, "first", now).accept("d1")
    now[0] += 5
    second = Process(shelf, "second", now)
    assert (second.look(), second.own.started) == (HAND - 5, [])
    now[0] += HAND
    assert (second.look(), second.own.started) == (0, ["token of d1"])
