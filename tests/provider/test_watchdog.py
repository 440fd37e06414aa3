"""The watchdog in a plugin's process whose endpoint really computes, in each way in which Dify runs a plugin."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.load import RUNTIMES
from provider.watchdog import NOBODY
from workspace.testing import Workspace

pytestmark = pytest.mark.alone

ROOT = Path(__file__).parent.parent.parent
BUSY = ROOT / "tests" / "fixtures" / "busy"
SAID = "kept everything else waiting for"
# what it counts are greenlets, in each runtime; which request they work for, each tells in its own way
IN_ONE = pytest.mark.parametrize("busy", ["local"], indirect=True)


@pytest.fixture(scope="module", params=RUNTIMES)
def busy(request: pytest.FixtureRequest) -> Iterator[Workspace]:
    with Workspace(plugin=BUSY, runtime=request.param, environment={"PYTHONPATH": str(ROOT)}) as running:
        yield running


def ask(busy: Workspace, what: str, request_id: str, ms: int) -> None:
    answer = httpx.get(
        f"{busy.endpoint()}/{what}", params={"ms": ms}, headers={"X-Request-Id": request_id}, timeout=30
    )
    assert answer.text == "done"


def milliseconds(line: str) -> int:
    found = re.search(rf"{SAID} (\d+) ms", line)
    assert found
    return int(found[1])


def test_a_request_that_computes_for_long_is_named_with_how_long(busy: Workspace) -> None:
    ask(busy, "compute", "slow-1", 400)
    line = busy.line(f"slow-1: {SAID}")
    assert "WARNING" in line
    assert milliseconds(line) >= 400


def test_a_thread_that_is_over_is_named_by_the_request_that_it_worked_for(busy: Workspace) -> None:
    ask(busy, "thread", "reader-1", 300)
    assert milliseconds(busy.line(f"reader-1: {SAID}")) >= 300
    assert not [line for line in busy.printed if "the request itself" in line]


@IN_ONE
def test_what_belongs_to_no_request_is_told_too(busy: Workspace) -> None:
    ask(busy, "sleep", "before", 1)  # the same thread serves the next request, which is not its own
    ask(busy, "unmarked", "unused", 300)
    assert milliseconds(busy.line(f"{NOBODY}: {SAID}")) >= 300
    assert not [line for line in busy.printed if "before" in line]


@IN_ONE
def test_who_waits_keeps_nobody_waiting(busy: Workspace) -> None:
    ask(busy, "sleep", "asleep", 600)
    ask(busy, "compute", "later", 300)
    busy.line(f"later: {SAID}")  # by now anything before it is there as well
    assert not [line for line in busy.printed if "asleep" in line]


@IN_ONE
def test_each_is_told_once_and_in_order(busy: Workspace) -> None:
    for number in range(3):
        ask(busy, "compute", f"turn-{number}", 260)
    busy.line("turn-2")
    told = [found[0] for line in busy.printed if (found := re.search(r"turn-\d", line)) and SAID in line]
    assert told == ["turn-0", "turn-1", "turn-2"]
