"""Several processes of one plugin: they take turns, and each is started again by itself."""

import os
from collections.abc import Iterator

import httpx
import pytest

from tests.workspace.conftest import DUCK
from tests.workspace.test_invocation import invoked, storage
from workspace.testing import Workspace


@pytest.fixture(scope="module", params=["local", "serverless"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """A workspace with two processes of the documentation's Duck."""
    with Workspace(plugin=DUCK, runtime=request.param, instances=2) as running:
        yield running


def test_several_processes_take_turns_and_share_the_storage(cluster: Workspace) -> None:
    base = cluster.endpoint()
    pids = cluster.plugin()["pids"]
    assert len(set(pids)) == 2
    assert cluster.plugin()["pid"] == pids[0]
    answered = [int(httpx.get(f"{base}/process", timeout=60).text) for _ in range(4)]
    assert answered[:2] == answered[2:]
    assert sorted(answered[:2]) == sorted(pids)
    assert invoked(base, storage("set", "shared", b"quack")) == [{"events": [{"data": "ok"}]}]
    for number in range(2):
        assert invoked(cluster.through(base, number), storage("get", "shared")) == [
            {"events": [{"data": b"quack".hex()}]}
        ]


def test_each_process_has_an_address_of_which_the_plugin_sees_nothing(cluster: Workspace) -> None:
    base, pids = cluster.endpoint(), cluster.plugin()["pids"]
    for number in (1, 0, 0, 1):
        assert int(httpx.get(f"{cluster.through(base, number)}/process", timeout=60).text) == pids[number]
    assert httpx.get(f"{cluster.through(base, 1)}/seen?a=1").json() == httpx.get(f"{base}/seen?a=1").json()
    assert [exchange["path"] for exchange in cluster.requests()[:2]] == ["/seen", "/seen"]
    assert httpx.get(f"{cluster.through(base, 2)}/seen").status_code == 404


def test_a_process_that_crashes_is_started_again_while_the_others_go_on(cluster: Workspace) -> None:
    before = cluster.plugin()["pids"]
    crashing, base = cluster.endpoint(faults={"crash_after_chunks": 3}), cluster.endpoint()
    with httpx.stream("GET", f"{cluster.through(base, 0)}/chunks/20?gap=50", timeout=60) as other:
        lines = other.iter_lines()
        cut = httpx.get(f"{cluster.through(crashing, 1)}/chunks/50?gap=20", timeout=60).text
        assert cut.startswith('0\n1\n2\n{"args":{},"error_type":')
        for _ in range(4):
            assert int(httpx.get(f"{base}/process", timeout=60).text) != before[1]
        # the last ones may be lost to the answer's end, as on the real daemon
        assert list(lines)[:15] == [str(number) for number in range(15)]
    again = int(httpx.get(f"{cluster.through(base, 1)}/process", timeout=60).text)
    assert cluster.plugin()["pids"] == [before[0], again]
    assert again not in before


def test_a_restart_ends_all_processes(cluster: Workspace) -> None:
    before = cluster.plugin()["pids"]
    cluster.restart_plugin()
    assert set(before).isdisjoint(cluster.plugin()["pids"])
    assert httpx.get(f"{cluster.endpoint()}/chunks/1", timeout=60).text == "0\n"


def test_the_plugin_ends_with_the_workspace() -> None:
    with Workspace(plugin=DUCK, instances=2) as workspace:
        pids = workspace.plugin()["pids"]
        for pid in pids:
            os.kill(pid, 0)
    assert len(set(pids)) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
