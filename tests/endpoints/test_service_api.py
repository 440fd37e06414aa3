"""Dify's own clients as they are: `dify-client`, whose base URL is an app's address here."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from dify_client.client import ChatClient, CompletionClient, DifyClient

from tests.endpoints.conftest import KEY
from workspace.testing import Workspace

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d4944415478da63fccff0bf1e0007830280d61bd5ac0000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def base_url(workspace: Workspace) -> str:
    return workspace.endpoint(settings={"api_key": KEY})


def pointed[C: DifyClient](client: C, base_url: str, app_id: str) -> C:
    client.base_url = f"{base_url}/duck/{app_id}"
    return client


def chats(base_url: str, app_id: str, key: str = KEY) -> ChatClient:
    return pointed(ChatClient(key), base_url, app_id)


def events(lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Read a stream as Dify's guides say: what begins with `data: `."""
    for line in lines:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def test_a_message_is_answered_in_one_piece_and_the_next_goes_on_there(base_url: str) -> None:
    client = chats(base_url, "demo-chat")
    first = client.create_chat_message({}, "hello", "bob").json()
    assert set(first) == {
        *("event", "task_id", "id", "message_id", "conversation_id", "mode", "answer", "metadata", "created_at")
    }
    assert (first["event"], first["mode"]) == ("message", "chat")
    second = client.create_chat_message({}, "and now", "bob", conversation_id=first["conversation_id"]).json()
    assert second["conversation_id"] == first["conversation_id"]
    assert "This is turn 2 of our conversation; last time you said “hello”." in second["answer"]
    alone = client.create_chat_message({}, "hello again", "bob").json()
    assert alone["conversation_id"] != first["conversation_id"], "nothing is remembered for who names none"
    other = client.create_chat_message({}, "hi", "eve", conversation_id=first["conversation_id"])
    assert (other.status_code, other.json()["code"]) == (404, "not_found")


def test_a_message_is_streamed(base_url: str) -> None:
    answer = chats(base_url, "demo-chat").create_chat_message({}, "count to 3", "bob", response_mode="streaming")
    assert answer.headers["Content-Type"] == "text/event-stream"
    told = list(events(answer.iter_lines()))
    assert [event["event"] for event in told] == ["message"] * (len(told) - 1) + ["message_end"]
    assert "".join(event.get("answer", "") for event in told) == "1, 2, 3. Quack!"
    assert len({event["task_id"] for event in told}) == 1


@pytest.mark.parametrize("mode", ["blocking", "streaming"])
def test_a_completion_app_says_why_dify_does_not_run_it(base_url: str, mode: str) -> None:
    client = pointed(CompletionClient(KEY), base_url, "realcompletion")
    refused = client.create_completion_message({"query": "hi"}, mode, "bob")
    assert (refused.status_code, refused.json()["code"]) == (502, "app_failed")
    assert "Dify runs completion apps without their query" in refused.json()["message"]


def test_a_completion_app_would_be_answered(base_url: str) -> None:
    client = pointed(CompletionClient(KEY), base_url, "demo-completion")
    answer = client.create_completion_message({"topic": "a lake"}, "blocking", "bob").json()
    assert answer["mode"] == "completion"
    assert answer["answer"].startswith("A duck once sat by a lake")
    streamed = client.create_completion_message({"topic": "a lake"}, "streaming", "bob")
    assert [*events(streamed.iter_lines())][-1]["event"] == "message_end"


def test_a_file_that_was_uploaded_is_used_in_a_message(base_url: str) -> None:
    client = chats(base_url, "demo-chat")
    uploaded = client.file_upload("bob", {"file": ("duck.png", PNG, "image/png")})
    assert uploaded.status_code == 201
    stored = uploaded.json()
    told = {name: value for name, value in stored.items() if name not in {"id", "created_at"}}
    assert told == {
        "name": "duck.png",
        "size": len(PNG),
        "extension": "png",
        "mime_type": "image/png",
        "created_by": "bob",
    }
    by_id = {"type": "image", "transfer_method": "local_file", "upload_file_id": stored["id"]}
    answers = [
        client.create_chat_message({}, "what is it", "bob", files=[by_id]),
        client.create_chat_message({"picture": by_id}, "what is it", "bob"),
    ]
    for answer in answers:
        assert f"In `picture` I see duck.png (image, {len(PNG)} bytes" in answer.json()["answer"]


def test_another_endpoints_file_is_refused(base_url: str, workspace: Workspace) -> None:
    other = workspace.endpoint(settings={"api_key": KEY})
    stored = chats(other, "demo-chat").file_upload("bob", {"file": ("duck.png", PNG, "image/png")}).json()
    by_id = {"type": "image", "transfer_method": "local_file", "upload_file_id": stored["id"]}
    refused = chats(base_url, "demo-chat").create_chat_message({}, "what is it", "bob", files=[by_id])
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")


def test_what_dify_tells_of_an_app(base_url: str) -> None:
    parameters = chats(base_url, "demo-chat").get_application_parameters("bob")
    assert parameters.status_code == 200
    assert parameters.json()["opening_statement"].startswith("Quack! Ask me something")
    assert [*parameters.json()["user_input_form"][0]] == ["text-input"]


def test_what_a_plugin_cant_have(base_url: str) -> None:
    client = chats(base_url, "demo-chat")
    nothing = {"data": [], "has_more": False, "limit": 20}
    assert client.get_conversations("bob").json() == nothing
    assert client.get_conversation_messages("bob", conversation_id="c").json() == nothing
    for refused in (client.rename_conversation("c", "Ducks", "bob"), client.message_feedback("m", "like", "bob")):
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("app_id", "key", "fields", "status", "code"),
    [
        ("demo-chat", "wrong", {}, 401, "unauthorized"),
        ("nothing", KEY, {}, 404, "app_not_found"),
        ("demo-chat", KEY, {"query": ""}, 400, "invalid_param"),
        ("demo-chat", KEY, {"response_mode": "later"}, 400, "invalid_param"),
        ("http-400-provider_quota_exceeded-no_more", KEY, {}, 429, "too_many_requests"),
    ],
)
def test_errors_have_difys_envelope(
    base_url: str, app_id: str, key: str, fields: dict[str, str], status: int, code: str
) -> None:
    asked = {"inputs": {}, "query": "hi", "user": "bob", **fields}
    answer = chats(base_url, app_id, key).create_chat_message(**asked)
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (status, code, status)


def test_an_error_in_the_middle_is_an_event(base_url: str) -> None:
    client = chats(base_url, "errorevent-20-400-completion_request_error-no_more")
    told = [*events(client.create_chat_message({}, "hi", "bob", response_mode="streaming").iter_lines())]
    assert [event["event"] for event in told] == ["message"] * 20 + ["error"]
    assert (told[-1]["code"], told[-1]["message"]) == ("app_failed", "no more")


def test_what_is_not_there_is_told(base_url: str) -> None:
    with httpx.Client(headers={"Authorization": f"Bearer {KEY}"}) as client:
        unknown = client.get(f"{base_url}/duck/demo-chat/datasets")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
        wrong = client.get(f"{base_url}/duck/demo-chat/chat-messages")
        assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
        assert client.options(f"{base_url}/duck/demo-chat/chat-messages").headers["Allow"] == "POST, OPTIONS"


# --- stop: of another process' runs see test_two_processes.py


def stop(base_url: str, app_id: str, path: str, task_id: str, user: str) -> None:
    answer = httpx.post(
        f"{base_url}/duck/{app_id}/{path}/{task_id}/stop", json={"user": user}, headers={"X-API-Key": KEY}
    )
    assert (answer.status_code, answer.json()) == (200, {"result": "success"})


def outcomes(workspace: Workspace, base_url: str, app_id: str) -> list[str]:
    calls = workspace.ended_calls(hook=base_url)
    return [call["outcome"] for call in calls if call["type"] == "app" and call["request"]["app_id"] == app_id]


@pytest.mark.parametrize(
    ("app_id", "path", "stops", "ending"),
    [
        ("chat-300-100", "chat-messages", "chat-messages", ["message_end"]),
        ("agent-300-100", "chat-messages", "chat-messages", ["message_end"]),
        ("chatflow-300-100", "chat-messages", "chat-messages", ["workflow_finished", "message_end"]),
        ("completion-300-100", "completion-messages", "completion-messages", ["message_end"]),
        ("workflow-300-100", "workflows/run", "workflows/tasks", ["workflow_finished"]),
    ],
)
def test_whoever_began_a_task_stops_it(
    workspace: Workspace, base_url: str, app_id: str, path: str, stops: str, ending: list[str]
) -> None:
    asked = {"inputs": {}, "query": "hi", "user": "bob", "response_mode": "streaming"}
    told: list[dict[str, Any]] = []
    with httpx.stream(
        "POST", f"{base_url}/duck/{app_id}/{path}", json=asked, headers={"X-API-Key": KEY}, timeout=30
    ) as answer:
        for event in events(line.encode() for line in answer.iter_lines()):
            told.append(event)
            if len(told) == 1:
                stop(base_url, app_id, stops, event["task_id"], "bob")
    assert [event["event"] for event in told[-len(ending) :]] == ending
    assert {event["task_id"] for event in told} == {told[0]["task_id"]}
    statuses = [event["data"]["status"] for event in told if event["event"] == "workflow_finished"]
    assert statuses == ["stopped"] * ("workflow_finished" in ending)
    assert outcomes(workspace, base_url, app_id) == ["aborted"], "Dify ended the run, too"


def test_nobody_else_stops_a_task(workspace: Workspace) -> None:
    base_url, other = (workspace.endpoint(settings={"api_key": KEY}) for _ in range(2))
    client = chats(base_url, "chat-12-100")
    told: list[str] = []
    for event in events(client.create_chat_message({}, "hi", "bob", response_mode="streaming").iter_lines()):
        if not told:
            stop(base_url, "chat-12-100", "chat-messages", event["task_id"], "eve")
            stop(base_url, "chat-13-100", "chat-messages", event["task_id"], "bob")
            stop(other, "chat-12-100", "chat-messages", event["task_id"], "bob")
        told.append(event["event"])
    assert told == ["message"] * 12 + ["message_end"]
    assert outcomes(workspace, base_url, "chat-12-100") == ["finished"]


def test_a_caller_who_hangs_up_leaves_no_run_behind(workspace: Workspace) -> None:
    base_url = workspace.endpoint(settings={"api_key": KEY})
    answer = chats(base_url, "chat-300-100").create_chat_message({}, "hi", "bob", response_mode="streaming")
    next(events(answer.iter_lines()))
    answer.close()
    assert outcomes(workspace, base_url, "chat-300-100") == ["aborted"]


def test_a_stranger_stops_a_task_of_its_own_and_writes_nothing(workspace: Workspace) -> None:
    public = workspace.endpoint(settings={"access": "public", "app": "chat-20-100"})
    asked = {"query": "hi", "user": "bob", "response_mode": "streaming"}
    ended: list[str] = []
    with httpx.stream("POST", f"{public}/duck/chat-20-100/chat-messages", json=asked, timeout=30) as answer:
        for event in events(line.encode() for line in answer.iter_lines()):
            ended.append(event["event"])
            if len(ended) == 2:
                stop(public, "chat-20-100", "chat-messages", "11111111-1111-4111-8111-111111111111", "bob")
                stop(public, "chat-20-100", "chat-messages", event["task_id"], "bob")
    assert ended[-1] == "message_end"
    assert len(ended) < 20
    assert [call for call in workspace.calls(hook=public) if call["type"] == "storage"] == []
