"""The main job in each way in which Dify runs a plugin, and what the documentation's Duck loses there."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench import load
from bench.load import DUCK, NDJSON, RUNTIMES, Scenario, Tally, read_duck, read_ndjson
from tests.endpoints.conftest import KEY
from tests.relay.outgoing.formats.test_lines import read_sse
from workspace.testing import Workspace

DOCUMENTED = Path(__file__).parent.parent / "fixtures" / "duck"
HEADERS = {"X-API-Key": KEY}
LATE = {"wakeup_ms": 30}  # makes certain what is a race otherwise: an end this soon cuts the answer
# how the SDK reads and writes lines differs between runtimes only in what carries them
ALL = [("local", "sdk"), *((runtime, "own") for runtime in RUNTIMES)]


@pytest.fixture(scope="module", params=ALL, ids="-".join)
def running(request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """A workspace of each runtime with the relay in it, which reads and writes its lines itself or leaves that."""
    runtime, lines = request.param
    with Workspace(runtime=runtime, environment={"DUCK_LINES": lines}) as running:
        yield running


@pytest.fixture(scope="module", params=RUNTIMES)
def documented(request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """The same with the documentation's Duck."""
    with Workspace(plugin=DOCUMENTED, runtime=request.param) as running:
        yield running


def relay(base_url: str, scenario: Scenario) -> Tally:
    return asyncio.run(load.run(base_url, scenario, headers=HEADERS, path=NDJSON, read=read_ndjson))


@pytest.mark.alone  # serverless a chunk leaves by HTTP, which a busy machine may hold up for as long as an end waits
def test_answers_arrive_whole_even_where_an_early_end_cuts_for_certain(running: Workspace) -> None:
    base_url = running.endpoint(settings={"api_key": KEY}, faults=LATE)
    for events, gap in [(1, 0), (2, 1), (3, 0), (5, 10), (20, 0), (20, 40)]:
        scenario = Scenario(requests=20, events=events, gap=gap, callers=20)
        assert relay(base_url, scenario) == Tally(sent=20 * (events + 1))


def test_the_duck_of_the_documentation_loses_events(documented: Workspace) -> None:
    base_url = documented.endpoint(faults=LATE)
    scenario = Scenario(requests=40, events=3, callers=20)
    tally = asyncio.run(load.run(base_url, scenario, headers={}, path=DUCK, read=read_duck))
    assert (tally.failed, tally.disordered) == (0, 0)
    assert tally.lost > 0
    assert tally.cut > 0


def test_an_app_that_fails_is_told(running: Workspace) -> None:
    with httpx.Client(base_url=running.endpoint(settings={"api_key": KEY}), headers=HEADERS, timeout=60) as client:
        unknown = client.post("/duck/unknown", json={"query": "hi"})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "app_not_found")
        for app in ("broken-3-30", "cut-3-30", "errorevent-3-500-x"):
            events = read_sse(client.post(f"/duck/{app}", json={"query": "hi", "format": "sse"}).content)
            assert [event["event"] for event in events] == ["message", "message", "message", "error"]
            blocking = client.post(f"/duck/{app}", json={"query": "hi"})
            assert (blocking.status_code, blocking.json()["code"]) == (events[-1]["status"], events[-1]["code"])


@pytest.mark.parametrize("app", ["chat-2000-10", "silent-600"])
@pytest.mark.parametrize("cancellation", ["error", "silence"])
def test_a_caller_who_leaves_ends_the_run(running: Workspace, app: str, cancellation: str) -> None:
    base_url = running.endpoint(settings={"api_key": KEY}, faults={"cancellation": cancellation})
    with httpx.Client(base_url=base_url, headers=HEADERS, timeout=60) as client:
        with client.stream("GET", f"/duck/{app}?query=hi&format=ndjson") as answer:
            next(answer.iter_raw())
        [call] = running.ended_calls(hook=base_url)
        assert call["outcome"] == "aborted"
        assert call["events"] < 2000
        assert client.get("/duck/chat-1-0?query=hi&format=text").text == " tok0"


def test_what_ends_a_line_elsewhere_ends_none_here(running: Workspace) -> None:
    url = f"{running.endpoint(settings={'api_key': KEY})}/duck/parrot"
    asked = {"query": "a\x85b\u2028c\x0bd\x1ee\rf", "format": "text"}
    assert httpx.post(url, json=asked, headers=HEADERS, timeout=60).text == asked["query"]
