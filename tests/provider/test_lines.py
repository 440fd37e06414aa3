"""The lines that the plugin reads and writes itself, in a plugin's process: what shows from outside."""

import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.endpoints.conftest import KEY
from workspace.testing import Workspace

FIXTURES = Path(__file__).parent.parent / "fixtures"
ITSELF = "the SDK reads and writes its lines itself"
HEADERS = {"X-API-Key": KEY}
OWN = {"DUCK_LINES": "own"}  # the suite may run the other way
WIDEST = int(Path("/proc/sys/fs/pipe-max-size").read_text())


def width(workspace: Workspace) -> int:
    """Give the bytes that the pipe to the plugin holds."""
    pipe = os.open(f"/proc/{workspace.plugin()['pid']}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    try:
        return fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    finally:
        os.close(pipe)


def answer(workspace: Workspace, app: str = "chat-3-10") -> str:
    url = f"{workspace.endpoint(settings={'api_key': KEY})}/duck/{app}"
    return httpx.get(url, params={"query": "hi", "format": "text"}, headers=HEADERS, timeout=30).text


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    """A workspace whose plugin reads and writes its lines itself."""
    with Workspace(environment=OWN) as running:
        yield running


def test_the_pipe_to_the_plugin_is_as_wide_as_the_system_allows(workspace: Workspace) -> None:
    assert answer(workspace) == " tok0 tok1 tok2"
    assert width(workspace) == min(WIDEST, 1024 * 1024)
    assert not [line for line in workspace.printed if ITSELF in line]


@pytest.mark.parametrize("runtime", ["local", "remote"])
def test_an_sdk_of_another_shape_is_left_alone_and_the_log_says_why(runtime: str) -> None:
    environment = {**OWN, "PYTHONPATH": str(FIXTURES / "changed")}
    with Workspace(runtime=runtime, environment=environment) as workspace:
        assert answer(workspace) == " tok0 tok1 tok2"
        assert "it has changed: ResponseWriter.put takes other arguments" in workspace.line("WARNING", ITSELF)


def test_an_sdk_that_can_not_even_be_looked_at_is_left_alone_too() -> None:
    with Workspace(environment={**OWN, "PYTHONPATH": str(FIXTURES / "changed_replies")}) as workspace:
        workspace.line("WARNING", ITSELF, "it has changed: AttributeError")


def test_it_can_be_switched_off() -> None:
    with Workspace(environment={"DUCK_LINES": " SDK "}) as workspace:
        assert answer(workspace) == " tok0 tok1 tok2"
        assert "DUCK_LINES=sdk" in workspace.line(ITSELF)
        assert width(workspace) < 1024 * 1024


def test_long_lines_and_short_ones_come_through_in_one_piece(workspace: Workspace) -> None:
    """Lines of the daemon are read in pieces of 64 KiB; that of the longest request here takes sixty."""
    url = f"{workspace.endpoint(settings={'api_key': KEY})}/duck/parrot"
    for size in (1, 30_000, 32_000, 64 * 1024, 1_000_000):
        asked = {"query": "é" + "." * size, "format": "text"}
        assert httpx.post(url, json=asked, headers=HEADERS, timeout=60).text == asked["query"]


def test_what_can_not_be_written_at_once_is_written_later(workspace: Workspace) -> None:
    """Answers of 4 MB, five at once: together far more than the pipe takes, and than may wait for it."""
    uncoded = {**HEADERS, "Accept-Encoding": "identity"}
    url = f"{workspace.endpoint(settings={'api_key': KEY})}/duck/big-4000000"
    with httpx.Client(headers=uncoded, timeout=60) as client, ThreadPoolExecutor(5) as callers:
        told = callers.map(lambda _: client.get(url, params={"query": "hi", "format": "text"}).text, range(5))
    assert [len(text) for text in told] == [4_000_000] * 5
