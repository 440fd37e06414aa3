"""A caller that stops reading for a while. `make soak` has the full time; here queue and pause are a tenth."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.load import DUCK, NDJSON, Scenario, Tally, read_duck, read_ndjson
from bench.pause import Pause, pause
from tests.endpoints.conftest import KEY, Open
from workspace.testing import Workspace

DOCUMENTED = Path(__file__).parent.parent / "fixtures" / "duck"
SLOTS = {"caller_queue": 13}  # of the daemon's 128
SLOW = Scenario(requests=1, events=300, gap=20, size=2000)  # 50 a second
FAST = Scenario(requests=1, events=1500, gap=2, size=4096)  # 500 a second: 6 MB, more than the network holds
TOKENS = Scenario(requests=1, events=500, gap=20)
BUFFER = 4 * 1024  # bytes
PLAIN = [
    *(Pause(scenario=SLOW, after=after, seconds=1.2, receive_buffer=BUFFER) for after in (0, 0.5, 1.5, 3)),
    *(Pause(scenario=FAST, after=after, seconds=0.9, receive_buffer=256 * 1024) for after in (0, 0.5, 1.5)),
    # the network holds so little of this that chunks which get no rarer with the bytes are lost
    *(Pause(scenario=FAST, after=after, seconds=1.2, receive_buffer=BUFFER) for after in (0, 0.5, 1.5)),
]
COMPRESSED = [Pause(scenario=TOKENS, after=after, seconds=6, receive_buffer=BUFFER) for after in (0, 1.5, 3)]


@pytest.mark.alone
def test_a_pause_at_any_point_loses_nothing(endpoint: Open) -> None:
    base_url = str(endpoint(faults=SLOTS).base_url).rstrip("/")
    pauses = [*(("identity", paused) for paused in PLAIN), *(("gzip", paused) for paused in COMPRESSED)]

    def make(coding: str, paused: Pause) -> Awaitable[Tally]:
        headers = {"X-API-Key": KEY, "Accept-Encoding": coding}
        return pause(base_url, paused, headers=headers, path=NDJSON, read=read_ndjson)

    async def call() -> list[Tally]:
        return await asyncio.gather(*(make(*one) for one in pauses))

    assert asyncio.run(call()) == [Tally(sent=paused.scenario.events + 1) for _, paused in pauses]


def test_the_duck_of_the_documentation_loses_what_was_said_in_a_pause() -> None:
    paused = replace(PLAIN[-1], after=0, seconds=3)  # in which even a busy app says more than the network holds
    with Workspace(plugin=DOCUMENTED) as workspace:
        base_url = workspace.endpoint(faults=SLOTS)
        tally = asyncio.run(pause(base_url, paused, headers={}, path=DUCK, read=read_duck))
    assert (tally.failed, tally.disordered) == (0, 0)
    assert tally.lost > 0
