"""Nothing of an answer is lost, and a caller can always tell complete from cut."""

import asyncio
import threading
from typing import Any

import httpx
import pytest

from bench.load import Scenario, Tally, read_ndjson, run
from tests.endpoints.conftest import KEY, Open
from workspace.testing import Workspace

PATH = "/duck/{app_id}?query=hi&format=ndjson"


@pytest.mark.parametrize("events", [1, 3, 20])
@pytest.mark.parametrize("gap", [0, 10])
def test_500_requests_lose_nothing(shared: httpx.Client, events: int, gap: int) -> None:
    scenario = Scenario(requests=500, events=events, gap=gap, callers=20)
    base_url = str(shared.base_url).rstrip("/")
    tally = asyncio.run(run(base_url, scenario, headers={"X-API-Key": KEY}, path=PATH, read=read_ndjson))
    assert tally == Tally(sent=500 * (events + 1))


def test_the_opening_goes_out_before_the_app_has_said_anything(silent: dict[str, Any], shared: httpx.Client) -> None:
    for form in ("sse", "html", "ndjson", "text"):
        options: dict[str, Any] = {"params": {"query": "hi", "format": form}}
        with shared.stream("GET", "/duck/silent-600", **options) as answer:
            assert answer.status_code == 200  # and the app is silent still


def test_a_caller_who_leaves_ends_the_run(workspace: Workspace, endpoint: Open) -> None:
    client = endpoint()
    with client.stream("GET", "/duck/chat-1000-20?query=hi&format=sse") as answer:
        next(answer.iter_bytes())
    [call] = _ended(workspace, client)
    assert call["outcome"] == "aborted"
    assert call["events"] < 1000


def test_an_app_that_says_nothing_for_a_minute_is_kept_alive(silent: dict[str, Any]) -> None:
    for thread in silent["threads"]:
        thread.join()
    answers = silent["answers"]
    assert {status for status, _ in answers.values()} == {200}
    sse, html, ndjson, text, json = (b"".join(answers[form][1]) for form in ("sse", "html", "ndjson", "text", "json"))
    for answer, keep_alive in ((sse, b": keep-alive\n\n"), (html, b"<!-- keep-alive -->\n")):
        assert answer.count(keep_alive) >= 4
        assert b"late" in answer
    assert [event["answer"] for event in read_ndjson(ndjson.decode())[:-1]] == ["late"]
    assert text == b"late"
    assert b'"answer":"late"' in json


def _ended(workspace: Workspace, client: httpx.Client) -> list[dict[str, Any]]:
    """Give an endpoint's calls once none of them runs."""
    for _ in range(200):
        calls = workspace.calls(hook=str(client.base_url).rstrip("/"))
        if all(call["outcome"] != "running" for call in calls):
            return calls
        threading.Event().wait(0.05)
    raise AssertionError("a call goes on although its caller has left")
