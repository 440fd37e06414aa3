"""`python -m bench.leak`: what 1,000 callers who leave in the middle of an answer leave behind.

Looks at the plugin's process before and after: memory, threads, greenlets and open files; and, in the workspace's
journal, at how long the app's run went on after its caller had left. A first round warms the process up.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click
import httpx

from bench.load import NDJSON, RUNTIMES
from workspace.testing import Workspace

KEY = "quack-quack"
CALLERS = 50  # at a time
PROBE = Path(__file__).parent / "greenlets"
APPS = ("chat-2000-20", "silent-600", "chat-2000-1-2000")  # at its leisure, not at all, in a hurry
SETTLES = 10  # seconds at most, for what is ending
GROWTH = 1.1  # of memory: an allocator keeps what it once had
LATEST = 1.0  # seconds from a caller's leaving to the end of the run


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a process holds."""

    memory: int  # KiB, resident
    threads: int
    greenlets: int
    files: int


class Probe:
    """Looks into the plugin's process."""

    def __init__(self, counted: Path) -> None:
        self._counted = counted
        self.environment = {
            "GREENLETS": str(counted),
            "PYTHONPATH": f"{PROBE}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        }

    def look(self, pid: int) -> Process:
        self._counted.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR2)
        while not self._counted.exists():
            time.sleep(0.01)
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return Process(
            memory=int(status["VmRSS"].split()[0]),
            threads=int(status["Threads"]),
            greenlets=int(self._counted.read_text()),
            files=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        )


async def leave(base_url: str, requests: int) -> dict[str, float]:
    """Call and hang up after the first chunk, so many times; give when each caller left, by its request id."""
    turn = asyncio.Semaphore(CALLERS)
    left: dict[str, float] = {}

    async def call(number: int) -> None:
        async with turn, httpx.AsyncClient(headers={"X-API-Key": KEY}, timeout=30) as client:
            user = str(number)
            path = NDJSON.format(app_id=APPS[number % len(APPS)])
            async with client.stream("GET", f"{base_url}{path}&user={user}") as answer:
                await anext(answer.aiter_raw())
            left[user] = time.time()

    await asyncio.gather(*map(call, range(requests)))
    return left


@contextmanager
def probed(runtime: str) -> Iterator[tuple[Workspace, Probe]]:
    with tempfile.TemporaryDirectory() as folder:
        probe = Probe(Path(folder) / "greenlets")
        with Workspace(runtime=runtime, environment=probe.environment) as workspace:
            yield workspace, probe


def settle(workspace: Workspace, hook: str) -> list[dict[str, Any]]:
    """Give the journal of a hook once none of its runs goes on, or after `SETTLES` seconds."""
    until = time.monotonic() + SETTLES
    while True:
        calls = workspace.calls(hook=hook)
        if time.monotonic() > until or all(call["outcome"] != "running" for call in calls):
            return calls
        time.sleep(0.1)


def measure(runtime: str, requests: int) -> bool:
    """Print one runtime's row; tell whether nothing was left behind."""
    with probed(runtime) as (workspace, probe):
        pid = int(workspace.plugin()["pid"])
        warm = workspace.endpoint(settings={"api_key": KEY})
        asyncio.run(leave(warm, requests))  # memory grows with the first of them and then stays
        settle(workspace, warm)
        time.sleep(1)
        before = probe.look(pid)
        hook = workspace.endpoint(settings={"api_key": KEY})
        left = asyncio.run(leave(hook, requests))
        calls = settle(workspace, hook)
        time.sleep(1)  # the plugin hears of the end a moment after the journal
        after = probe.look(pid)
    running = sum(call["outcome"] == "running" for call in calls)
    late = max((call["ended"] or time.time()) - left[call["request"]["user"]] for call in calls)
    pairs = [(getattr(before, field.name), getattr(after, field.name)) for field in fields(Process)]
    cells = [f"{one} -> {other} ({other / one:.2f})" for one, other in pairs]
    print(f"{runtime:<11}{len(left):>9}" + "".join(f"{cell:>26}" for cell in cells) + f"{running:>9}{late:>9.2f} s")
    sound = after.memory <= before.memory * GROWTH and late <= LATEST
    return sound and not running and all(other <= one for one, other in pairs[1:])


@click.command(help=__doc__)
@click.option("--runtime", "runtimes", type=click.Choice(RUNTIMES), multiple=True, default=RUNTIMES)
@click.option("--requests", default=1000, show_default=True)
def main(runtimes: Sequence[str], requests: int) -> None:
    columns = "".join(f"{name:>26}" for name in ("memory, KiB", "threads", "greenlets", "open files"))
    print(f"{'runtime':<11}{'aborted':>9}{columns}{'running':>9}{'latest':>11}")
    sound = [measure(runtime, requests) for runtime in runtimes]
    sys.exit(0 if all(sound) else 1)


if __name__ == "__main__":
    main()
