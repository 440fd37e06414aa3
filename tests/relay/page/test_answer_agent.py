from typing import Any

import pytest

from relay.page import thoughts
from relay.page.declared import Asking
from tests.events import IDS, RUN
from tests.relay.page.document import Document, document, view, words


def thought(number: int, **told: str) -> dict[str, Any]:
    return {"event": "agent_thought", **IDS, "id": f"thought-{number}", "position": number, **told}


def says(text: str) -> dict[str, Any]:
    return {"event": "agent_message", **IDS, "answer": text}


def log(number: str, *, parent: str = "", status: str = "success", **told: Any) -> dict[str, Any]:
    data = {"id": number, "label": f"Log {number}", "parent_id": parent or None, "status": status, **told}
    return {"event": "agent_log", **RUN, "data": data}


def folded(page: Document) -> list[str | None]:
    return [one["class"] for one in page.of("details", slot="answer")]


def test_a_tool_that_is_called_is_shown_once_with_what_it_was_given_and_gave_back() -> None:
    called = {"tool": "pond", "tool_input": '{"pond": {"depth": 2}}'}
    page = document(
        [
            thought(1, thought=""),
            thought(1, thought="I ask the pond.", **called),
            thought(1, thought="I ask the pond.", **called, observation='{"deep": true}'),
            thought(2, thought=""),
            says("It is deep."),
            thought(2, thought="It is deep."),
        ]
    )
    assert folded(page) == ["thought"]
    assert words(page.slots["answer"]).startswith(
        'Tool: pond I ask the pond. { "pond": { "depth": 2 } } Results { "deep": true } It is deep.'
    )
    assert words(page.slots["steps"]) == "Tool: pond … running"
    assert "hidden" in page.of("div", slot="steps")[-1]


def test_what_an_agent_thinks_is_folded_and_what_it_has_said_is_not_said_twice() -> None:
    page = document([says("First."), thought(1, thought="First."), thought(2, thought="Hm."), says("Second.")])
    assert folded(page) == ["thought"]
    assert "Thought Hm." in words(page.slots["answer"])


def test_text_before_a_tool_stays_before_it() -> None:
    page = document([says("Let me look."), thought(1, tool="pond", observation="wet"), says("It is wet.")])
    said = words(page.slots["answer"])
    assert said.index("Let me look.") < said.index("Tool: pond wet") < said.index("It is wet.")
    assert [one["class"] for one in page.of("div", slot="answer")] == ["d md", "d md"]


def test_of_an_agents_log_what_is_within_is_shown_when_it_is_done() -> None:
    page = document(
        [
            log("round", status="start"),
            log("call", parent="round", status="start"),
            log("call", parent="round", data={"output": "wet"}),
            log("bad", parent="round", status="error", error="no pond"),
            log("round", data={"all": "of it again"}),
            log("alone", data="text"),
        ]
    )
    assert folded(page) == ["thought", "thought failed", "thought"]
    assert words(page.slots["answer"]) == 'Log call { "output": "wet" } Log bad no pond Log alone text'


def test_two_hundred_thoughts_are_shown_and_more_are_counted() -> None:
    page = document([thought(number, thought=f"Thought {number}.") for number in range(thoughts.MOST_SHOWN + 5)])
    assert len(folded(page)) == thoughts.MOST_SHOWN
    assert words(page.slots["answer"]).endswith("Shortened here. (+5)")


def test_thoughts_of_any_shape_are_shown() -> None:
    odd: list[dict[str, Any]] = [
        {"event": "agent_thought", "id": [1], "thought": {"a": 1}, "tool": 10**400, "observation": ["x"]},
        {"event": "agent_thought", "id": None, "tool": "a", "tool_input": "{" * 10_000, "observation": "[" * 10_000},
        {"event": "agent_thought", "id": {}, "tool_input": f'{{"n": {10**400}}}'},
        {"event": "agent_log", "data": {"id": [1], "parent_id": {}, "label": 5, "data": 10**400, "error": ["x"]}},
        {"event": "agent_log", "data": None},
    ]
    assert document(odd).foreign() == []


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_a_model_thinks_before_it_answers_is_folded_and_no_part_of_the_answer(size: int) -> None:
    text = "\n<think>\nA </b> </thin duck.\n</think>\n\nQuack <think>!"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    page = document([{"event": "message", **IDS, "answer": piece} for piece in pieces], "Why?", of=view(Asking.CHAT))
    assert folded(page) == ["thought"]
    assert words(page.slots["answer"]).startswith("Thought A </b> </thin duck. Quack <think>!")
    assert page.carried()["duck.turns"] == '{"dropped":0,"turns":[["Why?","Quack <think>!"]]}'


def test_a_thought_that_is_never_closed_and_one_that_is_interrupted_stay_folded() -> None:
    chunk = {"event": "message", **IDS, "answer": "<think>One "}
    step = {"event": "node_started", **RUN, "data": {"id": "n", "title": "Think"}}
    page = document([chunk, step, {**chunk, "answer": "two </"}])
    assert folded(page) == ["thought", "thought"]
    assert words(page.slots["answer"]) == "Thought One Thought two </"


def test_reasoning_that_comes_in_events_of_its_own_is_folded() -> None:
    chunk = {"event": "reasoning_chunk", **RUN, "data": {"reasoning": "A <duck>", "is_final": False}}
    page = document([chunk, chunk, says("Quack")])
    assert folded(page) == ["thought"]
    assert words(page.slots["answer"]).startswith("Thought A <duck>A <duck> Quack")


def test_a_text_that_begins_like_a_thought_is_said() -> None:
    assert words(document([says("<thi"), says("nk")]).slots["answer"]).endswith("<think")
    assert folded(document([says("<thi"), says("nk")])) == []


def test_what_begins_after_a_long_blank_is_no_thought() -> None:
    blank = {"event": "message", **IDS, "answer": " " * 500}
    assert "Thought" in words(document([blank, blank, says("<think>One")]).slots["answer"])
    assert "<think>One" in words(document([blank, blank, blank, says("<think>One")]).slots["answer"])
