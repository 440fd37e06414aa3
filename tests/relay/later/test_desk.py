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


def test_an_address_that_has_never_answered_is_none_and_is_not_tried_again_at_once() -> None:
    desk, own = _desk()
    own.answers = [Started.UNKNOWN]
    job = _job("t")
    assert desk.enter(job) is Turn.NOW
    assert desk.begin(job) is Started.UNREACHABLE
    assert not desk.reachable(job.base)
    assert desk.enter(_job("next", id_="d2")) is Turn.NOW, "the turn was given back"


def test_an_address_that_has_answered_before_may_be_slow() -> None:
    desk, own = _desk()
    own.answers = [Started.RUNNING, Started.UNKNOWN]
    jobs = [_job(token, id_=token, conversation=token) for token in ("first", "second")]
    assert [desk.enter(job) for job in jobs] == [Turn.NOW] * 2
    assert [desk.begin(job) for job in jobs] == [Started.RUNNING, Started.UNKNOWN]
    assert desk.reachable(jobs[0].base)
