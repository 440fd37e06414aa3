"""Nothing of an answer is lost, and a caller can always tell complete from cut."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from bench.load import Scenario, Tally, read_ndjson, run
from tests.endpoints.conftest import KEY, Open, Silence
from workspace.testing import Workspace

BOTH_WAYS = True

PATH = "/duck/{app_id}?query=hi&format=ndjson"


def lose_nothing(shared: httpx.Client, events: int, gap: int) -> None:
    scenario = Scenario(requests=500, events=events, gap=gap, callers=20)
    base_url = str(shared.base_url).rstrip("/")
    tally = asyncio.run(run(base_url, scenario, headers={"X-API-Key": KEY}, path=PATH, read=read_ndjson))
    assert tally == Tally(sent=500 * (events + 1))


@pytest.mark.alone
@pytest.mark.parametrize(("events", "gap"), [(1, 0), (20, 10)])
def test_500_requests_lose_nothing(shared: httpx.Client, events: int, gap: int) -> None:
    lose_nothing(shared, events, gap)


@pytest.mark.alone
@pytest.mark.reverse  # on the way to the caller, which is the same by key
@pytest.mark.parametrize(("events", "gap"), [(3, 0), (20, 0), (1, 10)])
def test_500_requests_lose_nothing_however_they_come(shared: httpx.Client, events: int, gap: int) -> None:
    lose_nothing(shared, events, gap)


def test_the_opening_goes_out_before_the_app_has_said_anything(shared: httpx.Client) -> None:
    for form in ("sse", "html", "ndjson", "text"):
        options: dict[str, Any] = {"params": {"query": "hi", "format": form}}
        with shared.stream("GET", "/duck/silent-600", **options) as answer:
            assert answer.status_code == 200  # and the app is silent still


def test_a_caller_who_leaves_ends_the_run(workspace: Workspace, endpoint: Open) -> None:
    client = endpoint()
    with client.stream("GET", "/duck/chat-1000-20?query=hi&format=sse") as answer:
        next(answer.iter_bytes())
    [call] = [call for call in workspace.ended_calls(hook=str(client.base_url)) if call["type"] == "app"]
    assert call["outcome"] == "aborted"
    assert call["events"] < 1000


@pytest.mark.reverse  # by key test_long.py has silences of minutes
def test_an_app_that_says_nothing_for_a_minute_is_kept_alive(silence: Silence) -> None:
    answers = {form: answer.result() for form, answer in silence.answers.items()}
    assert {status for status, _ in answers.values()} == {200}
    bodies = {form: body for form, (_, body) in answers.items()}
    for form, keep_alive in (("sse", b": keep-alive\n"), ("html", b"<!-- keep-alive -->\n")):
        assert bodies[form].count(keep_alive) >= 4
        assert b"late" in bodies[form].rpartition(keep_alive)[2]
    assert [event["answer"] for event in read_ndjson(bodies["ndjson"].decode())[:-1]] == ["late"]
    assert bodies["text"] == b"late"
    assert b'"answer":"late"' in bodies["json"]


@pytest.mark.reverse  # by key test_long.py has silences of minutes
def test_httpx_sse_reads_no_empty_event_where_an_app_was_silent_midway(silence: Silence) -> None:
    told = silence.told.result()
    assert [json.loads(event.data)["event"] for event in told] == ["message", "message_end"]
    ids = [int(event.id) for event in told]
    assert ids == sorted(set(ids))
