import json
from typing import Any

import pytest

from tests.workspace.service_api.clients import chats, completes, events, kinds, work, works
from workspace.testing import Workspace


def test_a_chat_answers_in_one_piece_and_goes_on_in_its_conversation(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "demo-chat")
    first = client.create_chat_message({}, "count to 1", "ann").json()
    assert set(first) == {
        *("event", "task_id", "id", "message_id", "conversation_id", "mode", "answer", "metadata", "created_at")
    }
    assert (first["event"], first["mode"], first["answer"]) == ("message", "chat", "1. Quack!")
    again = {"conversation_id": first["conversation_id"], "response_mode": "streaming"}
    second = list(events(client.create_chat_message({}, "time", "ann", **again)))
    assert {event["conversation_id"] for event in second} == {first["conversation_id"]}
    assert "“count to 1”" in "".join(event.get("answer", "") for event in second)


@pytest.mark.parametrize(
    ("app_id", "told"),
    [
        ("chat-2-0", ["message", "message", "message_end"]),
        ("agent-2-0", ["agent_thought", "agent_message", "agent_message", "message_end"]),
        (
            "chatflow-1-0",
            ["workflow_started", "node_started", "message", "node_finished", "message_end", "workflow_finished"],
        ),
    ],
)
def test_a_chat_is_streamed(duck_workspace: Workspace, app_id: str, told: list[str]) -> None:
    answer = chats(duck_workspace, app_id).create_chat_message({}, "hi", "ann", "streaming")
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert kinds(list(events(answer))) == told


def test_a_workflow_runs_both_ways_and_its_run_is_told(duck_workspace: Workspace) -> None:
    client = works(duck_workspace, "mirror")
    streamed = list(events(work(client, {"a": 1}, "streaming")))
    assert kinds(streamed) == ["workflow_started", "workflow_finished"]
    run = work(client, {"a": 1}).json()
    assert set(run) == {"workflow_run_id", "task_id", "data"}
    assert (run["data"]["status"], run["data"]["outputs"]) == ("succeeded", {"a": 1})
    detail = client._send_request("GET", f"/workflows/run/{run['workflow_run_id']}").json()
    same = ("workflow_id", "status", "outputs", "error", "total_steps", "total_tokens")
    assert detail == {
        **{name: run["data"][name] for name in (*same, "created_at", "finished_at", "elapsed_time")},
        "id": run["workflow_run_id"],
        "inputs": '{"a": 1}',
    }


@pytest.mark.parametrize("mode", ["blocking", "streaming"])
def test_a_completion_app_runs_here_that_fails_by_reverse_invocation(duck_workspace: Workspace, mode: str) -> None:
    answer = completes(duck_workspace, "realcompletion").create_completion_message({}, mode, "ann")
    told = list(events(answer)) if mode == "streaming" else [answer.json()]
    assert "".join(event.get("answer", "") for event in told) == " tok0 tok1 tok2"
    assert not any("conversation_id" in event for event in told)


def test_a_completion_app_gets_query_and_inputs(duck_workspace: Workspace) -> None:
    client = completes(duck_workspace, "demo-completion")
    body = {"inputs": {"topic": "a lake"}, "query": "Go on", "user": "ann"}
    answer = client._send_request("POST", "/completion-messages", body).json()["answer"]
    assert answer.startswith("A duck once sat by a lake")
    assert answer.endswith("\n\nYou said “Go on”.")


def test_the_app_hears_what_was_sent_and_the_journal_keeps_it_without_the_key(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "echo", "journal-1")
    file = {"type": "image", "transfer_method": "remote_url", "url": "https://example.org/duck.png"}
    answer = client.create_chat_message({"a": 1}, "hi", "ann", files=[file]).json()["answer"]
    heard: dict[str, Any] = {"inputs": {"a": 1}, "query": "hi", "response_mode": "blocking", "user": "ann"}
    assert json.loads(answer) == {**heard, "app_id": "echo", "conversation_id": "", "files": [file]}
    client.get_application_parameters("ann")
    calls = [
        (call["type"], call["outcome"], call["events"], call["request"])
        for call in duck_workspace.calls(hook="journal-1")
    ]
    way = {"way": "service_api", "app_id": "echo"}
    asked = {"method": "GET", "path": "/parameters", "query": {"user": "ann"}, "body": None}
    assert calls == [
        ("app", "finished", 2, {**heard, **way, "files": [file]}),
        ("service_api", "finished", 0, {**way, **asked}),
    ]


def test_a_silent_app_is_bridged_by_pings(duck_workspace: Workspace) -> None:
    base_url = duck_workspace.endpoint(faults={"service_api_ping_s": 0.1})
    answer = chats(duck_workspace, "silent-0.35", base_url).create_chat_message({}, "hi", "ann", "streaming")
    pings, _, rest = answer.text.partition("data: ")
    assert pings
    assert not pings.replace("event: ping\n\n", "")
    assert '"answer":"late"' in rest


@pytest.mark.parametrize("app_id", ["numbers", "malformed", "unknownevents"])
def test_whatever_an_app_sends_comes_through(duck_workspace: Workspace, app_id: str) -> None:
    if app_id == "numbers":
        answer = work(works(duck_workspace, app_id), {}, "streaming")
    else:
        answer = chats(duck_workspace, app_id).create_chat_message({}, "hi", "ann", "streaming")
    told = list(events(answer))
    assert len(told) == duck_workspace.calls(app_id=app_id)[-1]["events"]


def test_numbers_that_are_no_json_come_in_one_piece_too(duck_workspace: Workspace) -> None:
    outputs = work(works(duck_workspace, "numbers"), {}).json()["data"]["outputs"]
    assert (outputs["text"], outputs["huge"]) == ("counted", 10**400)


def test_an_app_tells_of_itself(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "demo-chat")

    def told(path: str) -> dict[str, Any]:
        return dict(client._send_request("GET", path).json())

    assert told("/info") == {
        "name": "Duck of the pond",
        "description": "Talks about what you say.",
        "tags": ["duck"],
        "mode": "chat",
        "author_name": "workspace",
    }
    assert told("/meta") == {"tool_icons": {}}
    site = told("/site")
    assert (site["title"], site["icon"], site["icon_type"], site["icon_background"]) == (
        *("Duck of the pond", "🦆", "emoji"),
        "#FFEAD5",
    )
    parameters = told("/parameters")
    assert parameters["file_upload"] == {"enabled": True, "number_limits": 5}
    assert parameters["speech_to_text"] == {"enabled": False}
    assert parameters["system_parameters"]["image_file_size_limit"] == 10


@pytest.mark.parametrize(
    ("app_id", "mode"),
    [
        ("workflow-1-0", "workflow"),
        ("completion-1-0", "completion"),
        ("agent-1-0", "agent-chat"),
        ("chatflow-1-0", "advanced-chat"),
    ],
)
def test_info_tells_the_mode(duck_workspace: Workspace, app_id: str, mode: str) -> None:
    info = chats(duck_workspace, app_id)._send_request("GET", "/info").json()
    assert (info["name"], info["mode"]) == (app_id, mode)
