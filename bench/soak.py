"""`python -m bench.soak`: many answers of every length and speed, and what of them is lost on the way.

Each scenario runs through the relay, called by one who takes gzip and by one who does not, and through the Duck of
Dify's documentation, in a workspace of each runtime; once while the machine is idle, and once while its cores have
something else to do (then without the Duck). The table counts events; a run in which the relay lost one, or an answer
was cut or out of order, ends with status 1.
With --url it is the relay of that endpoint alone that is called, for example one on a real Dify.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from operator import methodcaller

import click

from bench import load
from bench.busy import busy
from bench.load import DUCK, NDJSON, RUNTIMES, Read, Scenario, Tally, read_duck, read_ndjson
from bench.pause import Pause, pause
from bench.targets import DOCUMENTED, DUCK_NAME, GZIP, KEY, PROJECT, RELAY
from workspace.testing import Workspace

LENGTHS = (1, 2, 3, 5, 20, 500)  # events
GAPS = (0, 1, 10, 40)  # milliseconds
CALLERS = (1, 50)
BUDGET = 1.0  # seconds that one caller spends on a scenario, more or less
LONG = 500  # events; 50 callers at once of such answers are too much for a few minutes but at one gap

# What is promised. An answer goes on for as long as its caller pauses, and a little longer.
TOKENS = Scenario(requests=1, events=3500, gap=20, size=6)  # an app's tokens, 50 a second
SHORTER = Scenario(requests=1, events=950, gap=20, size=200)
FAST = Scenario(requests=1, events=4800, gap=2, size=4096)  # 500 a second, 2 MB
STARTS = (0, 1, 2.5, 5)  # seconds from the first byte to the pause
ASLEEP = [Pause(scenario=TOKENS, after=after, seconds=62, receive_buffer=4 * 1024) for after in STARTS]
AWAY = [Pause(scenario=SHORTER, after=after, seconds=12, receive_buffer=4 * 1024) for after in STARTS]
AWAY_FROM_MUCH = [Pause(scenario=FAST, after=after, seconds=9, receive_buffer=256 * 1024) for after in (0, 0.5)]

COLUMNS = (RELAY, GZIP, DUCK_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls whom, and how."""

    base_url: str
    path: str
    read: Read
    headers: Mapping[str, str]

    def run(self, scenario: Scenario) -> Awaitable[Tally]:
        return load.run(self.base_url, scenario, headers=self.headers, path=self.path, read=self.read)

    def pause(self, paused: Pause) -> Awaitable[Tally]:
        return pause(self.base_url, paused, headers=self.headers, path=self.path, read=self.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A runtime, whose machine is idle or busy, and its callers by column."""

    name: str
    callers: Mapping[str, Caller]
    kind: str  # of the answers' text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    place: str
    scenario: str
    requests: int
    tallies: Mapping[str, Tally]

    def __str__(self) -> str:
        sent = max((tally.sent for tally in self.tallies.values()), default=0)
        cells = "".join(f"{_lost(self.tallies.get(column)):>18}" for column in COLUMNS)
        trouble = "".join(f"  {name}: {tally}" for name, tally in self.tallies.items() if _matters(name, tally))
        return f"{self.place:<20}{self.scenario:<42}{self.requests:>9}{sent:>13}{cells}{trouble}"

    @property
    def sound(self) -> bool:
        return not any(_matters(name, tally) for name, tally in self.tallies.items())


def _lost(tally: Tally | None) -> str:
    if tally is None or not tally.sent:
        return "-"
    return f"{tally.lost} ({tally.lost / tally.sent:.0%})" if tally.lost else "0"


def _matters(column: str, tally: Tally) -> bool:
    return column != DUCK_NAME and not tally.sound


def total(rows: Sequence[Row]) -> Row:
    tallies = {
        column: sum((row.tallies[column] for row in rows if column in row.tallies), Tally()) for column in COLUMNS
    }
    return Row(
        place="all",
        scenario=f"{len(rows)} scenarios",
        requests=sum(row.requests * len(row.tallies) for row in rows),
        tallies=tallies,
    )


def scenarios(kind: str) -> Iterator[Scenario]:
    for callers in CALLERS:
        for gap in GAPS:
            for events in LENGTHS:
                lasts = 0.15 + events * (gap + 0.4) / 1000  # seconds of one answer
                turns = max(1, min(int(BUDGET / lasts), 10 if callers == 1 else 1))
                if events < LONG or callers == 1 or gap == 10:
                    yield Scenario(
                        requests=turns * callers, events=events, gap=gap, callers=callers, size=6, kind=kind
                    )


async def soak(places: Sequence[Place], *, pauses: bool) -> list[Row]:
    """Run and print everything."""
    waiting = [_pauses(place, ASLEEP, (GZIP,)) for place in places] if pauses else []
    waiting += [_pauses(place, AWAY, COLUMNS) for place in places] if pauses else []
    rows = await asyncio.gather(*map(_loads, places), *waiting)
    for place in places if pauses else ():  # one after the other: each is 2 MB a second
        rows.append(await _pauses(place, AWAY_FROM_MUCH, COLUMNS))
    return [row for each in rows for row in each]


async def _loads(place: Place) -> list[Row]:
    rows = []
    for scenario in scenarios(place.kind):
        name = f"{scenario.events} events, gap {scenario.gap} ms, {scenario.callers} at a time"
        rows.append(await _row(place, name, scenario.requests, COLUMNS, methodcaller("run", scenario)))
    return rows


async def _pauses(place: Place, pauses: Iterable[Pause], columns: Sequence[str]) -> list[Row]:
    async def one(paused: Pause) -> Row:
        scenario = paused.scenario
        name = f"{1000 // scenario.gap}/s of {scenario.size} B, {paused.name}"
        return await _row(place, name, 1, columns, methodcaller("pause", paused))

    return list(await asyncio.gather(*map(one, pauses)))


async def _row(
    place: Place, scenario: str, requests: int, columns: Sequence[str], call: Callable[[Caller], Awaitable[Tally]]
) -> Row:
    callers = {column: place.callers[column] for column in columns if column in place.callers}
    tallies = await asyncio.gather(*map(call, callers.values()))
    row = Row(
        place=place.name, scenario=scenario, requests=requests, tallies=dict(zip(callers, tallies, strict=True))
    )
    print(row, flush=True)
    return row


def relay(base_url: str, key: str) -> dict[str, Caller]:
    """Give the relay's callers: one who takes no gzip, and one who does."""
    return {
        column: Caller(
            base_url=base_url,
            path=NDJSON,
            read=read_ndjson,
            headers={"X-API-Key": key, "Accept-Encoding": encoding},
        )
        for column, encoding in ((RELAY, "identity"), (GZIP, "gzip"))
    }


def in_workspaces(stack: ExitStack, runtimes: Sequence[str]) -> dict[str, dict[str, Caller]]:
    """Start two workspaces for each runtime; give their callers."""
    found = {}
    for runtime in runtimes:
        relays, ducks = (
            stack.enter_context(Workspace(plugin=folder, runtime=runtime)).endpoint(settings={"api_key": KEY})
            for folder in (PROJECT, DOCUMENTED)
        )
        duck = Caller(base_url=ducks, path=DUCK, read=read_duck, headers={"Accept-Encoding": "identity"})
        found[runtime] = {**relay(relays, KEY), DUCK_NAME: duck}
    return found


@click.command(help=__doc__)
@click.option("--runtime", "runtimes", type=click.Choice(RUNTIMES), multiple=True, default=RUNTIMES)
@click.option("--pauses/--no-pauses", default=True, help="The callers that stop reading for up to a minute.")
@click.option(
    "--busy",
    "loads",
    multiple=True,
    type=int,
    default=(0, os.cpu_count() or 1),
    show_default=True,
    help="Cores that have something else to do; several times for several runs.",
)
@click.option("--url", help="Base URL of a running endpoint whose Dify knows the scripted apps.")
@click.option("--key", default=KEY, help="Its key.")
def main(runtimes: Sequence[str], loads: Sequence[int], url: str | None, key: str, *, pauses: bool) -> None:
    started = time.monotonic()
    rows: list[Row] = []
    print(f"{'where':<20}{'scenario':<42}{'requests':>9}{'events sent':>13}", end="")
    print("".join(f"{f'lost, {column}':>18}" for column in COLUMNS))
    with ExitStack() as stack:
        found = {"given": relay(url.rstrip("/"), key)} if url else in_workspaces(stack, runtimes)
        for cores in loads:
            places = [
                Place(
                    name=f"{name}, {cores} busy" if cores else name,
                    # the Duck is there for comparison: once is enough
                    callers={column: each for column, each in callers.items() if not cores or column != DUCK_NAME},
                    kind="base64" if cores else "words",
                )
                for name, callers in found.items()
            ]
            with busy(cores):
                rows += asyncio.run(soak(places, pauses=pauses))
    print(total(rows))
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(0 if all(row.sound for row in rows) else 1)


if __name__ == "__main__":
    main()
