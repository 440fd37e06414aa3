"""A caller that stops reading for a while. `make soak` has the full minute; here queue and pause are a tenth."""

import asyncio
from pathlib import Path

from bench.load import DUCK, NDJSON, Scenario, Tally, read_duck, read_ndjson
from bench.pause import Pause, pause
from tests.endpoints.conftest import KEY, Open
from workspace.testing import Workspace

DOCUMENTED = Path(__file__).parent.parent / "fixtures" / "duck"
SLOTS = {"caller_queue": 13}  # of the daemon's 128
SLOW = Scenario(requests=1, events=400, gap=20, size=2000)  # 50 a second
FAST = Scenario(requests=1, events=1500, gap=2, size=4096)  # 500 a second: 6 MB, more than the network holds
PAUSES = [
    *(Pause(scenario=SLOW, after=after, seconds=6) for after in (0, 0.5, 1.5)),
    *(Pause(scenario=FAST, after=after, seconds=5, receive_buffer=256 * 1024) for after in (0, 0.5)),
]


def test_a_pause_at_any_point_loses_nothing(endpoint: Open) -> None:
    base_url = str(endpoint(faults=SLOTS).base_url).rstrip("/")

    async def call() -> list[Tally]:
        headers = {"X-API-Key": KEY}
        return await asyncio.gather(
            *(pause(base_url, paused, headers=headers, path=NDJSON, read=read_ndjson) for paused in PAUSES)
        )

    assert asyncio.run(call()) == [Tally(sent=paused.scenario.events + 1) for paused in PAUSES]


def test_the_duck_of_the_documentation_loses_what_was_said_in_a_pause() -> None:
    with Workspace(plugin=DOCUMENTED) as workspace:
        base_url = workspace.endpoint(faults=SLOTS)
        tally = asyncio.run(pause(base_url, PAUSES[-2], headers={}, path=DUCK, read=read_duck))
    assert (tally.failed, tally.disordered) == (0, 0)
    assert tally.lost > 0
