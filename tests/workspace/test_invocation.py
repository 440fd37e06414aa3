import json
from typing import Any

import httpx
import pytest

from tests.workspace.test_gateway import connect
from workspace.testing import Workspace


def invoked(base: str, *invocations: dict[str, Any]) -> list[dict[str, Any]]:
    """Make reverse invocations through the Duck and return what came of each."""
    answer = httpx.post(f"{base}/invoke", json=invocations, timeout=30)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def app(app_id: str, **request: Any) -> dict[str, Any]:
    return {"type": "app", "request": {"app_id": app_id, "query": "quack", "inputs": {}, **request}}


def storage(operation: str, key: str, value: bytes | None = None) -> dict[str, Any]:
    request = {"opt": operation, "key": key}
    return {"type": "storage", "request": request if value is None else {**request, "value": value.hex()}}


def test_what_reaches_dify_is_six_fields_and_no_files(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    request = {
        "files": [{"type": "image"}],
        "conversation_id": None,
        "inputs": {"a": 1},
        "response_mode": "streaming",
    }
    [echoed] = invoked(base, app("echo", **request))
    body = {
        "tenant_id": "workspace",
        "user_id": "",
        "type": "app",
        "app_id": "echo",
        "inputs": {"a": 1},
        "query": "quack",
        "response_mode": "streaming",
        "conversation_id": "",
        "user": "",
    }
    assert json.loads(echoed["events"][0]["answer"]) == body
    [call] = duck_workspace.calls(hook=base, app_id="echo")
    assert (call["type"], call["request"], call["outcome"], call["events"]) == ("app", body, "finished", 2)


@pytest.mark.parametrize(
    ("invocation", "events", "error"),
    [
        pytest.param(
            app("nobody"),
            0,
            'invoke app failed: request failed with status code: 400 and respond with: {"code":"invalid_param",'
            '"message":"app not found","status":400}',
            id="an unknown app",
        ),
        pytest.param(
            app("chat-1-0", query=None),
            0,
            'invoke app failed: request failed with status code: 400 and respond with: {"code":"invalid_param",'
            '"message":"missing query","status":400}',
            id="a chat without query",
        ),
        pytest.param(
            app("http-429-too_many_requests-come_back_later"),
            0,
            'invoke app failed: request failed with status code: 429 and respond with: {"code":"too_many_requests",'
            '"message":"come back later","status":429}',
            id="refused",
        ),
        pytest.param(
            app("agent-1-0", response_mode="blocking"),
            0,
            'invoke app failed: request failed with status code: 400 and respond with: {"code":"invalid_param",'
            '"message":"Agent Chat App does not support blocking mode","status":400}',
            id="a blocking agent",
        ),
        pytest.param(
            app("realcompletion"),
            0,
            'invoke app failed: request failed with status code: 500 and respond with: {"code":"unknown",'
            '"message":"Internal Server Error","status":500}',
            id="a completion app as on a real Dify",
        ),
        pytest.param(app("error-nope"), 0, "read app failed: request failed: nope", id="an error in the stream"),
        pytest.param(
            app("broken-2"),
            2,
            "read app failed: request failed: [models] Error: quota exceeded <b>x</b>",
            id="an error after events",
        ),
        pytest.param(
            {"type": "fetch_app", "request": {"app_id": "nobody"}},
            0,
            "fetch app failed: request failed: app not found",
            id="fetch_app of an unknown app",
        ),
        pytest.param(
            {"type": "llm", "request": {}},
            0,
            "permission denied, you need to enable llm access in plugin manifest",
            id="what the manifest does not permit",
        ),
    ],
)
def test_a_failing_invocation_raises_the_daemons_text(
    duck_workspace: Workspace, invocation: dict[str, Any], events: int, error: str
) -> None:
    [answer] = invoked(duck_workspace.endpoint(), invocation)
    assert (len(answer["events"]), answer["error"]) == (events, error)


def test_storage_keeps_tells_and_deletes(duck_workspace: Workspace) -> None:
    duck_workspace.clear_storage()
    answers = invoked(
        duck_workspace.endpoint(),
        storage("set", "a", b"hello"),
        storage("get", "a"),
        storage("exist", "a"),
        storage("del", "a"),
        storage("exist", "a"),
        storage("get", "a"),
    )
    missing = "load data failed, please check if the key is correct or you have not set it"
    assert answers == [
        {"events": [{"data": "ok"}]},
        {"events": [{"data": b"hello".hex()}]},
        {"events": [{"data": True, "exist_num": 1}]},
        {"events": [{"data": "ok", "deleted_num": 1}]},
        {"events": [{"data": False, "exist_num": 0}]},
        {"events": [], "error": missing},
    ]


@pytest.mark.parametrize(
    ("invocation", "error"),
    [
        pytest.param(
            storage("set", "k" * 257, b"x"),
            "save data failed: key length must be less than 256 characters",
            id="long key",
        ),
        pytest.param(
            storage("set", "../x", b"x"),
            "save data failed: invalid key: path traversal attempt detected",
            id="path traversal",
        ),
        pytest.param(
            storage("exist", "a\\b"),
            "exist data failed: invalid key: path traversal attempt detected",
            id="backslash",
        ),
        pytest.param(
            storage("set", "big", b"x" * 1048577),
            "save data failed: allocated size is greater than max storage size",
            id="over the manifest's size",
        ),
        pytest.param(storage("del", "no"), "delete data failed: stat no: no such file or directory", id="missing"),
    ],
)
def test_storage_refuses_with_the_daemons_text(
    duck_workspace: Workspace, invocation: dict[str, Any], error: str
) -> None:
    duck_workspace.clear_storage()
    assert invoked(duck_workspace.endpoint(), invocation) == [{"events": [], "error": error}]


def test_storage_fails_where_a_test_wants_it_to(duck_workspace: Workspace) -> None:
    faults = {"storage": [{"op": "set", "call": 2, "message": "disk full"}], "storage_bytes": 3}
    base = duck_workspace.endpoint(faults=faults)
    duck_workspace.clear_storage()
    answers = invoked(
        base,
        storage("set", "a", b"1"),
        storage("set", "b", b"2"),
        storage("set", "c", b"3"),
        storage("set", "d", b"456"),
    )
    assert [answer.get("error") for answer in answers] == [
        None,
        "disk full",
        None,
        "save data failed: allocated size is greater than max storage size",
    ]


def test_an_uploaded_file_can_be_read_back_by_its_id(duck_workspace: Workspace) -> None:
    upload = {"type": "upload", "name": "duck.png", "body": "aGVsbG8=", "mimetype": "image/png"}
    [uploaded] = invoked(duck_workspace.endpoint(), upload)
    file_id = uploaded.pop("id")
    assert uploaded == {
        "name": "duck.png",
        "size": 5,
        "extension": ".png",
        "mime_type": "image/png",
        "type": "image",
        "preview_url": f"{duck_workspace.url}/files/{file_id}",
        "parameter": {"tool_file_id": file_id, "transfer_method": "tool_file", "type": "image"},
    }
    assert httpx.get(f"{duck_workspace.url}/files/{file_id}").content == b"hello"


@pytest.mark.parametrize(("name", "mimetype"), [("a\\b.png", "image/png"), ("a.png", "image/PNG"), ("a.png", "")])
def test_a_file_that_is_not_the_one_that_was_announced_is_refused(
    duck_workspace: Workspace, name: str, mimetype: str
) -> None:
    upload = {"type": "upload", "name": name, "body": "aGVsbG8=", "mimetype": mimetype}
    [refused] = invoked(duck_workspace.endpoint(), upload)
    assert refused["error"].startswith("upload file failed, status code: 403")


def test_an_invocation_that_takes_too_long_breaks_off(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint(faults={"invocation_limit_s": 0.3})
    [answer] = invoked(base, app("chat-100-50"))
    assert 0 < len(answer["events"]) < 100
    assert answer["error"].startswith("read app failed: read tcp ")
    assert answer["error"].endswith(": use of closed network connection\nfailed to read system header")
    assert [call["outcome"] for call in duck_workspace.calls(hook=base)] == ["aborted"]


@pytest.mark.alone  # on a busy machine the app may be as slow as whoever reads
def test_more_events_than_fit_into_the_queue_are_lost(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    [answer] = invoked(base, app("burst-5000"))
    assert 1024 < len(answer["events"]) < 5001
    [call] = duck_workspace.calls(hook=base)
    assert (call["outcome"], call["events"]) == ("finished", 5001)


def hang_up(workspace: Workspace, cancellation: str) -> str:
    """Leave an answer midway and return the hook's id once Dify has cancelled the app."""
    base = workspace.endpoint(faults={"cancellation": cancellation})
    with connect(f"{base}/duck/chat-1000-20") as caller:
        caller.recv(100)
    assert [call["outcome"] for call in workspace.ended_calls(hook=base)] == ["aborted"]
    return base.rsplit("/", 1)[-1]


def test_a_caller_that_hangs_up_cancels_the_app_and_the_plugin_hears_of_it(duck_workspace: Workspace) -> None:
    hook = hang_up(duck_workspace, "error")
    duck_workspace.line(rf"{hook} heard 'read app failed: context canceled\nfailed to read system header'")


def test_a_caller_that_hangs_up_can_leave_the_plugin_without_a_word(duck_workspace: Workspace) -> None:
    unheard = hang_up(duck_workspace, "silence")
    later = hang_up(duck_workspace, "error")
    duck_workspace.line(f"{later} heard")  # whatever the plugin heard before this, it printed before this
    assert not [line for line in duck_workspace.printed if f"{unheard} heard" in line]


def test_nothing_can_be_invoked_after_the_answer_has_ended(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    assert httpx.get(f"{base}/late").text == "done"
    duck_workspace.line("the late duck asks")
    invoked(base, storage("set", "early", b"x"))
    assert [call["request"]["key"] for call in duck_workspace.calls(hook=base)] == ["early"]
