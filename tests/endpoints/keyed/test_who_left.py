"""A run by a key that nobody waits for any more is stopped; Dify tells of nobody who leaves, so it takes a moment."""

from concurrent.futures import Future
from typing import Any

import httpx
import pytest
from dify_client.client import ChatClient

from tests.endpoints.keyed.conftest import BUSY, LATE, LATER, Keyed, dify_of, hook_of, others
from tests.endpoints.later import accepted, ask, ended, outcome
from tests.endpoints.test_service_api import events, stop
from workspace.testing import Workspace, until

type Left = dict[str, Future[list[dict[str, Any]]]]

ENDLESS = "600-100"


def stops(workspace: Workspace, client: httpx.Client) -> list[str]:
    return [path for _, path in others(workspace, client) if path.endswith("/stop")]


def stops_in(calls: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Give of each request that stops a run the first part of its path, and its body."""
    requests = [call["request"] for call in calls if call["type"] == "service_api"]
    return [(one["path"].split("/")[1], one["body"]) for one in requests if one["path"].endswith("/stop")]


def outcomes(workspace: Workspace, client: httpx.Client) -> list[str]:
    return [call["outcome"] for call in workspace.ended_calls(hook=hook_of(client)) if call["type"] == "app"]


@pytest.mark.parametrize(
    ("app_id", "path", "by"),
    [
        (f"chat-{ENDLESS}", "chat-messages", "chat-messages"),
        (f"completion-{ENDLESS}", "completion-messages", "completion-messages"),
        (f"workflow-{ENDLESS}", "workflows/run", "workflows/tasks"),
    ],
)
def test_whoever_began_a_run_stops_it_at_once(
    keyed: Keyed, workspace: Workspace, app_id: str, path: str, by: str
) -> None:
    client = keyed(app_id)
    asked = {"inputs": {}, "query": "hi", "user": "bob", "response_mode": "streaming"}
    told: list[dict[str, Any]] = []
    with client.stream("POST", f"/duck/{app_id}/{path}", json=asked) as answer:
        for event in events(line.encode() for line in answer.iter_lines()):
            told.append(event)
            if len(told) == 1:
                stop(str(client.base_url).rstrip("/"), app_id, by, event["task_id"], "eve")
            if len(told) == 3:
                stop(str(client.base_url).rstrip("/"), app_id, by, event["task_id"], "bob")
    assert told[-1]["event"] == ("workflow_finished" if path == "workflows/run" else "message_end")
    assert len(told) < 100
    assert outcomes(workspace, client) == ["aborted"]
    assert stops(workspace, client) == [f"/{by}/{told[0]['task_id']}/stop"], "once, and by nobody else"


@pytest.mark.parametrize("form", ["sse", "json", "html"])
def test_a_run_that_has_ended_is_not_stopped(keyed: Keyed, workspace: Workspace, form: str) -> None:
    client = keyed("chat-2-0", "workflow-1-0", "chat-2-100")
    for app_id in ("chat-2-0", "workflow-1-0", "chat-2-100"):
        assert client.post(f"/duck/{app_id}", json={"query": "hi", "format": form}).status_code == 200
    dify_of(ChatClient, client, "chat-2-0").create_chat_message({}, "hi", "bob")
    assert outcomes(workspace, client) == ["finished"] * 4
    assert stops(workspace, client) == []


def test_a_later_one_that_is_cancelled_is_stopped(keyed: Keyed, workspace: Workspace) -> None:
    client = keyed(BUSY)
    id_ = accepted(ask(client, BUSY, user="bob"))
    until(lambda: any(call["events"] for call in workspace.calls(hook=hook_of(client))))
    assert client.post(f"/deliveries/{id_}/cancel").status_code == 200
    assert outcome(ended(client, id_)) == ("failed", "cancelled")
    assert outcomes(workspace, client) == ["aborted"]
    assert len(stops(workspace, client)) == 1


# --- last, because it takes 10 to 30 seconds until this is noticed: see `left`


@pytest.mark.parametrize("app_id", [BUSY, LATE], ids=["amid the answer", "before the first event"])
def test_who_hangs_up_leaves_no_run_behind(left: Left, app_id: str) -> None:
    calls = left[app_id].result()
    [run] = [call for call in calls if call["type"] == "app"]
    assert run["outcome"] == "aborted"
    assert run["events"] < 600
    assert stops_in(calls) == [("chat-messages", {"user": "bob"})]


def test_who_is_answered_later_may_hang_up(left: Left) -> None:
    calls = left[LATER].result()
    assert [call["outcome"] for call in calls if call["type"] == "app"] == ["finished"]
    assert stops_in(calls) == []
