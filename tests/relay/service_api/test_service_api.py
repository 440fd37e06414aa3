"""Dify's own Service API, with Dify's part played by scripts."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug import Response

from relay.call import Call, Interface
from relay.event import Event
from relay.host import Host
from relay.routes import SERVICE_API
from relay.run import tasks
from relay.service_api import RESOURCES, find, respond
from tests.events import AGENT, CHAT, RUN, chatflow, workflow
from tests.relay.run.test_transcript import ANSWER
from tests.relay.scripts import KEY, Script, Workspace, saying
from tests.requests import request

BEARER = {"Authorization": "Bearer quack"}
UNKNOWN_CONVERSATION = Exception(
    "invoke app failed: request failed with status code: 400 and respond with: "
    '{"code": "invalid_param", "message": "Conversation Not Exists.", "status": 400}'
)


def ask(
    dify: Workspace,
    path: str,
    body: Any = None,
    *,
    method: str = "",
    settings: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    task_id: str = "",
    **options: Any,
) -> Response:
    if body is not None:
        options |= {"data": json.dumps(body), "content_type": "application/json"}
    sent = request(
        f"/duck/app/{path}",
        method=method or ("POST" if options else "GET"),
        headers=BEARER if headers is None else headers,
        **options,
    )
    return respond(
        sent,
        {"app_id": "app", "task_id": task_id},
        settings or KEY,
        dify=dify,
        host=Host(clock=time.time, elapsed=time.monotonic),
    )


def told(response: Response) -> list[Any]:
    events = response.get_data(as_text=True).split("\n\n")
    return [json.loads(event.removeprefix("data: ")) for event in events if event]


def test_every_route_has_its_answer() -> None:
    assert {path: " ".join(methods) for path, methods in RESOURCES.items()} == SERVICE_API


@pytest.mark.parametrize("resource", SERVICE_API)
def test_a_path_is_found_by_what_stands_in_it(resource: str) -> None:
    path = "/".join("9f3d" if one.startswith("<") else one for one in resource.split("/"))
    assert find(f"/duck/app/{path}") == resource
    assert find(f"/duck/app/{path}/more") != resource


@pytest.mark.parametrize(
    ("path", "interface"),
    [
        ("chat-messages", Interface.CHAT),
        ("completion-messages", Interface.COMPLETION),
        ("workflows/run", Interface.WORKFLOW),
    ],
)
def test_the_route_says_by_which_interface_the_app_runs(path: str, interface: Interface) -> None:
    dify = Workspace(saying(CHAT))
    response = ask(dify, path, {"inputs": {"a": 1}, "query": "hi", "user": "bob"})
    assert response.status_code == 200
    inputs = {"a": 1, "query": "hi"} if interface is Interface.COMPLETION else {"a": 1}
    query = "" if interface is Interface.WORKFLOW else "hi"
    assert dify.calls == [Call(app_id="app", interface=interface, query=query, inputs=inputs, user="bob")]


@pytest.mark.parametrize(
    ("events", "answer"),
    [
        (CHAT, ANSWER),
        (AGENT, {**ANSWER, "mode": "agent-chat", "message_files": [AGENT[3]]}),
        (chatflow(), {**ANSWER, "mode": "advanced-chat"}),
        (
            [{name: value for name, value in event.items() if name != "conversation_id"} for event in CHAT],
            {name: value for name, value in {**ANSWER, "mode": "completion"}.items() if name != "conversation_id"},
        ),
        (workflow({"a": 1}), {**RUN, "data": {"status": "succeeded", "outputs": {"a": 1}, "error": None}}),
        (
            workflow({}, status="failed", error="no pond"),
            {**RUN, "data": {"status": "failed", "outputs": {}, "error": "no pond"}},
        ),
    ],
    ids=["chat", "agent", "chatflow", "completion", "workflow", "failed workflow"],
)
def test_a_blocking_answer_is_difys_field_for_field(events: list[dict[str, Any]], answer: dict[str, Any]) -> None:
    settings = {**KEY, "answer_template": '{"shaped": true}', "query_template": "other", "run_if": "false"}
    response = ask(Workspace(saying(events)), "chat-messages", {"query": "hi", "user": "bob"}, settings=settings)
    assert (response.status_code, response.content_type, response.get_json()) == (200, "application/json", answer)


def test_a_stream_is_every_event_as_it_is_without_ids() -> None:
    response = ask(Workspace(saying(CHAT)), "chat-messages", {"query": "hi", "response_mode": "streaming"})
    assert (response.status_code, response.content_type) == (200, "text/event-stream")
    assert response.get_data(as_text=True).startswith('data: {"event":"message",')
    assert told(response) == CHAT


def test_an_error_in_the_stream_is_difys_event() -> None:
    def slowly(_: Call) -> Iterator[Event]:
        yield CHAT[0]
        time.sleep(0.3)
        yield {"event": "error", "message_id": "m", "code": "provider_quota_exceeded", "message": "no", "status": 400}

    response = ask(Workspace(slowly), "chat-messages", {"query": "hi", "response_mode": "streaming"})
    error = {"event": "error", "message_id": "m", "code": "too_many_requests", "message": "no", "status": 429}
    assert told(response) == [CHAT[0], error]


def test_a_conversation_that_dify_does_not_know_is_404_so_that_clients_begin_a_new_one() -> None:
    dify = Workspace(saying([], UNKNOWN_CONVERSATION))
    response = ask(dify, "chat-messages", {"query": "hi", "conversation_id": "45701982-8118-4bc5-8e9b-64562b4555f2"})
    assert (response.status_code, response.get_json()) == (
        404,
        {"code": "not_found", "message": "Conversation Not Exists.", "status": 404},
    )


def test_the_same_idempotency_key_runs_once_for_each_route() -> None:
    dify = Workspace(saying(CHAT))
    headers = {**BEARER, "Idempotency-Key": "1"}
    first, again = (ask(dify, "chat-messages", {"query": "hi"}, headers=headers).get_data() for _ in range(2))
    assert first == again
    other = ask(dify, "workflows/run", {"query": "hi"}, headers=headers)
    assert (other.status_code, len(dify.calls)) == (422, 1)


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"body": {"query": " "}}, 400, "invalid_param"),
        ({"body": []}, 400, "invalid_param"),
        ({"data": "{", "content_type": "application/json"}, 400, "invalid_param"),
        ({"data": "hi", "content_type": "image/png"}, 415, "unsupported_media_type"),
        ({"body": {"query": "hi"}, "headers": {}}, 401, "unauthorized"),
        ({"body": {"query": "hi"}, "headers": {"X-API-Key": "no"}}, 401, "unauthorized"),
        ({"body": {"query": "hi"}, "settings": {**KEY, "access": "signature"}}, 401, "unauthorized"),
        ({"body": {"query": "hi"}, "settings": {**KEY, "allowed_apps": "other"}}, 403, "app_not_allowed"),
        ({"body": {"query": "hi"}, "settings": {"access": "public"}, "headers": {}}, 403, "app_not_allowed"),
        ({"body": {"query": "hi"}, "method": "PUT"}, 405, "method_not_allowed"),
    ],
)
@pytest.mark.parametrize("path", ["chat-messages"])
def test_what_is_refused_runs_nothing(path: str, options: dict[str, Any], status: int, code: str) -> None:
    dify = Workspace(saying(CHAT))
    response = ask(dify, path, **options)
    assert (response.status_code, response.get_json()["code"]) == (status, code)
    assert set(response.get_json()) == {"code", "message", "status"}
    assert dify.calls == []


@pytest.mark.parametrize("path", [path for path in SERVICE_API if "run" not in path and "messages" not in path])
def test_nothing_is_told_to_whoever_holds_no_key(path: str) -> None:
    for method in SERVICE_API[path].split():
        response = ask(Workspace(saying(CHAT)), path, method=method, headers={})
        assert (response.status_code, response.get_json()["code"]) == (401, "unauthorized")


def test_a_preflight_is_told_the_methods() -> None:
    response = ask(Workspace(saying(CHAT)), "parameters", method="OPTIONS", headers={})
    assert (response.status_code, response.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")


# --- stop


def waiting(stopped: threading.Event, begun: Callable[[], object] = lambda: None) -> Script:
    """An app that says one thing, and more only once the test is over."""

    def script(_: Call) -> Iterator[Event]:
        yield CHAT[0]
        begun()
        while not stopped.wait(0.02):
            begun()

    return script


def test_a_stopped_blocking_answer_is_what_there_is() -> None:
    over = threading.Event()
    dify = Workspace(waiting(over, lambda: stop("chat-messages", "bob")))

    def stop(path: str, user: str) -> None:
        answer = ask(dify, f"{path}/t/stop", {"user": user}, task_id="t")
        assert answer.get_json() == {"result": "success"}

    try:
        response = ask(dify, "chat-messages", {"query": "hi", "user": "bob"})
    finally:
        over.set()
    assert response.get_json() == {**ANSWER, "answer": "Qu", "metadata": {}}


def test_a_caller_who_hangs_up_leaves_nothing_behind() -> None:
    over = threading.Event()
    response = ask(
        Workspace(waiting(over)), "chat-messages", {"query": "hi", "user": "bob", "response_mode": "streaming"}
    )
    assert isinstance(response.response, Iterator)
    assert json.loads(next(response.response).removeprefix(b"data: ")) == CHAT[0]
    name = tasks.Scope(endpoint_id="endpoint", app_id="app", user="bob").name("t")
    assert name in tasks._running
    response.response.close()  # type: ignore[attr-defined]
    over.set()
    assert name not in tasks._running


@pytest.mark.parametrize("path", ["chat-messages/t/stop", "completion-messages/t/stop", "workflows/tasks/t/stop"])
def test_a_task_that_nobody_runs_is_success_as_dify_says(path: str) -> None:
    response = ask(Workspace(saying(CHAT)), path, {"user": "bob"}, task_id="t")
    assert (response.status_code, response.get_json()) == (200, {"result": "success"})


@pytest.mark.parametrize("body", [{}, {"user": ""}, {"user": None}])
def test_whoever_stops_says_who_it_is(body: dict[str, Any]) -> None:
    response = ask(Workspace(saying(CHAT)), "chat-messages/t/stop", body, task_id="t")
    assert (response.status_code, response.get_json()) == (
        400,
        {"code": "invalid_param", "message": "Arg user must be provided.", "status": 400},
    )


def test_a_stop_that_could_not_be_kept_is_told() -> None:
    dify = Workspace(saying(CHAT))
    dify.storage.broken.add("set")
    response = ask(dify, "chat-messages/t/stop", {"user": "bob"}, task_id="t")
    assert (response.status_code, response.get_json()["code"]) == (503, "app_unavailable")
    assert response.headers["Retry-After"] == "10"


# --- what is told of an app


def test_the_owners_name_for_an_app_is_its_name() -> None:
    dify, settings = Workspace(saying(CHAT)), {**KEY, "allowed_apps": "gpt-duck=app"}
    info: dict[str, Any] = {"name": "gpt-duck", "description": "", "tags": [], "mode": None, "author_name": None}
    assert ask(dify, "info", settings=settings).get_json() == info
    assert ask(dify, "info").get_json() == {**info, "name": "app"}
    assert ask(dify, "site", settings=settings).get_json()["title"] == "gpt-duck"
    assert ask(dify, "meta").get_json() == {"tool_icons": {}}
    assert ask(dify, "parameters").get_json() == {"user_input_form": [{"file": {"variable": "doc"}}]}


# --- files


def upload(dify: Workspace, *files: tuple[bytes, str], **options: Any) -> Response:
    parts = [b'name="user"\r\n\r\nbob']
    for number, (content, name) in enumerate(files):
        parts.append(b'name="file%s"; filename="%s"\r\n\r\n%b' % (b"x" * number, name.encode(), content))
    body = b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return ask(dify, "files/upload", data=body, content_type="multipart/form-data; boundary=b", **options)


def test_a_file_is_uploaded_and_then_named() -> None:
    dify = Workspace(saying(CHAT))
    response = upload(dify, (b"a duck", "duck.txt"))
    stored = response.get_json()
    assert response.status_code == 201
    id_, created_at = stored.pop("id"), stored.pop("created_at")
    assert stored == {
        "name": "duck.txt",
        "size": 6,
        "extension": "txt",
        "mime_type": "text/plain",
        "created_by": "bob",
    }
    assert abs(created_at - time.time()) < 100
    by_id = {"type": "document", "transfer_method": "local_file", "upload_file_id": id_}
    placed = {"doc": {"type": "document", "transfer_method": "tool_file", "tool_file_id": "duck.txt"}}
    assert ask(dify, "chat-messages", {"query": "hi", "files": [by_id]}).status_code == 200
    assert ask(dify, "workflows/run", {"inputs": {"doc": by_id}}).status_code == 200
    assert [call.inputs for call in dify.calls] == [placed, placed]
    assert dify.uploaded == ["duck.txt"]


def test_a_file_under_an_id_of_difys_own_is_refused() -> None:
    dify = Workspace(saying(CHAT))
    by_id = {
        "type": "image",
        "transfer_method": "local_file",
        "upload_file_id": "a1b2c3d4-5678-90ab-cdef-1234567890ab",
    }
    response = ask(dify, "chat-messages", {"query": "hi", "files": [by_id]})
    assert (response.status_code, response.get_json()["code"], dify.calls) == (400, "invalid_param", [])


@pytest.mark.parametrize("access", ["key", "public"])
def test_whoever_may_call_only_a_holder_of_the_key_stores_anything(access: str) -> None:
    dify = Workspace(saying(CHAT))
    settings = {**KEY, "access": access, "allowed_apps": "app"}
    response = upload(dify, (b"a duck", "duck.txt"), headers={}, settings=settings)
    assert (response.status_code, response.get_json()["code"], dify.uploaded) == (401, "unauthorized", [])
    assert upload(dify, (b"a duck", "duck.txt"), settings=settings).status_code == 201


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([], 400, "no_file_uploaded"),
        ([(b"a", "a.txt"), (b"b", "b.txt")], 400, "too_many_files"),
        ([(b"", "a.txt")], 400, "invalid_param"),
        ([(b"\x89PNG\r\n\x1a\n" + bytes(10 * 1024 * 1024), "a.png")], 413, "file_too_large"),
    ],
    ids=["none", "two", "empty", "large"],
)
def test_a_file_that_is_refused_has_difys_code(files: list[tuple[bytes, str]], status: int, code: str) -> None:
    dify = Workspace(saying(CHAT))
    response = upload(dify, *files)
    assert (response.status_code, response.get_json()["code"], dify.uploaded) == (status, code, [])


# --- what a plugin can't have


@pytest.mark.parametrize("path", [path for path, methods in SERVICE_API.items() if "GET" in methods])
def test_lists_are_empty_and_single_things_say_why_not(path: str) -> None:
    response = ask(Workspace(saying(CHAT)), path)
    said = response.get_json()
    if path in {"parameters", "info", "meta", "site"}:
        assert response.status_code == 200
    elif path.endswith("suggested"):
        assert (response.status_code, said) == (200, {"result": "success", "data": []})
    elif response.status_code == 200:
        assert said == {"data": [], "has_more": False, "limit": 20}
    else:
        assert (response.status_code, said["code"], said["status"]) == (404, "not_found", 404)
        assert said["message"].endswith(".")


def test_which_are_lists() -> None:
    dify = Workspace(saying(CHAT))
    empty = [p for p, m in SERVICE_API.items() if "GET" in m and "data" in (ask(dify, p).get_json() or {})]
    assert empty == [
        "conversations",
        "conversations/<conversation_id>/variables",
        "messages",
        "messages/<message_id>/suggested",
        "app/feedbacks",
        "apps/annotations",
        "workflows/logs",
    ]
