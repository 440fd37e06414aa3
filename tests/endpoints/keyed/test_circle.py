"""A relay in Dify's place: an endpoint's address, entered as the Service API's, ends in one error, not in circles."""

from typing import Any

import httpx
import pytest

from relay.run.ways import CIRCLE
from tests.endpoints.conftest import KEY
from tests.endpoints.keyed.conftest import Keyed, change, hook_of, runs
from tests.leaks import nothing_leaks
from workspace.testing import Workspace

APP = "realcompletion"
FORMS = ("json", "sse", "html", "text", "ndjson", "events")


def requests_of(workspace: Workspace, *clients: httpx.Client) -> int:
    """Count what was asked of endpoints."""
    hooks = {hook_of(client) for client in clients}
    return sum(request["hook"] in hooks for request in workspace.requests())


def around(workspace: Workspace, client: httpx.Client, to: httpx.Client, **settings: Any) -> None:
    """Let an endpoint take another, or itself, for Dify."""
    url = f"{str(to.base_url).rstrip('/')}/duck/{APP}"
    change(workspace, client, app_keys=f"{APP}={KEY}", service_api_url=url, **settings)


@pytest.mark.parametrize("settings", [{}, {"access": "public", "allowed_apps": APP}], ids=["key", "public"])
def test_an_endpoint_that_asks_itself_stops_at_once(
    keyed: Keyed, workspace: Workspace, settings: dict[str, Any]
) -> None:
    client = keyed(APP)
    around(workspace, client, client, **settings)
    for form in FORMS:
        answer = client.post(f"/duck/{APP}", json={"query": "hi", "format": form})
        assert (answer.status_code, "app_unavailable" in answer.text) == (503, True), (form, answer.text)
        nothing_leaks(answer, KEY, str(client.base_url))
        assert (CIRCLE.partition(" ")[0] in answer.text) is (not settings)
    workspace.line(CIRCLE)
    assert requests_of(workspace, client) <= 2 * len(FORMS)
    assert runs(workspace, client) == []


def test_two_endpoints_that_ask_each_other_stop_at_once(keyed: Keyed, workspace: Workspace) -> None:
    one, other = keyed(APP), keyed(APP)
    around(workspace, one, other)
    around(workspace, other, one)
    answer = one.post(f"/completion/{APP}", json={"query": "hi"})
    assert (answer.status_code, answer.json()["code"]) == (503, "app_unavailable")
    assert requests_of(workspace, one, other) <= 4


def test_a_relay_before_a_relay_by_reverse_invocation_answers(keyed: Keyed, workspace: Workspace) -> None:
    """No circle: the second one asks Dify itself."""
    first, second = keyed(), keyed()
    url = f"{str(second.base_url).rstrip('/')}/duck/chat-3-0"
    change(workspace, first, app_keys=f"chat-3-0={KEY}", service_api_url=url)
    answer = first.post("/chat/chat-3-0", json={"query": "hi"})
    assert (answer.status_code, answer.json().get("answer")) == (200, " tok0 tok1 tok2")
