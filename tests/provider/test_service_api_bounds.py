"""How much of a stream is read at once and in all, and how long after the app's end: Dify may be anybody's."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from provider.service_api import sse
from provider.service_api import stream as streams
from provider.service_api.api import ServiceApi
from relay.errors import AppFailed
from relay.event import Event
from relay.run.inbox import Inbox
from tests.provider.played_dify import LAST, STREAM, Asked, chunk, data, played
from tests.provider.test_service_api_runs import END, MESSAGE, RUN, STOP, STOPPED, begin, take

FLOOD = [{**MESSAGE, "answer": f"{number:500}"} for number in range(4000)]
PIECE = streams.SHARE // 600  # of the flood's events that are read at once, and more
PATIENCE = 3  # looks without anything new: so nothing more is read


def flood(_: Asked) -> list[bytes]:
    return [STREAM + b"".join(chunk(data(event)) for event in [*FLOOD, END]) + LAST]


class Watched(Inbox):
    """Tells when its reader looks again and again, and nothing more comes."""

    def __init__(self) -> None:
        super().__init__()
        self.held_back = threading.Event()
        self._looks: list[int] = []

    def untaken(self) -> int:
        self._looks = [*self._looks[1 - PATIENCE :], super().untaken()]
        if len(self._looks) == PATIENCE and len({*self._looks, 0}) == 2:
            self.held_back.set()
        return self._looks[-1]


@pytest.mark.parametrize("few", [0, streams.FEW], ids=["by the rounds", "by itself"])
@pytest.mark.parametrize(("bound", "most"), [("MOST_UNTAKEN", 100), ("MOST_AHEAD", 60_000)])
def test_nothing_more_is_read_while_too_much_waits_for_its_taker(
    monkeypatch: pytest.MonkeyPatch, few: int, bound: str, most: int
) -> None:
    monkeypatch.setattr(streams, "FEW", few)
    monkeypatch.setattr(streams, "LOOK", 0.005)
    monkeypatch.setattr(streams, bound, most)
    waiting: list[Event] = []
    taken: list[Event] = []
    peaks: list[int] = []
    looks = 0

    def untaken() -> int:
        nonlocal looks
        looks += 1
        if looks >= PATIENCE:
            peaks.append(len(waiting))
            taken.extend(waiting)
            waiting.clear()
        return len(waiting)

    def put(event: Event) -> None:
        nonlocal looks
        looks = 0
        waiting.append(event)

    with played({RUN: flood}) as dify:
        ServiceApi(dify.url, "app-duck").stream("/chat-messages", {}).read(put, untaken)
    assert taken + waiting == [*FLOOD, END]
    assert max(peaks) <= 100 + PIECE
    assert len(peaks) >= len(FLOOD) / (100 + PIECE) - 1


def test_a_run_whose_events_nobody_takes_is_held_back_until_somebody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK", 0.01)
    inbox = Watched()
    with played({RUN: flood}) as dify:
        _, _, events = begin(dify, inbox=inbox)
        assert next(events) is None
        assert inbox.held_back.wait(30)
        assert streams.MOST_UNTAKEN < inbox.untaken() <= streams.MOST_UNTAKEN + PIECE
        assert take(inbox, events, len(FLOOD) + 1) == [*FLOOD, END]
        assert not [event for event in events if event]


def test_a_run_that_is_left_while_it_is_held_back_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK", 0.01)
    inbox = Watched()
    with played({RUN: flood, STOP: STOPPED}) as dify:
        run, _, events = begin(dify, inbox=inbox)
        assert next(events) is None
        assert inbox.held_back.wait(30)
        run.leave()
        dify.wait_for(STOP)
        taken = 0
        for event in events:
            if event is None:
                inbox.wait(5)
            else:
                taken += 1
        assert streams.MOST_UNTAKEN < taken <= streams.MOST_UNTAKEN + PIECE


@pytest.mark.parametrize(("module", "bound"), [(streams, "LARGEST"), (sse, "LONGEST_LINE")])
def test_a_run_that_sends_too_much_is_stopped(monkeypatch: pytest.MonkeyPatch, module: Any, bound: str) -> None:
    monkeypatch.setattr(module, bound, 100_000)

    def answer(_: Asked) -> Iterator[bytes]:
        yield STREAM + chunk(data(MESSAGE)) + chunk(b"data: " + b"x" * 100_000)
        threading.Event().wait(30)

    with played({RUN: answer, STOP: STOPPED}) as dify:
        _, inbox, events = begin(dify)
        with pytest.raises(AppFailed, match="too much for the relay") as raised:
            take(inbox, events, 2)
        dify.wait_for(STOP)
    assert raised.value.begun
