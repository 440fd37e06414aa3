from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import AppFailed
from relay.outgoing.formats.text import Text
from tests.events import AGENT, CHAT, IDS, chatflow, workflow
from tests.relay.outgoing.formats.test_lines import events


def written(said: list[dict[str, Any]]) -> str:
    encoder = Text()
    return (encoder.opening() + b"".join(map(encoder.event, said)) + encoder.closing()).decode()


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (CHAT, "Quack"),
        (AGENT, "Quack"),
        (chatflow(), "Quack"),
        (workflow({"text": "Quack"}), "Quack"),
        (workflow({"a": 1, "b": "c"}), '{\n  "a": 1,\n  "b": "c"\n}'),
        (workflow({}, status="failed", error="no pond"), "[failed: no pond]\n"),
        ([CHAT[0], {"event": "message_replace", **IDS, "answer": "Moo"}], "Qu\n\nMoo"),
        ([{"event": "of tomorrow"}], ""),
    ],
)
def test_the_answers_text_alone(said: list[dict[str, Any]], text: str) -> None:
    assert written(said) == text


def test_an_error_behind_a_text_stands_apart() -> None:
    encoder = Text()
    assert encoder.error(AppFailed("no pond")) == b"[app_failed: no pond]\n"
    encoder.event(CHAT[0])
    assert encoder.error(AppFailed("no pond")) == b"\n\n[app_failed: no pond]\n"


@given(st.lists(events))
def test_any_events_give_valid_text(said: list[dict[str, Any]]) -> None:
    assert isinstance(written([{**event, "event": "message"} for event in said]), str)
