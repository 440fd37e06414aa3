from collections.abc import Iterator
from typing import Any

import pytest

from relay.call import Interface
from relay.errors import AppFailed, InvalidParam, RelayError
from relay.run.watch import Watch
from tests.events import AGENT, CHAT, RUN, chatflow, workflow


@pytest.mark.parametrize(
    "events",
    [
        CHAT,
        AGENT,
        workflow({}),
        chatflow(),
        [{"event": "workflow_paused", **RUN}],
        [*CHAT, {"event": "tts_message_end"}],
    ],
    ids=["chatbot", "agent", "workflow", "chatflow", "paused", "speech after the end"],
)
def test_a_complete_answer_passes_untouched(events: list[dict[str, Any]]) -> None:
    assert list(Watch(Interface.ANY).events(events)) == events


@pytest.mark.parametrize("events", [[], CHAT[:2], workflow({})[:3], [{"event": "of tomorrow"}, {}, {"event": None}]])
def test_an_answer_without_its_end_is_told_apart(events: list[dict[str, Any]]) -> None:
    passed: list[Any] = []
    with pytest.raises(AppFailed, match="broke off"):
        _each(Watch(Interface.ANY).events(events), passed)
    assert passed == events


def test_the_apps_own_error_event_ends_the_run() -> None:
    events = [CHAT[0], {"event": "error", "status": 400, "code": "invalid_param", "message": "too long"}, CHAT[2]]
    passed: list[object] = []
    with pytest.raises(InvalidParam, match="too long"):
        _each(Watch(Interface.ANY).events(events), passed)
    assert passed == events[:1]


def test_whatever_the_sdk_raises_becomes_a_relay_error() -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield CHAT[0]
        raise RuntimeError("/secret/path.py")

    with pytest.raises(RelayError) as caught:
        list(Watch(Interface.ANY).events(broken()))
    assert "secret" not in caught.value.message
    assert isinstance(caught.value.__cause__, RuntimeError)


def _each(events: Iterator[Any], passed: list[Any]) -> None:
    for event in events:
        passed.append(event)  # noqa: PERF402 - what came before the error counts


@pytest.mark.parametrize(
    ("status", "error", "failed"),
    [("succeeded", None, ""), ("failed", "no pond", "no pond"), ("stopped", None, "It ended as stopped.")],
)
def test_how_a_workflow_ended_is_known_afterwards(status: str, error: str | None, failed: str) -> None:
    watch = Watch(Interface.ANY)
    events = workflow({}, status=status, error=error)
    assert list(watch.events(events)) == events
    assert watch.failed == failed
