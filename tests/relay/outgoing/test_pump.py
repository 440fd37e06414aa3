"""The pump with real threads and a real clock: what is tested is order and completeness, never how long it takes."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from relay.errors import AppFailed, AppTimeout, RelayError
from relay.outgoing.formats.lines import NDJSON
from relay.outgoing.output import Gathered, Output, Streamed
from relay.outgoing.pace import Rhythm
from relay.outgoing.pump import LARGEST, Pump, Timing, every
from relay.outgoing.shape import Shaped
from relay.run.inbox import Inbox
from relay.run.transcript import Transcript
from tests.events import CHAT
from tests.relay.outgoing.formats.test_lines import read_ndjson
from workspace.testing import until

RHYTHM = Rhythm(opening=0.05, gather=0.02, keep_alive=0.05)
QUICK = Timing(ending=0.03, idle=0.5, total=5.0)


class Leaving:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def pump(
    events: Iterator[dict[str, Any]],
    timing: Timing = QUICK,
    output: Output | None = None,
) -> tuple[Pump, Leaving]:
    leave = Leaving()
    inbox = Inbox()
    inbox.feed(events)
    output = output or Streamed(NDJSON, time.monotonic(), rhythm=RHYTHM)
    return Pump(inbox, inbox.events(), output, leave=leave, timing=timing), leave


def gathered() -> Gathered:
    return Gathered(Shaped(Transcript.blocking))


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
    whole = made.open()
    assert whole is not None
    assert read_ndjson(whole) == CHAT
    assert (leave.times, made.complete, made.events) == (1, True, len(CHAT))


def test_a_failure_before_the_first_event_is_raised() -> None:
    made, leave = pump(failing())
    with pytest.raises(AppFailed, match="no pond"):
        made.open()
    assert leave.times == 1


def test_a_failure_behind_the_first_event_is_told_in_the_answer() -> None:
    made, _ = pump(failing(CHAT[0]))
    whole = made.open()
    assert whole is not None
    assert read_ndjson(whole) == [CHAT[0], AppFailed("no pond").as_event()]
    assert made.error is not None


def test_a_slow_answer_comes_in_pieces_and_whole() -> None:
    made, leave = pump(slowly(CHAT * 20, 0.01))
    assert made.open() is None
    chunks = list(made.chunks())
    assert len(chunks) > 2
    assert [event for event in read_ndjson(b"".join(chunks)) if event] == CHAT * 20
    assert leave.times == 1


def test_a_silent_app_gets_its_answer_opened_and_kept_alive() -> None:
    made, _ = pump(slowly(CHAT, 0, first=0.3))
    assert made.open() is None
    chunks = list(made.chunks())
    assert chunks[:2] == [b"\n", b"\n"]
    assert read_ndjson(b"".join(chunks)) == CHAT


@pytest.mark.parametrize(
    "timing",
    [Timing(idle=0.2, total=9), Timing(idle=9, total=0.2)],
    ids=["idle", "total"],
)
def test_an_app_over_its_time_is_given_up_and_the_caller_told(timing: Timing) -> None:
    never = threading.Event()

    def hangs() -> Iterator[dict[str, Any]]:
        yield CHAT[0]
        never.wait(5)

    made, leave = pump(hangs(), timing)
    assert made.open() is None
    last = read_ndjson(list(made.chunks())[-1])[-1]
    never.set()
    assert (last["event"], last["code"]) == ("error", "app_timeout")
    assert leave.times == 1


def test_gathering_gives_one_answer_or_raises_the_error() -> None:
    made, leave = pump(slowly(CHAT, 0.01), output=gathered())
    whole = made.open()
    assert whole is not None
    assert read_ndjson(whole)[0]["answer"] == "Quack"
    assert leave.times == 1
    made, leave = pump(failing(CHAT[0]), output=gathered())
    with pytest.raises(AppFailed):
        made.open()
    assert leave.times == 1


def test_gathering_ends_when_the_app_is_over_its_time() -> None:
    never = threading.Event()

    def hangs() -> Iterator[dict[str, Any]]:
        never.wait(5)
        yield CHAT[0]

    made, _ = pump(hangs(), Timing(idle=0.1), gathered())
    with pytest.raises(AppTimeout):
        made.open()
    never.set()


def test_a_flood_does_not_hold_a_piece_back() -> None:
    flooding = threading.Event()

    def flood() -> Iterator[dict[str, Any]]:
        while not flooding.is_set():
            yield CHAT[0]

    made, _ = pump(flood(), Timing(idle=9, total=9))
    assert made.open() is None
    assert CHAT[0]["answer"].encode() in next(made.chunks())
    flooding.set()


def test_what_is_to_be_done_again_and_again_ends_when_it_says_so() -> None:
    threads: list[threading.Thread] = []

    def act() -> bool:
        threads.append(threading.current_thread())
        return len(threads) < 3

    stop = every(0.001, act)
    until(lambda: len(threads) >= 3)
    threads[0].join(5)
    stop()
    assert len(threads) == 3


def test_what_nobody_foresaw_is_told_without_its_text() -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield CHAT[0]
        raise KeyError("/srv/secret")

    made, _ = pump(broken())
    told = made.open()
    assert told is not None
    assert read_ndjson(told)[-1]["code"] == "internal_error"
    assert b"secret" not in told
    assert isinstance(made.error, RelayError)
    assert isinstance(made.error.__cause__, KeyError)


def test_a_caller_who_goes_leaves_the_run() -> None:
    made, leave = pump(slowly(CHAT * 100, 0.01))
    made.open()
    chunks = made.chunks()
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    assert leave.times == 1


def test_no_chunk_is_larger_than_a_line_of_the_daemon_takes() -> None:
    big = {"event": "message", "answer": "x" * (3 * LARGEST)}
    made, _ = pump(slowly([CHAT[0], big, CHAT[2]], 0.1))
    made.open()
    chunks = list(made.chunks())
    assert max(map(len, chunks)) == LARGEST
    assert read_ndjson(b"".join(chunks)) == [CHAT[0], big, CHAT[2]]


def test_between_two_pieces_nobody_looks_at_the_events() -> None:
    """A pump that wakes for each event costs most of what an answer costs."""

    class Counting(Inbox):
        waits = 0

        def wait(self, seconds: float, *, deaf: bool = False) -> None:
            self.waits += 1
            super().wait(seconds, deaf=deaf)

    inbox = Counting()
    inbox.feed(slowly(CHAT * 100, 0.001))
    made = Pump(
        inbox, inbox.events(), Streamed(NDJSON, time.monotonic(), rhythm=RHYTHM), leave=Leaving(), timing=QUICK
    )
    assert made.open() is None
    chunks = list(made.chunks())
    assert read_ndjson(b"".join(chunks)) == CHAT * 100
    assert inbox.waits < 3 * len(chunks) + 10
