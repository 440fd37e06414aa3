"""Outputs are told the time, so what they do is written down second by second."""

import zlib
from bisect import bisect_right
from math import inf

import pytest

from relay.errors import AppFailed
from relay.outgoing.coding import Gzip
from relay.outgoing.formats.lines import NDJSON
from relay.outgoing.formats.text import Text
from relay.outgoing.output import Gathered, Streamed, Withheld
from relay.outgoing.pace import STEP, Pace, Rhythm
from relay.outgoing.record import Record
from relay.outgoing.shape import Shaped
from relay.run.transcript import Transcript
from tests.events import CHAT
from tests.relay.outgoing.formats.test_lines import read_ndjson

RHYTHM = Rhythm(opening=0.2, gather=0.02, keep_alive=15)


def stream() -> Streamed:
    return Streamed(NDJSON, 100.0, rhythm=RHYTHM)


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
    output.piece(100.2)
    ready = output.ready()
    assert 100.2 + 3 * STEP < ready <= 100.2 + 4 * STEP
    output.take(CHAT[0], 100.21)
    assert output.due() == ready
    output.take(CHAT[1], 100.22)
    assert output.due() == ready
    assert read_ndjson(output.piece(ready)) == CHAT[:2]


def test_an_event_after_a_long_silence_is_due_at_once() -> None:
    output = stream()
    output.piece(100.2)
    assert output.ready() < 110.0
    output.take(CHAT[0], 110.0)
    assert output.due() == 110.0


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
    output = Gathered(Shaped(Transcript.blocking))
    for event in CHAT:
        output.take(event, 0)
        assert output.due() == inf
    assert read_ndjson(output.end(None))[0]["answer"] == "Quack"
    with pytest.raises(AppFailed):
        output.end(AppFailed("no pond"))


def test_a_record_is_all_that_was_said_or_nothing() -> None:
    record = Record(10_000)
    output = Streamed(NDJSON, 100.0, rhythm=RHYTHM, record=record)
    output.take(CHAT[0], 100.0)
    said = output.piece(100.1)
    output.piece(115.1)  # a keep-alive
    output.take(CHAT[2], 116.0)
    said += output.end(None)
    assert record.whole == said
    record = Record(10)
    output = Streamed(NDJSON, 100.0, rhythm=RHYTHM, record=record)
    output.take(CHAT[0], 100.0)
    output.end(None)
    assert record.whole is None


def test_a_coded_stream_can_be_read_piece_by_piece_and_is_recorded_as_it_was() -> None:
    record = Record(10_000)
    output = Streamed(NDJSON, 100.0, rhythm=RHYTHM, coding=Gzip(), record=record)
    reader = zlib.decompressobj(31)
    output.take(CHAT[0], 100.1)
    assert read_ndjson(reader.decompress(output.piece(100.2))) == [CHAT[0]]
    assert reader.decompress(output.piece(115.2)) == NDJSON.keep_alive
    output.take(CHAT[1], 116.0)
    assert read_ndjson(reader.decompress(output.piece(116.0))) == [CHAT[1]]
    output.take(CHAT[2], 116.0)
    assert not reader.eof
    assert read_ndjson(reader.decompress(output.end(None))) == [CHAT[2]]
    assert reader.eof
    assert read_ndjson(record.whole or b"") == CHAT


def test_what_is_whole_before_anything_has_left_is_not_coded_here() -> None:
    output = Streamed(NDJSON, 100.0, rhythm=RHYTHM, coding=Gzip())
    output.take(CHAT[0], 100.0)
    assert read_ndjson(output.end(None)) == [CHAT[0]]


@pytest.mark.parametrize(("waiting", "steps"), [(0, 4), (48, 4), (60, 8), (72, 12), (10**6, 12)])
def test_chunks_become_rarer_as_more_is_on_its_way(waiting: int, steps: int) -> None:
    pace = Pace()
    pace.sent(waiting * 1024, 100.0)
    assert pace.next(100.0) == pytest.approx(100.0 + steps * STEP, abs=STEP)


def test_a_trickle_never_becomes_rarer() -> None:
    pace = Pace()
    now = pace.next(100.0)
    for _ in range(10_000):
        pace.sent(int(pace.trickle * 4 * STEP), now)
        after = pace.next(now)
        assert after - now == pytest.approx(4 * STEP)
        now = after


def test_all_answers_keep_in_step() -> None:
    ready = {stream_at(100.0 + late).ready() for late in (0.2, 0.2003, 0.2009)}
    assert len(ready) == 1


def stream_at(now: float) -> Streamed:
    output = stream()
    output.piece(now)
    return output


WORDS, TOKENS = 330, 22  # bytes of an event as it is, and of a token's behind gzip


@pytest.mark.parametrize(
    ("rate", "size", "pause"),
    [
        (50, 200 + WORDS, 12),
        (500, 4096 + WORDS, 9),
        (20, WORDS, 12),
        (5, WORDS, 20),
        (100, 1000, 12),
        (1000, 50, 12),
        (50, TOKENS, 60),
        (20, 120, 20),
    ],
)
def test_a_pause_at_any_moment_finds_room_for_all_that_comes(rate: float, size: int, pause: float) -> None:
    """Plays the pacing forward: `rate` events a second of `size` bytes, the caller stopping at any moment."""
    pace, now, sent, chunks = Pace(), 0.0, 0, []
    while now < 5 * 60:
        ready = max(pace.next(now), now + 1 / rate)
        size_of_chunk = int((ready - now) * rate) * size
        now, sent = ready, sent + size_of_chunk
        pace.sent(size_of_chunk, now)
        chunks.append((now, sent))
    sizes = [total for _, total in chunks]
    for begin, held in [(0.0, 0), *chunks]:
        network = held + pace.held  # the least that the way to a caller who stops reading still takes in
        waiting = bisect_right(chunks, (begin + pause, 0)) - bisect_right(sizes, network)
        assert waiting <= 128


def test_events_that_a_form_does_not_show_put_no_keep_alive_off() -> None:
    output = Streamed(Text(), 100.0, rhythm=RHYTHM)
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


@pytest.mark.parametrize(("coding", "steps"), [(None, 12), (Gzip, 4)])
def test_an_answer_keeps_pace_with_its_bytes_as_they_are_coded(coding: type[Gzip] | None, steps: int) -> None:
    output = Streamed(NDJSON, 100.0, coding=coding() if coding else None)
    now = 100.2
    output.piece(now)
    for _ in range(200):
        now = output.ready()
        output.take({"event": "message", "answer": "x" * 1000}, now)
        output.piece(output.due())
    assert round((output.ready() - now) / STEP) == steps
