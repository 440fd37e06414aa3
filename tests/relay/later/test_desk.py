from relay.later.desk import Desk, Job
from relay.later.turns import Turn
from relay.outward import Started
from tests.relay.later.desks import Scripted


def _job(token: str, *, id_: str = "d1", conversation: str = "c1") -> Job:
    return Job(id=id_, token=token, base="http://own", conversation=conversation)


def _desk() -> tuple[Desk, Scripted]:
    own = Scripted()
    return Desk(own, lambda: 0.0), own


def test_what_is_told_later_begins_although_the_run_before_it_has_not_ended_yet() -> None:
    desk, own = _desk()
    first, later = _job("first"), _job("later")
    desk.keep("d1")
    assert desk.enter(first) is Turn.NOW
    desk.begin(first)
    desk.later(later, 1.0)
    own.pass_()
    own.end("first")
    own.pass_()
    assert own.started == ["first", "later"]
    own.end("later")
    assert (desk.hand, desk.idle) == ((), ())


def test_of_two_redeliveries_at_once_the_later_one_begins_where_the_first_is_refused() -> None:
    desk, own = _desk()
    own.answers = [Started.REFUSED]
    first, second = _job("first"), _job("second")
    desk.keep("d1")
    assert desk.enter(first) is Turn.NOW
    assert desk.enter(second) is Turn.LATER
    assert desk.begin(first) is Started.REFUSED
    own.pass_()
    assert own.started == ["first", "second"]


def test_one_that_another_has_replaced_is_not_begun_when_its_turn_comes() -> None:
    desk, own = _desk()
    other = _job("other", id_="d2")
    assert desk.enter(other) is Turn.NOW
    desk.begin(other)
    assert [desk.enter(_job("old")), desk.enter(_job("new"))] == [Turn.LATER, Turn.LATER]
    own.end("other")
    own.pass_()
    assert own.started == ["other", "new"]


def test_a_run_that_breaks_off_is_asked_for_once_more_and_then_left_to_the_next_look() -> None:
    desk, own = _desk()
    job = _job("t")
    desk.keep("d1")
    assert desk.enter(job) is Turn.NOW
    desk.begin(job)
    own.answers = [Started.REFUSED, Started.UNREACHABLE, Started.REFUSED]
    own.end("t", whole=False)
    own.pass_()
    assert own.started == ["t"] * 4
    assert (desk.hand, desk.idle) == (("d1",), ("d1",))
