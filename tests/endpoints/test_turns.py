"""Two processes of the relay on one storage, as in a cluster: each delivery runs once, wherever it was accepted."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from tests.endpoints.conftest import KEY
from tests.endpoints.later import HOLDER, accepted, app_calls, ask, at_once, ended, in_state, outcome, shown
from workspace.testing import Workspace, until

PATIENCE = 75  # seconds: a lease of 25, a look each 30, and a busy machine


@pytest.fixture
def both(cluster: Workspace) -> Iterator[list[httpx.Client]]:
    """A client of an endpoint for each of the two processes."""
    url = cluster.endpoint(settings={"api_key": KEY, "memory": "user"})
    clients = [httpx.Client(base_url=cluster.through(url, process), headers=HOLDER, timeout=60) for process in (0, 1)]
    yield clients
    for client in clients:
        client.close()


def test_of_forty_that_come_to_both_each_runs_once(cluster: Workspace, both: list[httpx.Client]) -> None:
    async def all_of_them() -> list[httpx.Response]:
        async with httpx.AsyncClient(headers=HOLDER, timeout=60) as caller:
            return await asyncio.gather(
                *(
                    caller.post(
                        f"{both[number % 2].base_url}duck/parrot-100",
                        json={"query": f"This is {number // 2}.", "response_mode": "later"},
                        headers={"Idempotency-Key": str(number // 2)},
                    )
                    for number in range(80)
                )
            )

    answers = asyncio.run(all_of_them())
    assert {answer.status_code for answer in answers} <= {202, 409}
    ids = {accepted(answer) for answer in answers if answer.status_code == 202}
    assert len(ids) == 40
    told = Counter(ended(both[number % 2], id_)["answer"] for number, id_ in enumerate(sorted(ids)))
    assert told == Counter(f"This is {number}." for number in range(40))
    assert Counter(call["request"]["query"] for call in app_calls(cluster, both[0])) == told


def test_one_conversation_runs_in_both_but_never_at_the_same_time(
    cluster: Workspace, both: list[httpx.Client]
) -> None:
    ids = [accepted(ask(both[number % 2], "parrot-200", str(number), user="donald")) for number in range(8)]
    assert {ended(both[0], id_)["state"] for id_ in ids} == {"done"}
    calls = app_calls(cluster, both[0])
    assert sorted(call["request"]["query"] for call in calls) == [str(number) for number in range(8)]
    assert at_once(calls) == 1


def test_what_runs_in_one_is_given_up_through_the_other(cluster: Workspace, both: list[httpx.Client]) -> None:
    """Whichever of the two it runs in, one of the requests comes through the other."""
    ids = [accepted(ask(client, "silent-600")) for client in both]
    for id_ in ids:
        in_state(both[0], id_, "running")
    for id_ in ids:
        assert both[0].post(f"/deliveries/{id_}/cancel").status_code == 200
    assert [outcome(ended(both[1], id_)) for id_ in ids] == [("failed", "cancelled")] * 2


def test_when_a_process_is_killed_the_other_takes_up_what_it_left(
    cluster: Workspace, both: list[httpx.Client]
) -> None:
    """What had begun in the one, and what waited there for its turn."""
    running, waiting = (accepted(ask(both[0], "silent-2", turn, user="donald")) for turn in ("first", "second"))
    until(lambda: app_calls(cluster, both[0]))
    os.kill(cluster.plugin()["pids"][0], signal.SIGKILL)
    until(lambda: {shown(both[1], id_)["state"] for id_ in (running, waiting)} == {"done"}, patience=PATIENCE)
    queries = [call["request"]["query"] for call in app_calls(cluster, both[0]) if call["outcome"] == "finished"]
    assert queries == ["first", "second"]
