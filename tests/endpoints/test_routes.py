import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import Open
from tests.leaks import nothing_leaks
from tests.relay.outgoing.formats.test_lines import read_events, read_ndjson, read_sse
from workspace.testing import Workspace

type Received = Callable[[httpx.Client], list[dict[str, Any]]]

BOTH_WAYS = True

INTERFACES = ["duck", "chat", "workflow", "completion"]


@pytest.mark.parametrize("route", INTERFACES)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("named", [True, False], ids=["app in the path", "app from the settings"])
def test_each_route_runs_the_app(endpoint: Open, received: Received, route: str, method: str, named: bool) -> None:
    app = {"duck": "echo", "chat": "echo", "workflow": "workflow-1-0", "completion": "completion-1-0"}[route]
    client = endpoint(app={"app_id": app})
    path = f"/{route}/{app}" if named else f"/{route}"
    answer = client.request(method, path, params={"query": "hi", "format": "json", "city": "Paris"})
    assert answer.status_code == 200, answer.text
    [request] = received(client)
    assert request["app_id"] == app
    assert request["inputs"] == ({"city": "Paris"} if route in {"duck", "chat"} else {"query": "hi", "city": "Paris"})


def test_the_duck_of_the_documentation_runs_a_workflow_with_empty_inputs_as_html(
    endpoint: Open, received: Received
) -> None:
    client = endpoint()
    answer = client.get("/duck/workflow-1-0")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Step 0" in answer.text
    assert "part 0" in answer.text
    [request] = received(client)
    assert (request["inputs"], request["response_mode"]) == ({}, "streaming")


@pytest.mark.parametrize(
    ("app", "ends"),
    [
        ("chat-3-0", ["message_end"]),
        ("chat-3-30", ["message_end"]),
        ("agent-3-0", ["message_end"]),
        ("chatflow-2-0", ["message_end", "workflow_finished"]),
        ("workflow-2-0", ["workflow_finished"]),
        ("completion-2-0", ["message_end"]),
        ("paused", ["workflow_paused"]),
    ],
)
def test_every_kind_of_app_answers_in_every_form(shared: httpx.Client, app: str, ends: list[str]) -> None:
    def ask(form: str) -> httpx.Response:
        answer = shared.get(f"/duck/{app}", params={"query": "hi", "format": form})
        assert answer.status_code == 200, answer.text
        return answer

    lines = read_ndjson(ask("ndjson").content)
    kinds = [event["event"] for event in lines if event]
    assert kinds[-len(ends) :] == ends
    assert [event["event"] for event in read_sse(ask("sse").content)] == kinds
    assert [event["event"] for event in read_events(ask("events").content)] == kinds
    said = "".join(
        event.get("answer") or event.get("data", {}).get("text") or ""
        for event in lines
        if event["event"] in {"message", "agent_message", "text_chunk"}
    )
    assert ask("text").text == said
    blocking = ask("json").json()
    if app.startswith(("workflow", "paused")):
        assert {"task_id", "workflow_run_id", "data"} <= set(blocking)
    else:
        assert blocking["answer"] == said
    page = ask("html").text
    for word in said.split():
        assert word in page


def test_the_demo_apps_answer_from_their_input(shared: httpx.Client) -> None:
    chat = shared.post("/chat/demo-chat", json={"query": "How deep is the pond?"}).json()
    assert "How deep is the pond?" in chat["answer"]
    workflow = shared.post("/workflow/demo-workflow", json={"text": "one two three"}).json()
    assert workflow["data"]["status"] == "succeeded"
    assert workflow["data"]["outputs"]
    completion = shared.post("/completion/demo-completion", json={"query": "pond"}).json()
    assert completion["answer"]


def test_a_conversation_goes_on(shared: httpx.Client, endpoint: Open, received: Received) -> None:
    first = shared.post("/chat/demo-chat", json={"query": "hello"}).json()
    client = endpoint()
    client.post("/chat/demo-chat", json={"query": "again", "conversation_id": first["conversation_id"], "user": "u"})
    [request] = received(client)
    assert (request["conversation_id"], request["user"]) == (first["conversation_id"], "u")


@pytest.mark.reverse  # by key a conversation is one that Dify knows
@pytest.mark.parametrize(
    "send",
    [
        {"params": {"query": "hi", "inputs": '{"a": 1}', "user": "u", "conversation_id": "c"}},
        {"json": {"query": "hi", "inputs": {"a": 1}, "user": "u", "conversation_id": "c"}},
        {"data": {"query": "hi", "inputs": '{"a": 1}', "user": "u", "conversation_id": "c"}},
        {
            "files": {"query": (None, "hi"), "inputs": (None, '{"a": 1}')},
            "params": {"user": "u", "conversation_id": "c"},
        },
        {
            "content": "hi",
            "headers": {"Content-Type": "text/plain"},
            "params": {"inputs": '{"a": 1}', "user": "u", "conversation_id": "c"},
        },
        {
            "content": '{"query": "hi", "inputs": {"a": 1}, "user": "u", "conversation_id": "c"}',
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        },
    ],
    ids=["query string", "JSON", "form", "multipart", "plain text", "curl -d with JSON"],
)
def test_the_same_call_can_be_sent_in_every_way(endpoint: Open, received: Received, send: dict[str, Any]) -> None:
    client = endpoint()
    answer = client.post("/duck/echo", **send)
    assert answer.status_code == 200, answer.text
    [request] = received(client)
    sent = {name: request[name] for name in ("query", "inputs", "user", "conversation_id")}
    assert sent == {"query": "hi", "inputs": {"a": 1}, "user": "u", "conversation_id": "c"}


def test_a_json_object_with_no_field_of_ours_is_the_inputs(endpoint: Open, received: Received) -> None:
    client = endpoint()
    client.post("/workflow/workflow-1-0", json={"action": "opened", "number": 7})
    assert received(client)[0]["inputs"] == {"action": "opened", "number": 7}


def test_a_file_of_a_form_reaches_the_app_under_its_input(
    endpoint: Open, received: Received, workspace: Workspace
) -> None:
    client = endpoint()
    answer = client.post(
        "/workflow/demo-workflow", data={"text": "see"}, files={"file": ("duck.txt", b"quack!", "text/plain")}
    )
    assert answer.status_code == 200, answer.text
    [request] = received(client)
    file = request["inputs"]["file"]
    [id_] = {"upload_file_id", "tool_file_id"} & file.keys()
    assert (file["type"], file["transfer_method"]) == ("document", {"u": "local_file", "t": "tool_file"}[id_[0]])
    stored = workspace.client.get(f"/files/{file[id_]}")
    assert stored.content == b"quack!"


@pytest.mark.reverse  # by key it goes beside the inputs
def test_a_file_for_an_app_that_takes_none_is_refused(endpoint: Open, received: Received) -> None:
    client = endpoint()
    answer = client.post("/duck/echo", data={"query": "see"}, files={"file": ("duck.txt", b"quack!")})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert received(client) == []


@pytest.mark.parametrize(
    ("default", "method", "accept", "media_type"),
    [
        (None, "GET", "*/*", "text/html; charset=utf-8"),
        (None, "POST", "*/*", "application/json"),
        ("text", "POST", "*/*", "text/plain; charset=utf-8"),
        ("ndjson", "GET", "*/*", "application/x-ndjson"),
        ("ndjson", "GET", "text/event-stream", "text/event-stream"),
    ],
)
def test_the_form_is_negotiated(endpoint: Open, default: object, method: str, accept: str, media_type: str) -> None:
    client = endpoint(default_format=default)
    answer = client.request(method, "/duck/chat-1-0", params={"query": "hi"}, headers={"Accept": accept})
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize("form", ["html", "events", "sse", "json", "text", "ndjson"])
def test_every_answer_keeps_proxies_and_browsers_from_spoiling_it(shared: httpx.Client, form: str) -> None:
    answer = shared.get("/duck/chat-1-0", params={"query": "hi", "format": form}, headers={"X-Request-Id": "my-id.1"})
    page = form in {"html", "events"}
    assert answer.headers["cache-control"] == f"{'private, no-cache' if page else 'no-store'}, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["x-request-id"] == "my-id.1"


def test_head_gives_the_status_and_headers_of_get_without_running_the_app(endpoint: Open, received: Received) -> None:
    client = endpoint()
    head = client.head("/duck/chat-1-0", params={"query": "hi"})
    assert received(client) == []
    get = client.get("/duck/chat-1-0", params={"query": "hi"})
    # whether an answer is long enough to be compressed is known once it is there
    ignored = {"x-request-id", "date", "transfer-encoding", "content-length", "content-encoding"}
    assert head.status_code == get.status_code == 200
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in get.headers.items() if k not in ignored
    }
    assert client.head("/duck/chat-1-0", headers={"X-API-Key": "wrong"}).status_code == 401
    assert client.head("/chat/chat-1-0").status_code == 400


def test_options_tells_what_is_allowed(endpoint: Open, received: Received) -> None:
    client = endpoint(key=None)
    for path in ("/duck/chat-1-0", "/duck", "/workflow/x", "/chat", "/completion"):
        answer = client.options(path)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert received(client) == []


def test_an_event_source_that_reconnects_is_told_to_stay_away(endpoint: Open, received: Received) -> None:
    client = endpoint()
    answer = client.get("/duck/chat-1-0", params={"query": "hi"}, headers={"Last-Event-ID": "7"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert received(client) == []


@pytest.mark.reverse  # no key can be entered for such an id
def test_an_id_with_odd_characters_is_an_app_that_is_not_found(shared: httpx.Client) -> None:
    for app in ("%20", "ä", "%3Cscript%3E", "x" * 500, "%FF"):
        answer = shared.get(f"/duck/{app}", params={"query": "hi"})
        assert (answer.status_code, answer.json()["code"]) == (404, "app_not_found")


def test_events_of_unknown_kind_and_malformed_ones_pass(shared: httpx.Client) -> None:
    unknown = read_ndjson(shared.get("/duck/unknownevents?query=hi&format=ndjson").content)
    assert {event["event"] for event in unknown} - {"message", "message_end"}
    assert "message_end" in {event["event"] for event in unknown}
    for form in ("html", "events", "sse", "json", "text", "ndjson"):
        answer = shared.get("/duck/malformed", params={"query": "hi", "format": form})
        assert answer.status_code == 200, form
        nothing_leaks(answer)


def test_the_answer_of_blocking_mode_is_one_json_object(shared: httpx.Client) -> None:
    answer = shared.post("/duck/chat-20-5", json={"query": "hi", "response_mode": "blocking"})
    assert json.loads(answer.content)["answer"] == "".join(f" tok{n}" for n in range(20))
    assert answer.headers["content-length"] == str(len(answer.content))
