"""The callers' process, with the endpoint that only drains the app."""

import os

import httpx

from bench import process
from bench.callers import Load, callers
from bench.targets import BARE
from workspace.testing import Workspace


def test_the_bare_endpoint_drains_the_app_and_is_called_from_a_process_of_its_own() -> None:
    with Workspace(plugin=BARE) as workspace, callers() as called:
        url = f"{workspace.endpoint()}/duck/chat-3-0-6"
        plugin = int(workspace.plugin()["pid"])
        front = process.parent(plugin)
        last = httpx.get(url).json()
        result = called.call(Load(url=url, headers={}, requests=4, callers=2, plugin=plugin, front=front))
    assert (last["event"], last["drained"]) == ("message_end", 4)
    assert [(answer.status, answer.whole, answer.events) for answer in result.answers] == [(200, True, 4)] * 4
    assert result.events == 16
    assert process.parent(os.getpid()) != front != os.getpid()
    assert min(result.cpu, result.front, result.callers, result.seconds) > 0
    assert result.memory > 10_000
