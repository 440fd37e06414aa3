"""The plugin in a process of its own, behind a workspace in another."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from workspace.testing import Workspace

KEY = "quack-quack"

type Open = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    with Workspace() as running:
        yield running


@pytest.fixture
def endpoint(workspace: Workspace) -> Iterator[Open]:
    """Make an endpoint with the given settings and give a client of it that holds its key."""
    clients: list[httpx.Client] = []

    def make(*, faults: dict[str, Any] | None = None, key: str | None = KEY, **settings: Any) -> httpx.Client:
        url = workspace.endpoint(settings={"api_key": KEY, **settings}, faults=faults)
        headers = {"X-API-Key": key} if key else {}
        clients.append(httpx.Client(base_url=url, headers=headers, timeout=60))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def shared(workspace: Workspace) -> Iterator[httpx.Client]:
    """A client of an endpoint with nothing but a key set, for tests that look at no calls."""
    with httpx.Client(
        base_url=workspace.endpoint(settings={"api_key": KEY}), headers={"X-API-Key": KEY}, timeout=90
    ) as client:
        yield client


@pytest.fixture
def received(workspace: Workspace) -> Callable[[httpx.Client], list[dict[str, Any]]]:
    """Give the requests for apps that an endpoint's callers made reach Dify."""

    def of(client: httpx.Client) -> list[dict[str, Any]]:
        calls = workspace.calls(hook=str(client.base_url).rstrip("/"))
        return [call["request"] for call in calls if call["type"] == "app"]

    return of


SILENCE = 61  # seconds


@pytest.fixture(scope="session", autouse=True)
def silent(workspace: Workspace) -> dict[str, Any]:
    """Call an app that says nothing for a minute in every form, while the other tests run."""
    url = workspace.endpoint(settings={"api_key": KEY})
    answers: dict[str, Any] = {}

    def call(form: str) -> None:
        parts: list[bytes] = []
        options: dict[str, Any] = {"params": {"query": "hi", "format": form}, "headers": {"X-API-Key": KEY}}
        with httpx.stream("GET", f"{url}/duck/silent-{SILENCE}", **options, timeout=90) as answer:
            parts.extend(answer.iter_bytes())
        answers[form] = (answer.status_code, parts)

    threads = [threading.Thread(target=call, args=(form,)) for form in ("sse", "html", "ndjson", "text", "json")]
    for thread in threads:
        thread.start()
    return {"answers": answers, "threads": threads}
