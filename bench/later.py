"""`python -m bench.later`: how fast a delivery that is answered later is acknowledged, and whether any is lost.

A lone sender, one delivery after the other, then many at the same moment; each delivery is looked for until it has
ended. `--given URL` measures an endpoint elsewhere that holds the key and runs the same app.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles
from uuid import uuid4

import click
import httpx

from bench.load import RUNTIMES
from workspace.testing import Workspace

KEY = "quack-quack"
APP = "chat-5-200"
LONE = 100
CROWDS = (50, 200)
LONGEST = 120  # seconds until every delivery has ended
GOAL = 300  # milliseconds, of 95 % of lone ones


@dataclass(frozen=True, slots=True)
class Accepted:
    """One delivery and the time until its acknowledgement, in seconds."""

    status: int
    seconds: float
    id: str


def accept(client: httpx.Client) -> Accepted:
    """Send a delivery, under an id of its own."""
    began = time.perf_counter()
    answer = client.post(
        f"chat/{APP}", json={"query": "hi", "response_mode": "later"}, headers={"Idempotency-Key": uuid4().hex}
    )
    return Accepted(answer.status_code, time.perf_counter() - began, answer.json().get("delivery_id", ""))


def ends(client: httpx.Client, accepted: Sequence[Accepted]) -> Counter[str]:
    """Wait until all have ended; count how."""
    states: dict[str, str] = {}
    until = time.monotonic() + LONGEST
    left = {one.id for one in accepted if one.id}
    while left and time.monotonic() < until:
        for id_ in left:
            states[id_] = client.get(f"deliveries/{id_}").json().get("state", "lost")
        left = {id_ for id_ in left if states[id_] not in {"done", "failed", "lost"}}
    return Counter(states.values())


def told(name: str, accepted: Sequence[Accepted], states: Counter[str]) -> str:
    """Give one line: the times in milliseconds, the statuses, and how the deliveries ended."""
    ranks = quantiles([1000 * one.seconds for one in accepted], n=100)
    statuses = dict(Counter(one.status for one in accepted))
    return f"{name:>12}: p50 {ranks[49]:5.0f} ms, p95 {ranks[94]:5.0f} ms, statuses {statuses}, then {dict(states)}"


@contextmanager
def endpoint(given: str | None, runtime: str) -> Iterator[str]:
    """Give an endpoint's address: the one that is given, or one of a workspace of its own."""
    if given:
        yield given
        return
    with Workspace(runtime=runtime) as workspace:
        url = workspace.endpoint(settings={"api_key": KEY})
        if runtime != "local":  # there the plugin does not know its own address
            workspace.endpoint(settings={"api_key": KEY, "relay_url": url}, hook=url.rsplit("/", 1)[-1])
        yield url


@click.command(help=__doc__)
@click.option("--runtime", type=click.Choice(RUNTIMES), default="local", show_default=True)
@click.option("--given", help="An endpoint's address, instead of a workspace.")
def main(runtime: str, given: str | None) -> None:
    with endpoint(given, runtime) as url, ThreadPoolExecutor(max(CROWDS)) as callers:
        limits = httpx.Limits(max_connections=max(CROWDS))
        with httpx.Client(
            base_url=f"{url}/", headers={"X-API-Key": KEY}, timeout=60, limits=limits, trust_env=False
        ) as client:
            lone = [accept(client) for _ in range(LONE)]
            print(told("one by one", lone, ends(client, lone)), flush=True)
            ok = quantiles([1000 * one.seconds for one in lone], n=100)[94] <= GOAL
            for crowd in CROWDS:
                several = list(callers.map(lambda _: accept(client), range(crowd)))
                states = ends(client, several)
                print(told(f"{crowd} at once", several, states), flush=True)
                ok = ok and states["done"] == crowd
    if not ok:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
