import json
import re
import socket
from collections.abc import Sequence

import httpx
from click.testing import CliRunner

from tests.workspace.conftest import DUCK
from tests.workspace.test_invocation import app, invoked, storage
from workspace.__main__ import main
from workspace.testing import Workspace


def test_a_chat_a_workflow_and_the_storage_answer(any_runtime: Workspace) -> None:
    base = any_runtime.endpoint()
    chat = httpx.get(f"{base}/duck/chat-3-60", timeout=60)
    assert chat.headers["content-type"] == "text/html"
    # a debugged plugin's last events come together: the end may cut them
    assert [json.loads(event)["answer"] for event in chat.text.split("<br>")[:2]] == [" tok0", " tok1"]
    workflow, stored, failed = invoked(
        base,
        {"type": "app", "request": {"app_id": "workflow-1-0", "inputs": {"a": 1}, "response_mode": "streaming"}},
        storage("set", "key", b"value"),
        app("error-nope"),
    )
    assert [event["event"] for event in workflow["events"]] == [
        "workflow_started",
        "node_started",
        "text_chunk",
        "node_finished",
        "workflow_finished",
    ]
    assert stored == {"events": [{"data": "ok"}]}
    assert failed == {"events": [], "error": "read app failed: request failed: nope"}


def test_a_restarted_plugin_answers_again(any_runtime: Workspace) -> None:
    before = any_runtime.plugin()["pid"]
    any_runtime.restart_plugin()
    assert any_runtime.plugin()["pid"] != before
    assert httpx.get(f"{any_runtime.endpoint()}/chunks/1", timeout=60).text == "0\n"


def test_the_plugin_tells_what_it_declares(any_runtime: Workspace) -> None:
    plugin = any_runtime.plugin()
    assert plugin["manifest"]["name"] == "documented-duck"
    routes = [(route["method"], route["path"]) for route in plugin["endpoints"]["endpoints"]]
    assert routes[:2] == [("GET", "/duck/<app_id>"), ("GET", "/workflow/<app_id>")]


def test_a_line_longer_than_five_mebibytes_kills_an_installed_plugin(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    assert "ConnectionClosedError" in httpx.get(f"{base}/chunks/1?size=3000000", timeout=60).text
    assert httpx.get(f"{base}/chunks/1", timeout=60).text == "0\n"


def test_a_plugin_is_debugged_with_the_right_key_only_and_only_once() -> None:
    with Workspace(plugin=DUCK, runtime="remote") as workspace:
        told = workspace.line("REMOTE_INSTALL_URL")
        found = re.search(r"REMOTE_INSTALL_URL=([\d.]+):(\d+) REMOTE_INSTALL_KEY=(\S+)", told)
        assert found
        address = (found[1], int(found[2]))
        shake = {"type": "handshake", "data": {"key": found[3]}}
        lines = [
            shake,
            {"type": "manifest_declaration", "data": workspace.plugin()["manifest"]},
            {"type": "endpoint_declaration", "data": [workspace.plugin()["endpoints"]]},
            {"type": "end", "data": {}},
        ]
        wrong = {"type": "handshake", "data": {"key": "wrong"}}
        assert said(address, [wrong]) == "handshake failed, invalid key\n"
        assert said(address, ["no JSON"]) == "handshake failed, invalid handshake message\n"
        assert said(address, [shake, shake]) == "handshake already completed\n"
        assert said(address, [shake, lines[3]]) == "no registration transferred, cannot initialize\n"
        assert said(address, lines) == "plugin tests/documented-duck:0.0.1 is already connected for debugging\n"
        assert httpx.get(f"{workspace.endpoint()}/chunks/1", timeout=60).text == "0\n"


def said(address: tuple[str, int], lines: Sequence[object]) -> str:
    """Connect as a plugin would and return what the workspace answers before it closes."""
    with socket.create_connection(address) as plugin:
        plugin.settimeout(10)
        plugin.sendall("".join(json.dumps(line) + "\n" for line in lines).encode())
        answer = b""
        while part := plugin.recv(1000):
            answer += part
        return answer.decode()


def test_a_request_of_more_than_five_mebibytes_is_too_large_for_a_serverless_plugin() -> None:
    with Workspace(plugin=DUCK, runtime="serverless") as workspace:
        answer = httpx.post(f"{workspace.endpoint()}/seen", content=b"x" * 3_000_000, timeout=60)
        assert answer.status_code == 500
        assert "ServerlessPayloadTooLarge: action=invoke_endpoint payload_bytes=" in answer.text
        unknown = {"event": "session", "session_id": "gone", "data": {"type": "invoke", "data": {}}}
        refused = httpx.post(f"{workspace.url}/workspace/instances/0/backwards-invocation/transaction", json=unknown)
        assert (refused.status_code, refused.json()["data"]["error_type"]) == (400, "SessionNotFound")


def test_without_a_connected_plugin_there_is_no_available_node() -> None:
    with Workspace(plugin=DUCK, runtime="remote", options=["--no-launch"]) as workspace:
        answer = httpx.get(f"{workspace.endpoint()}/chunks/1")
    assert (answer.status_code, answer.text) == (
        404,
        (
            r'{"code":-500,"message":"{\"message\":\"no available node, plugin not found\",'
            r'\"error_type\":\"PluginDaemonInternalServerError\",\"args\":null}","data":null}'
        ),
    )


def test_a_debugged_plugin_has_one_process() -> None:
    told = CliRunner().invoke(main, ["--runtime", "remote", "--instances", "2"])
    assert told.exit_code == 2
    assert told.stderr.endswith(
        "Error: --instances: Dify debugs one process of a plugin at a time, so remote takes no more.\n"
    )


def test_an_endpoint_keeps_its_id_when_its_owner_changes_it(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint(settings={"note": "first"})
    seen = httpx.get(f"{base}/seen").json()
    assert duck_workspace.endpoint(hook=base.rsplit("/", 1)[-1], settings={"note": "second"}) == base
    again = httpx.get(f"{base}/seen").json()
    assert (again["settings"], again["endpoint_id"]) == ({"note": "second"}, seen["endpoint_id"])
