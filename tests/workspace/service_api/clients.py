"""Dify's own client, `dify-client`, pointed at the stand-in, and how its streams are read."""

import json
from collections.abc import Iterator
from typing import Any

from dify_client.client import ChatClient, CompletionClient, DifyClient
from requests import Response

from workspace.testing import Workspace


def pointed[C: DifyClient](client: C, base_url: str) -> C:
    client.base_url = base_url
    return client


def chats(workspace: Workspace, app_id: str, hook: str = "any") -> ChatClient:
    return pointed(ChatClient(f"app-{app_id}"), workspace.service_api(hook))


def completes(workspace: Workspace, app_id: str) -> CompletionClient:
    return pointed(CompletionClient(f"app-{app_id}"), workspace.service_api())


def works(workspace: Workspace, app_id: str) -> DifyClient:
    return pointed(DifyClient(f"app-{app_id}"), workspace.service_api())


def work(client: DifyClient, inputs: dict[str, Any], mode: str = "blocking", **more: Any) -> Response:
    """Run a workflow, as newer versions of the client do by themselves."""
    body = {"inputs": inputs, "response_mode": mode, "user": "ann", **more}
    answer: Response = client._send_request("POST", "/workflows/run", body, stream=mode == "streaming")
    return answer


def events(answer: Response) -> Iterator[dict[str, Any]]:
    """Read a stream as Dify's guides say: what begins with `data: `."""
    for line in answer.iter_lines(chunk_size=1):
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def kinds(told: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in told]


def refusal(answer: Response) -> tuple[int, str, str]:
    """Give status, code and message of an error in Dify's envelope."""
    error = answer.json()
    assert set(error) == {"code", "message", "status"}
    assert error["status"] == answer.status_code
    return answer.status_code, error["code"], error["message"]
