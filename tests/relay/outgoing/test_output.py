"""Outputs are told the time, so what they do is written down second by second."""

from bisect import bisect_right
from math import inf

import pytest

from relay.errors import AppFailed
from relay.outgoing.formats.lines import NDJSON
from relay.outgoing.formats.text import Text
from relay.outgoing.output import Gathered, Pace, Recorded, Rhythm, Streamed, Withheld
from relay.run.transcript import Transcript
from tests.events import CHAT
from tests.relay.outgoing.formats.test_lines import read_ndjson

RHYTHM = Rhythm(opening=0.2, gather=0.02, keep_alive=15)
PACE = Pace(least=0.04, most=0.5, young=100)


def stream() -> Streamed:
    return Streamed(NDJSON, 100.0, rhythm=RHYTHM, pace=PACE)


def test_a_silent_app_gets_its_answer_opened_and_kept_alive() -> None:
    output = stream()
    assert output.due() == pytest.approx(100.2)
    assert output.piece(100.2) == b"\n"
    assert output.due() == pytest.approx(115.2)


def test_what_follows_the_first_event_at_once_goes_with_it() -> None:
    output = stream()
    output.take(CHAT[0], 100.1)
    assert output.due() == pytest.approx(100.12)
    output.take(CHAT[1], 100.11)
    assert output.due() == pytest.approx(100.12)
    assert read_ndjson(output.piece(100.12)) == CHAT[:2]


def test_the_first_event_never_delays_the_opening() -> None:
    output = stream()
    output.take(CHAT[0], 100.195)
    assert output.due() == pytest.approx(100.2)


def test_events_that_wait_share_a_piece_that_is_due_after_the_last_one() -> None:
    output = stream()
    sent = len(output.piece(100.2))
    output.take(CHAT[0], 100.21)
    assert output.due() == pytest.approx(100.2 + PACE.interval(sent))
    output.take(CHAT[1], 100.22)
    assert output.due() == pytest.approx(100.24)
    assert read_ndjson(output.piece(100.24)) == CHAT[:2]


def test_an_event_after_a_long_silence_is_due_at_once() -> None:
    output = stream()
    output.piece(100.2)
    output.take(CHAT[0], 110.0)
    assert output.due() < 110.0


def test_the_end_brings_what_is_left_and_an_error_is_told() -> None:
    output = stream()
    output.take(CHAT[0], 100.1)
    assert read_ndjson(output.end(AppFailed("no pond"))) == [CHAT[0], AppFailed("no pond").as_event()]


def test_an_error_before_anything_has_left_is_raised_so_that_the_response_has_its_status() -> None:
    with pytest.raises(AppFailed):
        stream().end(AppFailed("no pond"))
    opened = stream()
    opened.piece(100.2)
    assert read_ndjson(opened.end(AppFailed("no pond"))) == [AppFailed("no pond").as_event()]


def test_gathering_waits_for_the_end() -> None:
    output = Gathered(Transcript.blocking)
    for event in CHAT:
        output.take(event, 0)
        assert output.due() == inf
    assert read_ndjson(output.end(None))[0]["answer"] == "Quack"
    with pytest.raises(AppFailed):
        output.end(AppFailed("no pond"))


def test_a_record_is_all_that_was_given_or_nothing() -> None:
    output = Recorded(stream(), 10_000)
    output.take(CHAT[0], 100.0)
    given = output.piece(100.1) + output.end(None)
    assert output.record == given
    output = Recorded(stream(), 10)
    output.take(CHAT[0], 100.0)
    output.piece(100.1)
    output.end(None)
    assert output.record is None


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


def test_events_that_a_form_does_not_show_put_no_keep_alive_off() -> None:
    output = Streamed(Text(), 100.0, rhythm=RHYTHM, pace=PACE)
    output.piece(100.2)
    due = output.due()
    for second in range(1, 15):
        output.take({"event": "agent_log", "data": {}}, 100.0 + second)
        assert output.due() == due


def test_whoever_goes_by_the_status_gets_all_at_the_end_or_the_error() -> None:
    output = Withheld(stream())
    for event in CHAT:
        output.take(event, 100.0)
        assert output.due() == inf
    assert read_ndjson(output.end(None)) == CHAT
    failed = Withheld(stream())
    failed.take(CHAT[0], 100.0)
    with pytest.raises(AppFailed):
        failed.end(AppFailed("no pond"))
