"""Endpoints whose owner has entered keys of apps: what only this way to an app can do."""

import os
import ssl
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from dify_client.client import DifyClient
from openai import OpenAI

from tests.endpoints.conftest import KEY
from workspace.testing import Workspace, until

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # of all clients: each would make one for 50 ms

type Keyed = Callable[..., httpx.Client]
type ByOpenAI = Callable[..., OpenAI]


def entered(*apps: str) -> str:
    """Write the setting `app_keys` for apps of the workspace."""
    return ", ".join(f"{app_id}=app-{app_id}" for app_id in apps)


def hook_of(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/").rpartition("/")[2]


def change(workspace: Workspace, client: httpx.Client, *apps: str, faults: Any = None, **settings: Any) -> None:
    """Let an endpoint have these keys, settings and faults from now on."""
    hook = hook_of(client)
    keyed = {"api_key": KEY, "app_keys": entered(*apps), "service_api_url": workspace.service_api(hook), **settings}
    workspace.endpoint(hook=hook, settings={name: value for name, value in keyed.items() if value}, faults=faults)


@pytest.fixture
def keyed(workspace: Workspace) -> Iterator[Keyed]:
    """Make an endpoint that reaches some apps by their keys, and give a client of it that holds its own key."""
    clients: list[httpx.Client] = []

    def make(*apps: str, faults: Any = None, key: str = KEY, **settings: Any) -> httpx.Client:
        url = f"{workspace.url}/e/{uuid.uuid4().hex[:16]}"
        clients.append(
            httpx.Client(base_url=url, headers={"X-API-Key": key} if key else {}, timeout=60, verify=NO_TLS)
        )
        change(workspace, clients[-1], *apps, faults=faults, **settings)
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def by_openai() -> Iterator[ByOpenAI]:
    """Give OpenAI's own client of an endpoint; it does not retry."""
    made: list[OpenAI] = []

    def make(client: httpx.Client, path: str = "/v1", key: str = KEY) -> OpenAI:
        url = str(client.base_url).rstrip("/")
        http = httpx.Client(verify=NO_TLS, timeout=60)
        made.append(OpenAI(base_url=f"{url}{path}", api_key=key, max_retries=0, http_client=http))
        return made[-1]

    yield make
    for one in made:
        one.close()


def dify_of[C: DifyClient](kind: type[C], client: httpx.Client, app_id: str, key: str = KEY) -> C:
    """Give one of Dify's own clients of an app."""
    made = kind(key)
    made.base_url = f"{str(client.base_url).rstrip('/')}/duck/{app_id}"
    return made


def runs(workspace: Workspace, client: httpx.Client) -> list[dict[str, Any]]:
    """Give the requests that ran an app of an endpoint's callers, each by the Service API."""
    requests = [call["request"] for call in workspace.calls(hook=hook_of(client)) if call["type"] == "app"]
    assert {request.get("way") for request in requests} <= {"service_api"}
    return requests


def others(workspace: Workspace, client: httpx.Client) -> list[tuple[str, str]]:
    """Give the other requests that reached Dify by the Service API: method and path."""
    calls = workspace.calls(hook=hook_of(client))
    return [(call["request"]["method"], call["request"]["path"]) for call in calls if call["type"] == "service_api"]


# --- those who leave: see test_who_left.py

LATE = "silent-14-600-100"  # says its first event when its caller is known to be gone
BUSY = "chat-600-100"
LATER = "chat-110-200"  # goes on for longer than that, and is wanted all the same


@pytest.fixture(scope="session")
def left(workspace: Workspace) -> Iterator[dict[str, Future[list[dict[str, Any]]]]]:
    """Call apps and hang up, and give all that then reached Dify, by app."""

    def leave(app_id: str) -> list[dict[str, Any]]:
        hook = uuid.uuid4().hex[:16]
        keys = {"app_keys": entered(app_id), "service_api_url": workspace.service_api(hook)}
        url = workspace.endpoint(hook=hook, settings={"api_key": KEY, **keys})
        asked = {"query": "hi", "user": "bob", "response_mode": "later" if app_id == LATER else "streaming"}
        with httpx.stream("POST", f"{url}/duck/{app_id}", json=asked, headers={"X-API-Key": KEY}) as answer:
            assert answer.is_success
            if app_id == BUSY:
                next(answer.iter_bytes())
            until(lambda: any(call["type"] == "app" for call in workspace.calls(hook=hook)))
        until(lambda: all(call["outcome"] != "running" for call in workspace.calls(hook=hook)), patience=60)
        return workspace.calls(hook=hook)

    with ThreadPoolExecutor() as callers:
        yield {app_id: callers.submit(leave, app_id) for app_id in (BUSY, LATE, LATER)}


@pytest.fixture(scope="module", autouse=True)
def left_from_the_start(request: pytest.FixtureRequest) -> None:
    """Let that be noticed while the other tests run: see `silence_from_the_start`."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    if "PYTEST_XDIST_WORKER" in os.environ:
        items = [item for item in items if item.path == request.path]
    if any("left" in item.fixturenames for item in items):
        request.getfixturevalue("left")
