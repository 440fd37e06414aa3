"""The pump with real threads and a real clock: what is tested is order and completeness, never how long it takes."""

import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import pytest

from relay.errors import AppFailed, AppTimeout, RelayError
from relay.outgoing.formats.lines import NDJSON
from relay.outgoing.pump import LARGEST, Pace, Pump, Timing
from tests.events import CHAT
from tests.relay.outgoing.formats.test_lines import read_ndjson

QUICK = Timing(opening=0.05, gather=0.02, ending=0.03, keep_alive=0.05, idle=0.5, total=1.0)


class Leaving:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def pump(events: Iterator[dict[str, Any]], timing: Timing = QUICK) -> tuple[Pump, Leaving]:
    leave = Leaving()
    return Pump(events, leave=leave, timing=timing), leave


def slowly(events: list[dict[str, Any]], gap: float, *, first: float = 0.0) -> Iterator[dict[str, Any]]:
    time.sleep(first)
    for event in events:
        yield event
        time.sleep(gap)


def failing(*events: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from events
    raise AppFailed("no pond")


def test_an_answer_that_is_complete_at_once_is_one_piece() -> None:
    made, leave = pump(iter(CHAT))
    assert made.open() is True
    assert read_ndjson(made.whole(NDJSON)) == CHAT
    assert leave.times == 1


def test_a_failure_before_the_first_event_is_raised() -> None:
    made, leave = pump(failing())
    with pytest.raises(AppFailed, match="no pond"):
        made.open()
    assert leave.times == 1


def test_a_failure_behind_the_first_event_is_told_in_the_answer() -> None:
    made, _ = pump(failing(CHAT[0]))
    assert made.open() is True
    assert read_ndjson(made.whole(NDJSON)) == [CHAT[0], AppFailed("no pond").as_event()]
    assert made.error is not None


def test_a_slow_answer_comes_in_pieces_and_whole() -> None:
    made, leave = pump(slowly(CHAT * 20, 0.01))
    assert made.open() is False
    chunks = list(made.chunks(NDJSON))
    assert len(chunks) > 2
    assert [event for event in read_ndjson(b"".join(chunks)) if event] == CHAT * 20
    assert leave.times == 1


def test_a_silent_app_gets_its_answer_opened_and_kept_alive() -> None:
    made, _ = pump(slowly(CHAT, 0, first=0.3))
    assert made.open() is False
    chunks = list(made.chunks(NDJSON))
    assert chunks[:2] == [b"\n", b"\n"]
    assert read_ndjson(b"".join(chunks)) == CHAT


@pytest.mark.parametrize(
    "timing",
    [Timing(opening=0.05, idle=0.2, total=9), Timing(opening=0.05, idle=9, total=0.2)],
    ids=["idle", "total"],
)
def test_an_app_over_its_time_is_given_up_and_the_caller_told(timing: Timing) -> None:
    never = threading.Event()

    def hangs() -> Iterator[dict[str, Any]]:
        yield CHAT[0]
        never.wait(5)

    made, leave = pump(hangs(), timing)
    assert made.open() is False
    last = read_ndjson(list(made.chunks(NDJSON))[-1])[-1]
    never.set()
    assert (last["event"], last["code"]) == ("error", "app_timeout")
    assert leave.times == 1


def test_gathering_gives_all_events_or_the_error() -> None:
    made, leave = pump(slowly(CHAT, 0.01))
    assert list(made.rest()) == CHAT
    made, leave = pump(failing(CHAT[0]))
    with pytest.raises(AppFailed):
        list(made.rest())
    assert leave.times == 1


def test_gathering_ends_when_the_app_is_over_its_time() -> None:
    never = threading.Event()

    def hangs() -> Iterator[dict[str, Any]]:
        never.wait(5)
        yield CHAT[0]

    made, _ = pump(hangs(), Timing(idle=0.1))
    with pytest.raises(AppTimeout):
        list(made.rest())
    never.set()


def test_what_nobody_foresaw_is_told_without_its_text() -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield CHAT[0]
        raise KeyError("/srv/secret")

    made, _ = pump(broken())
    made.open()
    told = made.whole(NDJSON)
    assert read_ndjson(told)[-1]["code"] == "internal_error"
    assert b"secret" not in told
    assert isinstance(made.error, RelayError)
    assert isinstance(made.error.__cause__, KeyError)


def test_a_caller_who_goes_leaves_the_run() -> None:
    made, leave = pump(slowly(CHAT * 100, 0.01))
    made.open()
    chunks = made.chunks(NDJSON)
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert leave.times == 1


def test_no_chunk_is_larger_than_a_line_of_the_daemon_takes() -> None:
    big = {"event": "message", "answer": "x" * (3 * LARGEST)}
    made, _ = pump(slowly([CHAT[0], big, CHAT[2]], 0.1))
    made.open()
    chunks = list(made.chunks(NDJSON))
    assert max(map(len, chunks)) == LARGEST
    assert read_ndjson(b"".join(chunks)) == [CHAT[0], big, CHAT[2]]


@pytest.mark.parametrize(
    ("sent", "interval"), [(0, 0.04), (48 * 1024, 0.04), (60 * 1024, 0.27), (72 * 1024, 0.5), (10**9, 0.5)]
)
def test_chunks_become_rarer_as_the_answer_grows(sent: int, interval: float) -> None:
    assert Pace().interval(sent) == pytest.approx(interval)


@pytest.mark.parametrize(
    ("rate", "size", "pause"),
    [(50, 200, 60), (500, 4096, 9), (20, 250, 60), (5, 100, 60), (100, 1000, 60), (1000, 50, 60)],
)
def test_a_pause_at_any_moment_finds_room_for_all_that_comes(rate: float, size: int, pause: float) -> None:
    """Plays the pacing forward: `rate` events a second of `size` bytes, the caller stopping at any moment."""
    pace, now, sent, chunks = Pace(), 0.0, 0, []
    while now < 5 * 60:
        wait = max(pace.interval(sent), 1 / rate)
        now += wait
        sent += int(wait * rate) * size
        chunks.append((now, sent))
    sizes = [total for _, total in chunks]
    for begin, held in [(0.0, 0), *chunks]:
        network = held + pace.young  # the least that the way to a caller who stops reading still takes in
        waiting = bisect_right(chunks, (begin + pause, 0)) - bisect_right(sizes, network)
        assert waiting <= 128
