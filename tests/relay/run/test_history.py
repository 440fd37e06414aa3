"""A history as text."""

import tracemalloc

from relay.incoming.openai import messages
from relay.run.history import LONGEST, history_of, tell
from tests.relay.run.histories import said, user


def test_of_what_came_before_the_latest_is_told() -> None:
    long = [user(f"question {number} " + "x" * 1000) for number in range(100)]
    conversation = messages.read([one for question in long for one in (question, said("yes"))] + [user("last")])
    told = tell(conversation, system="")
    assert LONGEST - 2000 < len(told) < LONGEST + 1000
    assert "question 99 " in told
    assert "question 10 " not in told
    assert told.endswith("\n\nlast")


def test_of_one_message_that_is_too_long_the_end_is_told() -> None:
    conversation = messages.read([user("begin" + "ü" * LONGEST + "end"), said("yes"), user("last")])
    told = tell(conversation, system="")
    assert "Assistant: yes" in told
    alone = tell(messages.read([said("begin" + "ü" * LONGEST + "end"), user("last")]), system="")
    assert "begin" not in alone
    assert "üend\n\n" in alone


def test_a_long_history_takes_little_memory_beside_itself() -> None:
    conversation = messages.read([user("one"), said("ab " * 500_000), user("two")])
    tracemalloc.start()
    try:
        history_of(conversation, app_id="a", user=None, named=True, told="all")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10_000_000
