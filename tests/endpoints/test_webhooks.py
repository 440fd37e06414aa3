"""Webhook senders call a running endpoint, signed by their own libraries."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import Open
from tests.relay.senders.samples import SENDERS
from tests.relay.senders.samples.discord import sign as discord
from tests.relay.senders.samples.github import sign as github
from tests.relay.senders.samples.sender import JSON, KEYS, Sender
from tests.relay.senders.samples.slack import sign as slack
from tests.relay.senders.samples.stripe import sign as stripe
from workspace.testing import Workspace, until

type Received = Callable[[httpx.Client], list[dict[str, Any]]]

APP = "workflow-1-0"
HMACS = {
    "hmac, sha1 in hex": {"hmac_header": "X-Sign", "hmac_algorithm": "sha1", "hmac_prefix": "sha1="},
    "hmac, sha512 in base64": {
        "hmac_header": "X-Sign",
        "hmac_algorithm": "sha512",
        "hmac_encoding": "base64",
    },
}


def settings(name: str, **more: Any) -> dict[str, Any]:
    sender = SENDERS[name]
    return {
        "access": "signature",
        "webhook": sender.scheme.name,
        "webhook_secret": sender.secrets[0],
        "app": {"app_id": APP},
        "key": None,
        **HMACS.get(name, {}),
        **more,
    }


def signed(sender: Sender, body: bytes | None = None, *, now: float | None = None) -> dict[str, Any]:
    delivery = sender.deliver(now=int(time.time() if now is None else now), body=body)
    return {"content": delivery.body, "headers": dict(delivery.headers)}


@pytest.mark.parametrize("name", SENDERS)
def test_a_signed_delivery_runs_the_app(endpoint: Open, received: Received, name: str) -> None:
    client = endpoint(**settings(name))
    answer = client.post("/workflow", **signed(SENDERS[name]))
    messages = SENDERS[name].scheme.messages(SENDERS[name].deliver())
    acknowledged = SENDERS[name].scheme.acknowledgement.status if len(messages) > 1 else 200
    assert answer.status_code == acknowledged, answer.text
    requests = received(client)
    assert [request["app_id"] for request in requests] == [APP] * len(messages)
    if SENDERS[name].signs_body:
        assert requests[0]["inputs"] == {"hello": "wörld"}


@pytest.mark.parametrize("name", SENDERS)
def test_anything_else_is_refused_alike_and_runs_nothing(
    endpoint: Open, received: Received, workspace: Workspace, name: str
) -> None:
    sender = SENDERS[name]
    client = endpoint(**settings(name))
    other = endpoint(**settings(name, webhook_secret=sender.secrets[1]))
    right = signed(sender)
    refused = [
        other.post("/workflow", **right),
        client.get("/workflow"),
        client.post("/workflow", content=right["content"].replace(b"w", b"v"), headers=JSON),
    ]
    for proof in sender.proving_headers:
        without = {header: value for header, value in right["headers"].items() if header != proof}
        refused.append(client.post("/workflow", content=right["content"], headers=without))
        spoilt = {**right["headers"], proof: "spoilt"}
        if proof != "webhook-id":
            refused.append(client.post("/workflow", content=right["content"], headers=spoilt))
    if sender.signs_body:
        refused.append(client.post("/workflow", content=right["content"] + b" ", headers=right["headers"]))
    if sender.timed:
        refused.append(client.post("/workflow", **signed(sender, now=time.time() - 400)))
    assert {answer.status_code for answer in refused} == {401}
    assert len({(answer.json()["code"], answer.json()["message"]) for answer in refused}) == 1
    assert received(client) == received(other) == []
    workspace.line(refused[-1].headers["x-request-id"], "401")


def test_each_of_several_secrets_is_good(endpoint: Open) -> None:
    first, second = SENDERS["github"].secrets
    client = endpoint(**settings("github", webhook_secret=f" {second}, {first} "))
    for secret in (first, second):
        headers = {**JSON, **github(b"{}", 0, secret)}
        assert client.post("/workflow", content=b"{}", headers=headers).status_code == 200


@pytest.mark.parametrize("missing", [{"webhook_secret": None}, {"webhook_secret": " "}, {"webhook": None}])
def test_an_unfinished_endpoint_is_closed_and_says_why(
    endpoint: Open, received: Received, missing: dict[str, Any]
) -> None:
    client = endpoint(**{**settings("github"), **missing})
    answer = client.post("/workflow", **signed(SENDERS["github"]))
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert " no webhook " in answer.json()["message"]
    assert received(client) == []


def test_a_signature_reaches_only_the_apps_that_the_owner_named(endpoint: Open) -> None:
    client = endpoint(**settings("github"))
    assert client.post("/workflow/workflow-2-0", **signed(SENDERS["github"])).status_code == 403


def test_an_api_key_does_not_open_an_endpoint_that_wants_signatures(endpoint: Open) -> None:
    client = endpoint(**settings("github", api_key="quack"))
    assert client.post("/workflow", headers={"X-API-Key": "quack"}, content=b"{}").status_code == 401


def test_handshakes_are_answered_without_an_app(endpoint: Open, received: Received) -> None:
    def shake(name: str, body: bytes = b"", headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        client = endpoint(**settings(name, app=None))
        answer = client.post("/duck", content=body, headers={**JSON, **(headers or {})}, **options)
        assert received(client) == []
        return answer

    now = int(time.time())
    words = SENDERS["slack"].secrets[0]
    challenge = json.dumps({"type": "url_verification", "challenge": "c1"}).encode()
    answer = shake("slack", challenge, dict(slack(challenge, now, words)))
    assert (answer.status_code, answer.json()) == (200, {"challenge": "c1"})
    assert shake("slack", challenge).status_code == 401

    ping = b'{"type":1}'
    public = bytes(KEYS[0].verify_key).hex()
    answer = shake("discord", ping, dict(discord(ping, now, public)))
    assert (answer.status_code, answer.json()) == (200, {"type": 1})
    assert shake("discord", ping, {**discord(b"other", now, public)}).status_code == 401

    answer = shake("github", b"{}", {**github(b"{}", now, words), "x-github-event": "ping"})
    assert answer.status_code == 200

    answer = shake("microsoft-graph", params={"validationToken": "a b<c>"})
    assert (answer.status_code, answer.text) == (200, "a b<c>")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"

    empty = b'{"destination":"U","events":[]}'
    assert shake("line", empty, dict(SENDERS["line"].sign(empty, now, words))).status_code == 200

    client = endpoint(**settings("meta", app=None, verify_token="mine"))
    asked = {"hub.mode": "subscribe", "hub.challenge": "42", "hub.verify_token": "mine"}
    answer = client.get("/duck", params=asked)
    assert (answer.status_code, answer.text) == (200, "42")
    assert client.get("/duck", params={**asked, "hub.verify_token": "other"}).status_code == 401


def test_a_slack_command_gets_the_apps_answer_in_slacks_shape(endpoint: Open, received: Received) -> None:
    client = endpoint(**settings("slack", app={"app_id": "chat-3-0"}))
    body = b"command=%2Fask&text=how+deep%3F&user_id=U1&channel_id=C1&trigger_id=t1"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    proof = slack(body, int(time.time()), SENDERS["slack"].secrets[0])
    answer = client.post("/chat", content=body, headers={**headers, **proof})
    assert answer.json()["text"] == " tok0 tok1 tok2"
    [request] = received(client)
    assert (request["query"], request["user"]) == ("how deep?", "U1")


def test_a_message_that_slack_sends_again_runs_the_app_once(endpoint: Open, received: Received) -> None:
    client = endpoint(**settings("slack", app={"app_id": "chat-3-0"}))
    event = {"type": "message", "text": "hello", "user": "U1", "channel": "C1", "ts": "1.1"}
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": event}).encode()
    answers = []
    for retry in ({}, {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"}):
        proof = slack(body, int(time.time()), SENDERS["slack"].secrets[0])
        answers.append(client.post("/chat", content=body, headers={**JSON, **proof, **retry}))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert len(received(client)) == 1


def test_a_delivery_that_runs_already_is_put_off(endpoint: Open, received: Received) -> None:
    client = endpoint(**settings("stripe", app={"app_id": "silent-4"}, query_template="{{ body.type }}"))
    body = json.dumps({"id": "evt_1", "type": "charge.refunded", "data": {"object": {}}}).encode()
    headers = {**JSON, **stripe(body, int(time.time()), SENDERS["stripe"].secrets[0])}
    with ThreadPoolExecutor() as pool:
        first = pool.submit(client.post, "/chat?format=sse", content=body, headers=headers)
        until(lambda: received(client))
        again = client.post("/chat", content=body, headers=headers)
        assert not first.done()
        assert (again.status_code, again.json()["code"]) == (503, "delivery_in_progress")
        assert again.json()["status"] == 503
        assert int(again.headers["retry-after"]) > 0
        assert (first.result().status_code, b"late" in first.result().content) == (200, True)
    assert len(received(client)) == 1


def test_a_bots_own_message_is_acknowledged_and_runs_nothing(endpoint: Open, received: Received) -> None:
    client = endpoint(**settings("slack", app={"app_id": "chat-3-0"}))
    body = json.dumps(
        {"type": "event_callback", "event_id": "E", "event": {"type": "message", "bot_id": "B"}}
    ).encode()
    proof = slack(body, int(time.time()), SENDERS["slack"].secrets[0])
    assert client.post("/chat", content=body, headers={**JSON, **proof}).status_code == 200
    assert received(client) == []


def test_templates_shape_the_call_and_the_answer(endpoint: Open, received: Received) -> None:
    client = endpoint(
        **settings("github", app={"app_id": "chat-2-0"}),
        query_template="{{ body.issue.title }} ({{ headers['x-github-event'] }})",
        inputs_template='number: "{{ body.issue.number }}"',
        user_template="{{ body.sender.login }}",
        answer_template='text: "{{ answer | trim }}"\nissue: "{{ body.issue.number }}"',
    )
    body = json.dumps({"issue": {"title": "Leak", "number": 7}, "sender": {"login": "donald"}}).encode()
    proof = github(body, 0, SENDERS["github"].secrets[0])
    answer = client.post("/chat", content=body, headers={**JSON, **proof, "x-github-event": "issues"})
    assert answer.json() == {"text": "tok0 tok1", "issue": 7}
    [request] = received(client)
    assert (request["query"], request["inputs"], request["user"]) == ("Leak (issues)", {"number": 7}, "donald")
    without = json.dumps({"issue": {"number": 7}}).encode()
    answer = client.post(
        "/chat", content=without, headers={**JSON, **github(without, 0, SENDERS["github"].secrets[0])}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert answer.json()["message"].startswith("query_template uses body.issue.title")


@pytest.mark.parametrize("gap", [0, 100])
def test_each_message_of_a_batch_is_answered_whole_while_others_run(
    endpoint: Open, received: Received, workspace: Workspace, gap: int
) -> None:
    client = endpoint(**settings("line", app={"app_id": f"chat-4-{gap}"}))
    events = [
        {
            "type": "message",
            "webhookEventId": f"e{number}",
            "source": {"type": "user", "userId": f"U{number % 4}"},
            "message": {"type": "text", "id": str(number), "text": f"message {number}"},
        }
        for number in range(12)
    ]
    body = json.dumps({"destination": "D", "events": events}).encode()
    for _ in range(2):
        answer = client.post("/chat", **signed(SENDERS["line"], body))
        assert (answer.status_code, answer.content) == (200, b"")
    assert sorted(request["query"] for request in received(client)) == sorted(f"message {n}" for n in range(12))
    outcomes = [call["outcome"] for call in workspace.calls(hook=str(client.base_url)) if call["type"] == "app"]
    assert set(outcomes) == {"finished"}
