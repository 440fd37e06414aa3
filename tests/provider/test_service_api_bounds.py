"""How much of a stream is read at once and in all, and how long after the app's end: Dify may be anybody's."""

import threading
import time
from collections.abc import Iterator
from math import inf
from typing import Any

import httpcore
import httpx
import pytest

from provider.service_api import rounds, row, sse
from provider.service_api import stream as streams
from provider.service_api.api import ServiceApi
from provider.service_api.tap import Tap
from relay.errors import AppFailed
from relay.event import Event
from relay.run.inbox import Inbox
from tests.provider.played_dify import LAST, STREAM, Asked, chunk, data, played
from tests.provider.scripts import run as run_script
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


@pytest.mark.parametrize("few", [0, streams.FEW], ids=["by the rounds", "by itself"])
def test_a_stream_that_goes_on_behind_the_apps_end_without_an_event_is_cut(
    monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(streams, "FEW", few)
    monkeypatch.setattr(row, "LINGER", 0.2)
    trailing = [{"event": "tts_message", "audio": "qq=="}, {"event": "workflow_finished", "data": {}}]
    cut = threading.Event()

    def answer(_: Asked) -> Iterator[bytes]:
        wait = threading.Event()
        try:
            yield STREAM + chunk(data(MESSAGE)) + chunk(data(END))
            for event in trailing * 5:
                yield chunk(data(event))
                wait.wait(0.05)
            for _number in range(1000):
                yield chunk(b"event: ping\n\n")
                wait.wait(0.01)
        except GeneratorExit:
            cut.set()

    with played({RUN: answer, STOP: STOPPED}) as dify:
        _, inbox, events = begin(dify)
        assert take(inbox, events, 12) == [MESSAGE, END, *trailing * 5]
        for event in events:
            assert event is None
            inbox.wait(5)
        assert cut.wait(5)
    assert dify.lines() == [RUN]


RECORDS = """
import gevent.monkey
gevent.monkey.patch_all()
from tests.provider.test_service_api_bounds import turns_amid_a_stream, turns_amid_a_round
print(turns_amid_a_stream() > 100, turns_amid_a_round() > 1)
"""


class Records(httpcore.NetworkStream):
    """A connection by TLS whose records have one byte each; all of them are here. It is its own socket."""

    def __init__(self, number: int) -> None:
        self.left = number

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.left -= 1
        return b":"[: max(self.left, 0)]

    def recv(self, size: int) -> bytes:
        return self.read(size)

    def settimeout(self, _: float | None) -> None: ...

    def close(self) -> None: ...

    def get_extra_info(self, info: str) -> Any:
        return self if info == "socket" else None


def stream_of(records: Records) -> streams.Stream:
    tap = Tap(records, layers=1)
    tap.begin_glancing()
    response = httpx.Response(200, stream=httpx.ByteStream(b""), extensions={"network_stream": tap})
    return streams.Stream(response, until=inf)


def test_one_streams_turn_is_over_after_some_reads_however_little_they_give() -> None:
    records = Records(10_000)
    stream = stream_of(records)
    assert stream.glance(0.0)
    assert records.left == 10_000 - streams.READS
    stream.read(lambda _: None, lambda: 0)


def turns_amid_a_stream() -> int:
    """Count the turns of another thread while a stream is read that has all of its bytes here."""
    records = Records(10_000)
    seen = set()

    def look() -> None:
        while records.left > 0:
            seen.add(records.left)
            time.sleep(0)

    thread = threading.Thread(target=look)
    thread.start()
    stream_of(records).read(lambda _: None, lambda: 0)
    thread.join()
    return len(seen)


class Busy:
    """A stream that takes its time at each glance."""

    def __init__(self, glances: list[int]) -> None:
        self._glances = glances

    def glance(self, now: float) -> bool:
        self._glances.append(1)
        while time.monotonic() < now + rounds.TURN * 1.1 * len(self._glances):
            pass
        return False

    def back(self) -> None: ...


def turns_amid_a_round() -> int:
    """Count the turns of another thread while the rounds go by many streams that take long."""
    glances: list[int] = []
    many, seen = 10, set()
    going = rounds.Rounds()
    for _ in range(many):
        going.join(Busy(glances))
    while len(glances) < many:
        time.sleep(0)
        seen.add(len(glances))
    return len(seen - {0, many})


def test_whoever_else_has_something_to_do_has_its_turn_amid_many_reads() -> None:
    assert run_script(RECORDS) == "True True\n"
