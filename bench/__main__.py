"""`python -m bench`: what an answer costs through the relay, through the Duck of Dify's documentation, and at least.

Runs each row with each target, in turns, so that whatever else the machine does hits all of them; prints the numbers
as they come, then medians, ratios and goals, and writes them to bench/results.md.
"""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import click

from bench.callers import callers
from bench.report import Numbers, machine
from bench.rows import ROWS, Measuring
from bench.targets import Target, given, in_workspaces

RESULTS = Path(__file__).parent / "results.md"


def measure(targets: Sequence[Target], only: Sequence[str], turns: int, *, quick: bool) -> Numbers:
    """Go through the rows so many times."""
    numbers = Numbers()
    rows = [row for row in ROWS if not only or any(name in row.name for name in only)]
    with callers() as called:
        for target in targets:
            Measuring(target=target, callers=called, quick=quick).warm()
        for turn in range(turns):
            for row in rows:
                for target in targets:
                    if target.name not in row.targets:
                        continue
                    click.echo(f"turn {turn + 1}, {row.name}: {target.name}")
                    for line, value in row.measure(Measuring(target=target, callers=called, quick=quick)):
                        numbers.add(line, target.name, value)
                        click.echo(f"    {line.section}, {line.name}: {value:.4g} {line.unit}")
    return numbers


LEGEND = """\
*bare* only drains the app and answers with its last event, *duck* is the Duck of Dify's documentation (a chunk for
each event), *relay gzip* is the relay for a caller who takes gzip, *relay by key* reaches the app by Dify's Service
API. Each runs in a workspace, and one at a time is called. An event is a token, about 300 bytes of JSON. Processor
time is that of the plugin's process; the time per event holds that of the requests."""


def report(numbers: Numbers, turns: int) -> str:
    lines = ["# What `make bench` measured", "", machine(turns), "", LEGEND, "", "## Goals", "", *numbers.goals(), ""]
    return "\n".join([*lines, "## Numbers", "", *numbers.tables()])


@click.command(help=__doc__)
@click.option(
    "--only", multiple=True, metavar="NAME", help=f"Rows whose name holds it: {', '.join(r.name for r in ROWS)}"
)
@click.option("--turns", default=3, show_default=True)
@click.option("--quick", is_flag=True, help="One short turn, for a look: the numbers say little.")
@click.option(
    "--given",
    "endpoints",
    type=(str, str, int),
    multiple=True,
    metavar="NAME URL PID",
    help="A running endpoint instead of a workspace's, where the scripted apps are known: bare, duck or relay; its "
    "URL with {app_id} in it; its plugin's process.",
)
@click.option("--header", "headers", type=(str, str), multiple=True, metavar="NAME HEADER", help="For one of those.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the tables there.")
def main(
    only: Sequence[str],
    turns: int,
    endpoints: Sequence[tuple[str, str, int]],
    headers: Sequence[tuple[str, str]],
    output: Path | None,
    *,
    quick: bool,
) -> None:
    begun = time.monotonic()
    turns = 1 if quick else turns
    with nullcontext(given(endpoints, headers)) if endpoints else in_workspaces() as targets:
        text = report(measure(targets, only, turns, quick=quick), turns)
    click.echo(f"\n{text}\n{time.monotonic() - begun:.0f} s")
    if output is None and not (quick or only or endpoints):
        output = RESULTS
    if output is not None:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
