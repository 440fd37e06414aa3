"""A delivery is in one request's hands, and what was left alone is begun again or ended."""

import pytest

from relay.errors import DeliveryInProgress
from relay.host import Host
from relay.later.account import MOST_TRIES, Account, State
from relay.later.desk import Desk
from relay.later.ledger import Ledger
from relay.later.progress import ALIVE, Progress
from tests.relay.later.desks import Scripted
from tests.relay.run.records import Clock, Process
from tests.relay.storage import Shelf


class House:
    """A storage, a clock, and processes that end."""

    def __init__(self) -> None:
        self.shelf, self.clock = Shelf(), Clock()
        self.ledger().save(Account(id="d", app_id="a", created=self.clock()))

    def ledger(self) -> Ledger:
        return Ledger(Process(self.shelf, self.clock).records)

    def hold(self) -> Progress:
        """Read the delivery in a process of its own."""
        ledger = self.ledger()
        account = ledger.find("d")
        assert account is not None
        host = Host(clock=self.clock, elapsed=self.clock)
        return Progress(account, ledger=ledger, desk=Desk(Scripted(), self.clock), host=host)

    def stored(self) -> Account:
        account = self.ledger().find("d")
        assert account is not None
        return account


def nothing() -> None:
    pass


def test_what_one_works_at_no_other_takes_until_it_is_left_alone() -> None:
    house = House()
    assert house.hold().claim(nothing) is False
    house.clock.now += ALIVE - 1
    with pytest.raises(DeliveryInProgress):
        house.hold().claim(nothing)
    house.clock.now += 2
    assert house.hold().claim(nothing) is False


def test_a_beat_keeps_it_for_as_long_as_it_lasts() -> None:
    house = House()
    mine = house.hold()
    mine.claim(nothing)
    for _ in range(10):
        house.clock.now += ALIVE - 1
        assert mine.beat() is False
        with pytest.raises(DeliveryInProgress):
            house.hold().claim(nothing)


def test_of_two_at_the_same_moment_the_one_that_wrote_last_has_it() -> None:
    house = House()
    first, second = house.hold(), house.hold()
    first.claim(nothing)
    second.claim(nothing)
    assert (first.is_ours(), second.is_ours()) == (False, True)


def test_an_app_that_says_nothing_is_run_three_times_and_no_more() -> None:
    house = House()
    ended = []
    for _ in range(MOST_TRIES + 1):
        mine = house.hold()
        ended.append(mine.claim(nothing))
        if not ended[-1]:
            mine.account.tries += 1
            mine.save()
        house.clock.now += ALIVE + 1  # its process is gone
    assert ended == [False] * MOST_TRIES + [True]
    assert house.stored().tries == MOST_TRIES


def test_one_that_had_said_something_is_not_run_once_more() -> None:
    house = House()
    mine = house.hold()
    mine.claim(nothing)
    mine.follow(text=lambda: "quack")
    mine.save()
    house.clock.now += ALIVE + 1
    assert house.hold().claim(nothing) is True
    assert house.stored().text == "quack"


def test_one_whose_answer_is_whole_is_only_told() -> None:
    house = House()
    mine = house.hold()
    mine.claim(nothing)
    mine.account.whole, mine.account.text, mine.account.said = True, "quack", True
    mine.save()
    house.clock.now += ALIVE + 1
    assert house.hold().claim(nothing) is False


def test_its_owner_who_wants_it_no_more_is_heard_in_another_process() -> None:
    house = House()
    mine = house.hold()
    mine.claim(nothing)
    house.ledger().cancel(house.stored())
    assert mine.beat() is True


def test_what_has_ended_nobody_takes() -> None:
    house = House()
    mine = house.hold()
    mine.claim(nothing)
    mine.end(Process(house.shelf, house.clock).records())
    house.clock.now += ALIVE + 1
    assert house.stored().state is State.DONE
    with pytest.raises(DeliveryInProgress):
        house.hold().claim(nothing)


def test_a_storage_that_fails_costs_no_run() -> None:
    house = House()
    mine = house.hold()
    mine.claim(nothing)
    house.shelf.broken = {"get", "set"}
    mine.save()
    assert (mine.beat(), mine.is_ours()) == (False, True)
    house.shelf.broken = set()
    mine.account.text = "quack"
    mine.save()
    assert house.stored().text == "quack"
