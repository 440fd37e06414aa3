from hypothesis import given
from hypothesis import strategies as st

from relay.later.turns import AT_ONCE, MOST_WAITING, Turn, Turns


def test_twenty_run_at_once_and_the_next_gets_the_first_turn_that_is_given_back() -> None:
    turns = Turns[int]()
    assert [turns.enter(number, number) for number in range(AT_ONCE + 2)] == [Turn.NOW] * AT_ONCE + [Turn.LATER] * 2
    assert turns.leave(7) == [AT_ONCE]
    assert turns.leave(AT_ONCE) == [AT_ONCE + 1]
    assert turns.leave(3) == []


def test_one_conversation_waits_for_itself_alone() -> None:
    turns = Turns[str]()
    entered = [turns.enter(one, one[0]) for one in ("a1", "a2", "b1", "a3")]
    assert entered == [Turn.NOW, Turn.LATER, Turn.NOW, Turn.LATER]
    assert turns.leave("b1") == []
    assert turns.leave("a1") == ["a2"]
    assert turns.leave("a2") == ["a3"]


def test_who_gives_up_waiting_lets_the_next_one_come() -> None:
    turns = Turns[str]()
    for one in ("a1", "a2", "a3"):
        turns.enter(one, "a")
    assert turns.leave("a2") == []
    assert turns.leave("a1") == ["a3"]


def test_more_than_two_hundred_do_not_wait() -> None:
    turns = Turns[int]()
    entered = [turns.enter(number, number) for number in range(AT_ONCE + MOST_WAITING + 1)]
    assert entered == [Turn.NOW] * AT_ONCE + [Turn.LATER] * MOST_WAITING + [Turn.FULL]
    assert turns.leave(0) == [AT_ONCE]
    assert turns.enter(-1, -1) is Turn.LATER


def test_nobody_enters_twice() -> None:
    turns = Turns[str]()
    assert [turns.enter("a", "a"), turns.enter("a", "a")] == [Turn.NOW, Turn.LATER]
    assert turns.leave("a") == []
    assert turns.enter("a", "a") is Turn.NOW


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99)), max_size=120))
def test_however_they_come_and_go_each_gets_one_turn_in_the_order_of_its_conversation(
    steps: list[tuple[int, int]],
) -> None:
    """A step: one of a conversation enters, and one of those that run leaves."""
    turns = Turns[int]()
    conversations: dict[int, int] = {}
    running: list[int] = []
    had: list[int] = []

    def begun(ones: list[int]) -> None:
        had.extend(ones)
        running.extend(ones)
        busy = [conversations[one] for one in running]
        assert len(busy) == len(set(busy))
        assert len(running) <= AT_ONCE

    for number, (conversation, leaver) in enumerate(steps):
        conversations[number] = conversation
        if turns.enter(number, conversation) is Turn.NOW:
            begun([number])
        if leaver % 3 and running:
            begun(turns.leave(running.pop(leaver % len(running))))
    while running:
        begun(turns.leave(running.pop(0)))
    assert sorted(had) == list(range(len(steps)))
    for conversation in set(conversations.values()):
        own = [one for one in had if conversations[one] == conversation]
        assert own == sorted(own)
