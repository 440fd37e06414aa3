"""`python -m bench.opening`: how soon a caller has the status and headers of an app that is silent for a second.

The documentation's Duck answers with its first event, so its caller waits for all of the silence.
"""

import statistics
import time
from collections.abc import Mapping

import click
import httpx

from bench.load import RUNTIMES
from bench.soak import DOCUMENTED, KEY
from workspace.testing import Workspace

APP = "silent-1"


def headers_after(client: httpx.Client, path: str, headers: Mapping[str, str]) -> float:
    """Give the seconds from a request to the head of its answer."""
    begin = time.perf_counter()
    with client.stream("GET", path, headers=dict(headers)):
        return time.perf_counter() - begin


@click.command(help=__doc__)
@click.option("--runtime", type=click.Choice(RUNTIMES), default="local", show_default=True)
@click.option("--requests", default=20, show_default=True)
def main(runtime: str, requests: int) -> None:
    medians = []
    with Workspace(runtime=runtime) as relay, Workspace(plugin=DOCUMENTED, runtime=runtime) as duck:
        targets: tuple[tuple[str, str, dict[str, str]], ...] = (
            (relay.endpoint(settings={"api_key": KEY}), f"/duck/{APP}?query=hi&format=sse", {"X-API-Key": KEY}),
            (duck.endpoint(), f"/duck/{APP}", {}),
        )
        for base_url, path, headers in targets:
            with httpx.Client(timeout=30) as client:
                taken = [headers_after(client, base_url + path, headers) for _ in range(requests)]
            medians.append(statistics.median(taken))
    print(
        f"headers of a silent app, median of {requests}: relay {medians[0] * 1000:.0f} ms,"
        f" the documentation's Duck {medians[1] * 1000:.0f} ms, ratio {medians[0] / medians[1]:.2f}"
    )


if __name__ == "__main__":
    main()
