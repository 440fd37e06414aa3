"""The plugin in a process of its own, behind a workspace in another."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse

from tests.endpoints.ways import KeyedWorkspace, Way
from workspace.testing import Workspace

KEY = "quack-quack"

type Open = Callable[..., httpx.Client]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try the tests of a module by each way to an app that its BOTH_WAYS names, but for those marked `reverse`."""
    if "way" in metafunc.fixturenames and getattr(metafunc.module, "BOTH_WAYS", False):
        ways = [Way.REVERSE] if metafunc.definition.get_closest_marker("reverse") else list(Way)
        metafunc.parametrize("way", ways, indirect=True, scope="session")


@pytest.fixture(scope="session")
def way(request: pytest.FixtureRequest) -> Way:
    """By what the apps are reached."""
    return Way(getattr(request, "param", Way.REVERSE))


@pytest.fixture(scope="session")
def workspaces() -> Iterator[Callable[[Way], Workspace]]:
    """Give the workspace of a way, which is started once, however often tests go from one way to the other."""
    running: dict[Way, Workspace] = {}
    with ExitStack() as stack:

        def of(way: Way) -> Workspace:
            if way not in running:
                running[way] = stack.enter_context(KeyedWorkspace() if way is Way.KEY else Workspace())
            return running[way]

        yield of


@pytest.fixture(scope="session")
def workspace(way: Way, workspaces: Callable[[Way], Workspace]) -> Workspace:
    return workspaces(way)


@pytest.fixture
def endpoint(workspace: Workspace) -> Iterator[Open]:
    """Make an endpoint with the given settings and give a client of it that holds its key."""
    clients: list[httpx.Client] = []

    def make(*, faults: dict[str, Any] | None = None, key: str | None = KEY, **settings: Any) -> httpx.Client:
        url = workspace.endpoint(settings={"api_key": KEY, **settings}, faults=faults)
        headers = {"X-API-Key": key} if key else {}
        clients.append(workspace.caller(url, headers=headers, timeout=60))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def shared(workspace: Workspace) -> Iterator[httpx.Client]:
    """A client of an endpoint with nothing but a key set, for tests that look at no calls."""
    url = workspace.endpoint(settings={"api_key": KEY})
    with workspace.caller(url, headers={"X-API-Key": KEY}, timeout=90) as client:
        yield client


@pytest.fixture
def received(workspace: Workspace) -> Callable[[httpx.Client], list[dict[str, Any]]]:
    """Give the requests for apps that an endpoint's callers made reach Dify."""

    def of(client: httpx.Client) -> list[dict[str, Any]]:
        calls = workspace.calls(hook=str(client.base_url).rstrip("/"))
        return [call["request"] for call in calls if call["type"] == "app"]

    return of


@pytest.fixture
def visitor(endpoint: Open) -> httpx.Client:
    """A browser in which nobody has entered the key yet."""
    return endpoint(key=None)


@pytest.fixture
def known(visitor: httpx.Client) -> httpx.Client:
    """A browser in which the key was entered."""
    said = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    entered = visitor.post("/deliveries", data={"key": KEY}, headers={**said, "Sec-Fetch-Site": "same-origin"})
    assert entered.status_code == 303
    return visitor


SILENCE = 61  # seconds


@dataclass(frozen=True, slots=True)
class Silence:
    """What callers got of apps that are silent for so long that the answer must be kept alive."""

    answers: Mapping[str, Future[tuple[int, bytes]]]  # by form: status and body of an app that begins with a silence
    told: Future[list[ServerSentEvent]]  # of an app that is silent midway, as httpx-sse reads it


@pytest.fixture(scope="session")
def silence(workspace: Workspace) -> Iterator[Silence]:
    """Call an app that says nothing for a minute in every form."""
    url = workspace.endpoint(settings={"api_key": KEY})
    options: dict[str, Any] = {"headers": {"X-API-Key": KEY}, "timeout": 90}

    def call(form: str) -> tuple[int, bytes]:
        answer = httpx.get(f"{url}/duck/silent-{SILENCE}", params={"query": "hi", "format": form}, **options)
        return answer.status_code, answer.content

    def listen() -> list[ServerSentEvent]:
        with (
            httpx.Client(**options) as client,
            connect_sse(client, "GET", f"{url}/duck/chat-1-17000?query=hi&format=sse") as source,
        ):
            return list(source.iter_sse())

    with ThreadPoolExecutor() as callers:
        yield Silence(
            answers={form: callers.submit(call, form) for form in ("sse", "html", "ndjson", "text", "json")},
            told=callers.submit(listen),
        )


@pytest.fixture(scope="module", autouse=True)
def silence_from_the_start(request: pytest.FixtureRequest) -> None:
    """Let the minute pass while the other tests run.

    A worker of pytest-xdist is told all tests and runs some of the modules: it begins with the one that needs it.
    """
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    if "PYTEST_XDIST_WORKER" in os.environ:
        items = [item for item in items if item.path == request.path]
    if any("silence" in item.fixturenames for item in items):
        request.getfixturevalue("silence")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Workspace]:
    """Give a workspace with two processes of the plugin, whose storage was written to before.

    Of a new installation see test_burst.py.
    """
    with Workspace(instances=2) as running:
        running.storage_rows(1)
        yield running
