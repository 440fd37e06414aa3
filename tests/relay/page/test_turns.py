import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.page import turns
from relay.page.turns import LARGEST, MOST, Turn, Turns

# halves of surrogate pairs, too: an app's events may tear a pair apart
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


def said(*texts: str) -> tuple[Turn, ...]:
    return tuple(Turn(query=f"{text}?", answer=f"{text}.") for text in texts)


def size(all_turns: Turns) -> int:
    return len(turns.dump(all_turns).encode())


def test_turns_come_back_as_they_went() -> None:
    gone = Turns(latest=said("One", 'Two "<b>" &amp;', "三\n四 🦆"), dropped=3)

    assert turns.load(turns.dump(gone)) == gone


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=8))
def test_whatever_is_said_comes_back(pairs: list[tuple[str, str]]) -> None:
    gone = Turns()
    for query, answer in pairs:
        gone = gone.add(Turn(query=query, answer=answer))

    assert turns.load(turns.dump(gone)) == gone
    assert len(gone.latest) == len(pairs)


@given(st.lists(st.integers(0, 3 * LARGEST // 2), max_size=6), st.sampled_from(["a", '"', "é", "🦆", "\x00"]))
def test_turns_of_any_size_stay_within_the_bound_and_are_the_latest(sizes: list[int], character: str) -> None:
    gone = Turns()
    for number, length in enumerate(sizes):
        gone = gone.add(Turn(query=str(number), answer=character * length))

    assert size(gone) <= LARGEST
    assert turns.load(turns.dump(gone)) == gone
    assert gone.dropped + len(gone.latest) == len(sizes)
    assert [turn.query for turn in gone.latest] == [str(number) for number in range(gone.dropped, len(sizes))]


def test_the_oldest_go_when_there_is_no_room_and_are_counted() -> None:
    third = "x" * (LARGEST // 3)
    gone = Turns()
    for name in ("one", "two", "three", "four"):
        gone = gone.add(Turn(query=name, answer=third))

    assert gone == Turns(latest=(Turn(query="three", answer=third), Turn(query="four", answer=third)), dropped=2)


def test_more_short_turns_than_a_page_shows_are_dropped() -> None:
    gone = Turns(latest=said(*map(str, range(MOST))), dropped=5)

    assert gone.add(Turn(query="new?", answer="")) == Turns(
        latest=(*gone.latest[1:], Turn(query="new?", answer="")), dropped=6
    )


def test_a_turn_without_room_alone_keeps_its_beginning() -> None:
    gone = Turns(latest=said("earlier")).add(Turn(query="Why?", answer="Quack! " + "é" * LARGEST))

    [turn] = gone.latest
    assert (turn.query, turn.answer[:8], turn.answer[-2:]) == ("Why?", "Quack! é", "é…")
    assert gone.dropped == 1
    assert LARGEST - 100 < size(gone) <= LARGEST


def test_a_question_without_room_leaves_some_for_its_answer() -> None:
    [turn] = Turns().add(Turn(query="q" * LARGEST, answer="a" * LARGEST)).latest

    assert len(turn.query) < LARGEST // 4 < len(turn.answer)
    assert (turn.query[-1], turn.answer[-1]) == ("…", "…")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quack",
        "null",
        "[]",
        "{}",
        '{"dropped": 0}',
        '{"dropped": 0, "turns": [], "more": 1}',
        '{"dropped": -1, "turns": []}',
        '{"dropped": true, "turns": []}',
        '{"dropped": 1.5, "turns": []}',
        '{"dropped": 1e999, "turns": []}',
        '{"dropped": 99999999999, "turns": []}',
        '{"dropped": 0, "turns": {}}',
        '{"dropped": 0, "turns": [["a"]]}',
        '{"dropped": 0, "turns": [["a", "b", "c"]]}',
        '{"dropped": 0, "turns": [["a", 1]]}',
        '{"dropped": 0, "turns": ["ab"]}',
        '{"dropped": 0, "turns": [["a", "\\ud83d"]]}',
        '{"dropped": 0, "turns": [["a", "\ud83d"]]}',
        '{"dropped": 0, "turns": [["a", NaN]]}',
        pytest.param('{"dropped": 0, "turns": ' + "[" * 100_000, id="deep"),
        pytest.param(json.dumps({"dropped": 0, "turns": [["", ""]] * (MOST + 1)}), id="too many"),
        pytest.param(json.dumps({"dropped": 0, "turns": [["", "x" * LARGEST]]}), id="too large"),
        pytest.param(
            json.dumps({"dropped": 0, "turns": [["", "é" * (LARGEST // 2)]]}, ensure_ascii=False), id="bytes"
        ),
    ],
)
def test_what_is_none_of_ours_is_no_turn(text: str) -> None:
    assert turns.load(text) == Turns()


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert isinstance(turns.load(text), Turns)
