"""What the plugin's log says of a request, as an owner reads it."""

import re
import zlib

import httpx

from tests.endpoints.conftest import KEY, Open
from workspace.testing import Workspace


def test_one_line_for_each_request_says_what_it_cost(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(api_key=f"another-key, {KEY}")
    headers = {"X-Request-Id": "one-line", "Idempotency-Key": "1"}
    with client.stream("POST", "/chat/chat-5-100", json={"query": "hi", "format": "sse"}, headers=headers) as answer:
        sent = b"".join(answer.iter_raw())
    body = zlib.decompress(sent, wbits=31)
    assert body.count(b"\nid: ") == 5
    told = workspace.line("one-line:", "POST /chat")
    cost = re.search(
        r"one-line: POST /chat app=chat-5-100 status=200 ms=(\d+) events=6 chunks=(\d+) bytes=(\d+)"
        r" delivery=([0-9a-f]{12}) key=2",
        told,
    )
    assert cost, told
    assert int(cost[2]) > 1
    assert int(cost[3]) == len(sent) < len(body)
    assert sum("one-line:" in line for line in workspace.printed) == 1


def test_a_failure_stands_in_the_same_line(shared: httpx.Client, workspace: Workspace) -> None:
    shared.post("/chat/broken-2-20", json={"query": "hi", "format": "ndjson"}, headers={"X-Request-Id": "failing"})
    assert "too_many_requests" in workspace.line("failing:", "POST /chat")


def test_a_failure_stands_in_the_log_without_its_secrets(shared: httpx.Client, workspace: Workspace) -> None:
    app = "error-Incorrect_API_key_provided:_sk-abcdefghijklmnopqrstuvwx"
    answer = shared.post(f"/chat/{app}", json={"query": "hi"}, headers={"X-Request-Id": "other"})
    assert answer.status_code == 502
    told = workspace.line("other:", "POST /chat")
    assert "app_failed: read app failed: request failed: Incorrect API key provided: [secret]" in told
    assert [
        line for line in workspace.printed if line.startswith("plugin") and "abcdefghijklmnopqrstuvwx" in line
    ] == []


def test_a_refused_signature_says_why_in_the_log_alone(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(
        access="signature", webhook="github", webhook_secret="s" * 20, app={"app_id": "chat-1-0"}, key=None
    )
    answer = client.post("/chat", json={}, headers={"X-Request-Id": "unsigned"})
    assert answer.status_code == 401
    assert "x-hub-signature-256" not in answer.text
    assert "no x-hub-signature-256 header" in workspace.line("unsigned:", "POST /chat")
