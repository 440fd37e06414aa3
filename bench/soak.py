"""`python -m bench.soak`: many answers of every length and speed, and what of them is lost on the way.

Each scenario runs through the relay and through the Duck of Dify's documentation, in a workspace of each runtime. The
table counts events; a run in which the relay lost one, or an answer was cut or out of order, ends with status 1.
With --url it is the relay of that endpoint alone that is called, for example one on a real Dify.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path

import click

from bench import load
from bench.load import DUCK, NDJSON, RUNTIMES, Read, Scenario, Tally, read_duck, read_ndjson
from bench.pause import Pause, pause
from workspace.testing import Workspace

KEY = "quack-quack"
DOCUMENTED = Path(__file__).parent.parent / "tests" / "fixtures" / "duck"
LENGTHS = (1, 2, 3, 5, 20, 500)  # events
GAPS = (0, 1, 10, 40)  # milliseconds
CALLERS = (1, 50)
BUDGET = 2.0  # seconds that one caller spends on a scenario, more or less
LONG = 500  # events; 50 callers at once of such answers are too much for three minutes but at one gap

# an answer goes on for as long as its caller pauses, and a little longer
SLOW = Scenario(requests=1, events=3200, gap=20, size=200)  # 50 a second
FAST = Scenario(requests=1, events=4800, gap=2, size=4096)  # 500 a second, 2 MB
LONG_PAUSES = [Pause(scenario=SLOW, after=after, seconds=60) for after in (0, 1, 2.5, 5)]
SHORT_PAUSES = [Pause(scenario=FAST, after=after, seconds=9, receive_buffer=256 * 1024) for after in (0, 0.5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Who is called, and how."""

    base_url: str
    path: str
    read: Read
    headers: dict[str, str]

    def run(self, scenario: Scenario) -> Awaitable[Tally]:
        return load.run(self.base_url, scenario, headers=self.headers, path=self.path, read=self.read)

    def pause(self, paused: Pause) -> Awaitable[Tally]:
        return pause(self.base_url, paused, headers=self.headers, path=self.path, read=self.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The relay and the documentation's Duck in one runtime."""

    runtime: str
    relay: Target
    duck: Target | None


def scenarios() -> Iterable[Scenario]:
    for callers in CALLERS:
        for gap in GAPS:
            for events in LENGTHS:
                lasts = 0.15 + events * (gap + 0.4) / 1000  # seconds of one answer
                turns = max(1, min(int(BUDGET / lasts), 10 if callers == 1 else 1))
                if events < LONG or callers == 1 or gap == 10:
                    yield Scenario(requests=turns * callers, events=events, gap=gap, callers=callers)


async def soak(pairs: Sequence[Pair], *, pauses: bool) -> bool:
    """Run and print everything; tell whether the relay lost nothing."""
    print(
        f"{'runtime':<11}{'scenario':<42}{'requests':>9}{'events sent':>13}{'lost by relay':>15}{'lost by duck':>14}"
    )
    waiting = [_pauses(pair, LONG_PAUSES) for pair in pairs] if pauses else []
    rows = await asyncio.gather(*map(_loads, pairs), *waiting)
    for pair in pairs if pauses else ():  # one after the other: each is 8 MB a second
        rows.append(await _pauses(pair, SHORT_PAUSES))
    total = Row.sum("all", [row for each in rows for row in each])
    print(total)
    return total.relay.sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    runtime: str
    scenario: str
    requests: int
    relay: Tally
    duck: Tally | None

    def __str__(self) -> str:
        lost = "-" if self.duck is None else f"{self.duck.lost} ({self.duck.lost / self.duck.sent:.0%})"
        numbers = f"{self.requests:>9}{self.relay.sent:>13}{self.relay.lost:>15}{lost:>14}"
        trouble = "" if self.relay.sound else f"  {self.relay}"
        return f"{self.runtime:<11}{self.scenario:<42}{numbers}{trouble}"

    @classmethod
    def sum(cls, runtime: str, rows: Sequence["Row"]) -> "Row":
        ducks = [row.duck for row in rows if row.duck is not None]
        return cls(
            runtime=runtime,
            scenario=f"{len(rows)} scenarios",
            requests=sum(row.requests for row in rows),
            relay=sum((row.relay for row in rows), Tally()),
            duck=sum(ducks, Tally()) if ducks else None,
        )


async def _loads(pair: Pair) -> list[Row]:
    rows = []
    for scenario in scenarios():
        name = f"{scenario.events} events, gap {scenario.gap} ms, {scenario.callers} at a time"
        rows.append(await _row(pair, name, scenario.requests, methodcaller("run", scenario)))
    return rows


async def _pauses(pair: Pair, pauses: Iterable[Pause]) -> list[Row]:
    async def one(paused: Pause) -> Row:
        scenario = paused.scenario
        name = f"{1000 // scenario.gap}/s of {scenario.size} B, {paused.name}"
        return await _row(pair, name, 1, methodcaller("pause", paused))

    return list(await asyncio.gather(*map(one, pauses)))


async def _row(pair: Pair, name: str, requests: int, call: Callable[[Target], Awaitable[Tally]]) -> Row:
    targets = [pair.relay, *([pair.duck] if pair.duck else [])]
    relay, *duck = await asyncio.gather(*map(call, targets))
    row = Row(runtime=pair.runtime, scenario=name, requests=requests, relay=relay, duck=duck[0] if duck else None)
    print(row, flush=True)
    return row


def relay(base_url: str, key: str) -> Target:
    return Target(base_url=base_url, path=NDJSON, read=read_ndjson, headers={"X-API-Key": key})


@click.command(help=__doc__)
@click.option("--runtime", "runtimes", type=click.Choice(RUNTIMES), multiple=True, default=RUNTIMES)
@click.option("--pauses/--no-pauses", default=True, help="The callers that stop reading for up to a minute.")
@click.option("--url", help="Base URL of a running endpoint whose Dify knows the scripted apps.")
@click.option("--key", default=KEY, help="Its key.")
def main(runtimes: Sequence[str], url: str | None, key: str, *, pauses: bool) -> None:
    started = time.monotonic()
    with ExitStack() as stack:

        def start(plugin: Path, runtime: str) -> str:
            return stack.enter_context(Workspace(plugin=plugin, runtime=runtime)).endpoint(settings={"api_key": KEY})

        if url:
            pairs = [Pair(runtime="given", relay=relay(url.rstrip("/"), key), duck=None)]
        else:
            pairs = [
                Pair(
                    runtime=runtime,
                    relay=relay(start(DOCUMENTED.parent.parent.parent, runtime), KEY),
                    duck=Target(base_url=start(DOCUMENTED, runtime), path=DUCK, read=read_duck, headers={}),
                )
                for runtime in runtimes
            ]
        nothing_lost = asyncio.run(soak(pairs, pauses=pauses))
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(0 if nothing_lost else 1)


if __name__ == "__main__":
    main()
