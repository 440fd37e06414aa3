import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.later.account import LONGEST_TEXT, MOST_STEPS, SHORT, SO_FAR, Account, State, Step, hashed, shortened
from relay.plan import Destination

FULL = Account(
    id="d",
    app_id="a",
    sender="slack",
    destination=Destination.SENDER,
    created=1.5,
    state=State.FAILED,
    code="interrupted",
    error="Why",
    token=hashed("t"),
    origin="o",
    tries=2,
    began=2.0,
    ended=3.0,
    said=True,
    whole=True,
    text="quack 🦆",
    answer={"answer": "quack"},
    notes=["set it"],
    telling={"posted": ["1"]},
    due=4.0,
    mark="m",
    alive=5.0,
    until=6.0,
)


def test_what_is_stored_is_what_is_read() -> None:
    full = replace(FULL, steps=[Step(at=7.0, what="run", result="try 2")])
    assert Account.load(json.loads(json.dumps(full.dump()))) == full
    empty = Account(id="d", app_id="a", created=1.0)
    assert Account.load(json.loads(json.dumps(empty.dump()))) == empty
    assert set(empty.dump()) == {"id", "app_id", "destination", "created", "state", "text"}


@pytest.mark.parametrize(
    "record", [{}, {"id": "d"}, {"id": "d", "app_id": "a", "created": 1.0, "state": "asleep"}, {"id": 7, "tag": "x"}]
)
def test_what_another_version_stored_is_told_from_an_account(record: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Account.load(record)


def test_a_later_versions_fields_are_left_out() -> None:
    assert Account.load({**FULL.dump(), "tag": "x", "at": 1.0, "colour": "yellow"}) == FULL


def test_only_its_own_token_lets_a_run_in() -> None:
    account = Account(id="d", app_id="a", created=1.0, token=hashed("right"))
    admitted = {token: account.admits(token) for token in ("right", "", "wrong", hashed("right"), "\ud800", "é")}
    assert admitted == dict.fromkeys(admitted, False) | {"right": True}
    assert not Account(id="d", app_id="a", created=1.0).admits("")


def test_of_many_steps_the_first_and_the_latest_are_kept() -> None:
    account = Account(id="d", app_id="a", created=0.0)
    for number in range(3 * MOST_STEPS):
        account.step(float(number), "edit")
    times = [int(step.at) for step in account.steps]
    half = MOST_STEPS // 2
    assert times == [*range(half), *range(3 * MOST_STEPS - half, 3 * MOST_STEPS)]


@pytest.mark.parametrize(("whole", "short", "most"), [(True, False, LONGEST_TEXT), (False, False, SO_FAR)])
def test_a_long_answer_is_cut_to_what_is_kept(*, whole: bool, short: bool, most: int) -> None:
    account = Account(id="d", app_id="a", created=0.0, whole=whole, text="🦆" * LONGEST_TEXT, answer={"answer": "x"})
    assert len(account.dump(short=short)["text"].encode()) == most


def test_where_there_is_no_room_only_its_beginning_is_kept() -> None:
    account = Account(id="d", app_id="a", created=0.0, whole=True, text="x" * 5000, answer={"answer": "x" * 5000})
    assert (account.dump(short=True)["text"], "answer" in account.dump(short=True)) == ("x" * SHORT, False)


@given(st.text(max_size=40), st.integers(0, 60))
def test_a_cut_text_is_a_beginning_of_it(text: str, most: int) -> None:
    cut = shortened(text, most)
    assert text.startswith(cut)
    assert len(cut.encode("utf-8", "replace")) <= max(most, 0)
