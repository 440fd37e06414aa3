import uuid
from typing import Any

import httpx
import pytest

from tests.workspace.service_api.clients import chats, completes, events, refusal, works
from workspace.testing import Workspace

GOOD: dict[str, Any] = {"inputs": {}, "query": "hi", "user": "ann"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"user": None}, "Arg user must be provided."),
        ({"user": ""}, "Arg user must be provided."),
        ({"inputs": None}, "inputs\n  Input should be a valid dictionary"),
        ({"inputs": [1]}, "inputs\n  Input should be a valid dictionary"),
        ({"query": None}, "query\n  Input should be a valid string"),
        ({"query": ""}, "query is required"),
        ({"conversation_id": "quack"}, "conversation_id must be a valid UUID"),
        ({"response_mode": "quack"}, "Input should be 'blocking' or 'streaming'"),
    ],
)
def test_a_wrong_message_is_refused_with_its_reason(
    duck_workspace: Workspace, change: dict[str, Any], message: str
) -> None:
    answer = chats(duck_workspace, "chat-1-0")._send_request("POST", "/chat-messages", {**GOOD, **change})
    status, code, told = refusal(answer)
    assert (status, code) == (400, "invalid_param")
    assert message in told


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_conversation_begins_a_new_one(duck_workspace: Workspace, blank: str | None) -> None:
    answer = chats(duck_workspace, "chat-1-0")._send_request(
        "POST", "/chat-messages", {**GOOD, "conversation_id": blank}
    )
    assert uuid.UUID(answer.json()["conversation_id"])


def test_an_unknown_conversation_is_not_found(duck_workspace: Workspace) -> None:
    answer = chats(duck_workspace, "chat-1-0").create_chat_message({}, "hi", "ann", conversation_id=str(uuid.uuid4()))
    assert refusal(answer) == (404, "not_found", "Conversation Not Exists.")


@pytest.mark.parametrize(
    ("app_id", "path", "code"),
    [
        ("workflow-1-0", "/chat-messages", "not_chat_app"),
        ("completion-1-0", "/chat-messages", "not_chat_app"),
        ("chat-1-0", "/completion-messages", "app_unavailable"),
        ("chatflow-1-0", "/workflows/run", "not_workflow_app"),
        ("workflow-1-0", "/chat-messages/x/stop", "not_chat_app"),
        ("chat-1-0", "/completion-messages/x/stop", "app_unavailable"),
        ("chat-1-0", "/workflows/tasks/x/stop", "not_workflow_app"),
    ],
)
def test_an_app_answers_at_its_own_route_alone(duck_workspace: Workspace, app_id: str, path: str, code: str) -> None:
    assert refusal(chats(duck_workspace, app_id)._send_request("POST", path, GOOD))[:2] == (400, code)


def test_an_agent_streams_only(duck_workspace: Workspace) -> None:
    answer = chats(duck_workspace, "agent-1-0").create_chat_message({}, "hi", "ann")
    assert refusal(answer) == (400, "invalid_param", "Agent Chat App does not support blocking mode")


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "Authorization header must be provided and start with 'Bearer'"),
        ("app-chat-1-0", "Authorization header must be provided and start with 'Bearer'"),
        ("Basic app-chat-1-0", "Authorization scheme must be 'Bearer'"),
        ("Bearer chat-1-0", "Access token is invalid"),
        ("Bearer app-unknown-secret", "Access token is invalid"),
    ],
)
def test_a_wrong_key_is_refused_and_never_written_down(
    duck_workspace: Workspace, authorization: str | None, message: str
) -> None:
    hook = uuid.uuid4().hex
    headers = {"Authorization": authorization} if authorization else {}
    answer = httpx.post(f"{duck_workspace.service_api(hook)}/chat-messages", json=GOOD, headers=headers)
    assert answer.json() == {"code": "unauthorized", "message": message, "status": 401}
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    call = duck_workspace.calls(hook=hook)[0]
    assert (call["type"], call["outcome"]) == ("app", "failed")
    if authorization != "Basic app-chat-1-0":  # there the id is known from elsewhere
        assert call["request"] == {**GOOD, "way": "service_api", "app_id": None}


@pytest.mark.parametrize(
    ("content", "media_type", "told"),
    [
        (b"{}", "text/plain", (415, "unsupported_media_type")),
        (b"{", "application/json", (400, "bad_request")),
        (b"[]", "application/json", (500, "unknown")),
    ],
)
def test_a_body_is_a_json_object(
    duck_workspace: Workspace, content: bytes, media_type: str, told: tuple[int, str]
) -> None:
    headers = {"Authorization": "Bearer app-chat-1-0", "Content-Type": media_type}
    answer = httpx.post(f"{duck_workspace.service_api()}/chat-messages", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == told


@pytest.mark.parametrize("mode", ["blocking", "streaming"])
def test_what_an_app_refuses_has_its_status_before_the_stream(duck_workspace: Workspace, mode: str) -> None:
    answer = chats(duck_workspace, "http-429-rate_limit-slow_down").create_chat_message({}, "hi", "ann", mode)
    assert refusal(answer) == (429, "rate_limit", "slow down")
    assert duck_workspace.calls(app_id="http-429-rate_limit-slow_down")[-1]["outcome"] == "failed"


def test_what_breaks_in_the_middle_ends_the_stream_with_an_error(duck_workspace: Workspace) -> None:
    answer = chats(duck_workspace, "broken-1-0-no_more").create_chat_message({}, "hi", "ann", "streaming")
    said, error = events(answer)
    ids = {name: said[name] for name in ("message_id", "conversation_id", "created_at")}
    told = {"code": "completion_request_error", "message": "no more", "status": 400}
    assert error == {"event": "error", **ids, **told}
    blocking = chats(duck_workspace, "broken-1-0-no_more").create_chat_message({}, "hi", "ann")
    assert blocking.json() == told


def test_what_breaks_at_once_is_an_error_in_the_stream(duck_workspace: Workspace) -> None:
    answer = chats(duck_workspace, "error-no_duck").create_chat_message({}, "hi", "ann", "streaming")
    (error,) = events(answer)
    assert {name: error[name] for name in ("event", "code", "message", "status")} == {
        "event": "error",
        "code": "completion_request_error",
        "message": "no duck",
        "status": 400,
    }


def test_a_wrong_input_is_refused_by_the_app(duck_workspace: Workspace) -> None:
    answer = completes(duck_workspace, "demo-completion").create_completion_message({"topic": []}, "blocking", "ann")
    assert refusal(answer) == (400, "invalid_param", "(type 'text-input') topic in input form must be a string")


@pytest.mark.parametrize("path", ["/nothing", "/messages/quack/suggested", "/conversations/quack/variables"])
def test_what_is_not_there_is_not_found(duck_workspace: Workspace, path: str) -> None:
    assert refusal(chats(duck_workspace, "chat-1-0")._send_request("GET", path))[:2] == (404, "not_found")


def test_what_nobody_foresaw_is_told_in_dify_s_envelope(duck_workspace: Workspace) -> None:
    half = chats(duck_workspace, "chat-1-0")._send_request("POST", "/chat-messages", {**GOOD, "user": "\ud83e"})
    assert refusal(half) == (500, "unknown", "Internal Server Error")


def test_a_run_that_never_was_is_not_found(duck_workspace: Workspace) -> None:
    answer = works(duck_workspace, "mirror")._send_request("GET", "/workflows/run/quack")
    assert refusal(answer)[:2] == (404, "not_found")
