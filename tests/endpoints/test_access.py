from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from workspace.testing import Workspace

type Received = Callable[[httpx.Client], list[dict[str, Any]]]


@pytest.mark.parametrize(
    "send",
    [
        {"headers": {"Authorization": f"Bearer {KEY}"}},
        {"headers": {"X-API-Key": KEY}},
        {"params": {"key": KEY, "query": "hi"}},
    ],
    ids=["bearer", "header", "query string"],
)
def test_the_key_opens_in_three_places_and_does_not_reach_the_app(
    endpoint: Open, received: Received, send: dict[str, Any]
) -> None:
    client = endpoint(key=None)
    assert client.post("/duck/echo?query=hi", **send).status_code == 200
    [request] = received(client)
    assert KEY not in str(request)


@pytest.mark.parametrize(
    "send",
    [
        {},
        {"headers": {"Authorization": "Bearer wrong"}},
        {"headers": {"Authorization": "Basic cXVhY2s="}},
        {"headers": {"X-API-Key": KEY[:-1]}},
        {"params": {"key": ""}},
        {"json": {"key": KEY}},
        {"data": {"key": KEY}},
    ],
    ids=["none", "wrong bearer", "basic", "a prefix", "empty", "in JSON", "in a form"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_without_the_key_nothing_runs(endpoint: Open, received: Received, method: str, send: dict[str, Any]) -> None:
    client = endpoint(key=None)
    answer = client.request(method, "/duck/chat-1-0", **send)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    if method != "HEAD":
        assert answer.json()["code"] == "unauthorized"
        assert KEY not in answer.text
    assert received(client) == []


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"api_key": None},
        {"api_key": ""},
        {"access": None, "api_key": None, "app": None, "allowed_apps": None, "default_format": None},
        {"access": "key", "app": {"app_id": "chat-1-0"}},
    ],
    ids=["nothing set", "null", "empty", "all null", "an app but no key"],
)
def test_an_endpoint_without_a_key_is_closed_and_says_why(workspace: Workspace, settings: dict[str, Any]) -> None:
    url = workspace.endpoint(settings=settings)
    for key in ("", "x", "None", "null"):
        answer = httpx.post(f"{url}/duck/chat-1-0", headers={"X-API-Key": key}, json={"query": "hi"})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert "api_key" in answer.json()["message"]
    assert workspace.calls(hook=url) == []


@pytest.mark.parametrize("broken", [0, 1, True, [], {"a": 1}, "nobody"])
def test_settings_that_make_no_sense_close_the_endpoint(workspace: Workspace, broken: object) -> None:
    url = workspace.endpoint(settings={"access": broken, "api_key": KEY})
    answer = httpx.post(f"{url}/duck/chat-1-0", headers={"X-API-Key": KEY}, json={"query": "hi"})
    assert (answer.status_code, answer.json()["code"]) == (503, "app_unavailable")
    assert workspace.calls(hook=url) == []


def test_the_public_reaches_only_the_apps_that_the_owner_named(endpoint: Open, received: Received) -> None:
    client = endpoint(
        key=None, api_key=None, access="public", app={"app_id": "chat-1-0"}, allowed_apps="workflow-1-0, echo"
    )
    for path in ("/duck", "/duck/chat-1-0", "/workflow/workflow-1-0", "/chat/echo"):
        assert client.post(path, json={"query": "hi"}).status_code == 200
    ran = len(received(client))
    for path in ("/duck/chat-2-0", "/duck/workflow", "/chat/CHAT-1-0"):
        answer = client.post(path, json={"query": "hi"})
        assert (answer.status_code, answer.json()["code"]) == (403, "app_not_allowed")
    assert len(received(client)) == ran == 4


def test_the_public_reaches_nothing_when_no_app_is_named(endpoint: Open, received: Received) -> None:
    client = endpoint(key=None, access="public")
    assert client.get("/duck/chat-1-0?query=hi").status_code == 403
    assert client.get("/duck?query=hi").status_code == 404
    assert received(client) == []


def test_the_key_reaches_every_app_unless_some_are_listed(endpoint: Open) -> None:
    assert endpoint().get("/duck/chat-1-0?query=hi").status_code == 200
    assert endpoint(allowed_apps="chat-1-0").get("/duck/chat-1-0?query=hi").status_code == 200
    assert endpoint(allowed_apps="chat-1-0").get("/duck/chat-2-0?query=hi").status_code == 403


def test_a_page_of_an_allowed_origin_may_call(endpoint: Open) -> None:
    page = "https://www.example.org"
    client = endpoint(key=None, cors_origins=page)
    preflight = client.options(
        "/duck/chat-1-0",
        headers={
            "Origin": page,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == page
    assert preflight.headers["access-control-allow-headers"] == "authorization,content-type"
    for key, status in ((KEY, 200), ("wrong", 401)):  # a page can read errors too
        answer = client.post("/duck/chat-1-0?query=hi", headers={"Origin": page, "Authorization": f"Bearer {key}"})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == page
    other = client.options("/duck/chat-1-0", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_without_cors_origins_no_page_may_read(endpoint: Open) -> None:
    answer = endpoint().get("/duck/chat-1-0?query=hi", headers={"Origin": "https://www.example.org"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
