from typing import Any

import pytest
from requests import Response

from tests.workspace.service_api.clients import chats, completes, events, kinds, work, works
from workspace.testing import Workspace, until


def begun(answer: Response) -> dict[str, Any]:
    return next(events(answer))


def outcome(workspace: Workspace, hook: str) -> str:
    return str(workspace.ended_calls(hook=hook)[0]["outcome"])


@pytest.mark.parametrize("app_id", ["chat-1000-20", "agent-1000-20", "chatflow-1000-20"])
def test_a_stopped_chat_ends_as_dify_ends_it(duck_workspace: Workspace, app_id: str) -> None:
    hook = f"stop-{app_id}"
    client = chats(duck_workspace, app_id, hook)
    told = events(client.create_chat_message({}, "hi", "ann", "streaming"))
    first = next(told)
    path = f"/chat-messages/{first['task_id']}/stop"
    assert client._send_request("POST", path, {"user": "ann"}).json() == {"result": "success"}
    rest = list(told)
    if app_id.startswith("chatflow"):
        assert kinds(rest)[-2:] == ["workflow_finished", "message_end"]
        data = rest[-2]["data"]
        assert (data["status"], data["error"], data["outputs"]) == ("stopped", "Stopped by user.", {})
        assert data["id"] == first["data"]["id"]
    end = rest[-1]
    ids = {name: first[name] for name in ("task_id", "message_id", "conversation_id", "created_at")}
    assert {name: end[name] for name in end if name != "metadata"} == {
        **ids,
        "event": "message_end",
        "id": first["message_id"],
        "files": None,
    }
    assert outcome(duck_workspace, hook) == "aborted"


def test_a_stopped_completion_ends_with_what_it_said(duck_workspace: Workspace) -> None:
    client = completes(duck_workspace, "completion-1000-20")
    told = events(client.create_completion_message({}, "streaming", "ann"))
    first = next(told)
    client._send_request("POST", f"/completion-messages/{first['task_id']}/stop", {"user": "ann"})
    said = [first, *told]
    assert kinds(said) == ["message"] * (len(said) - 1) + ["message_end"]
    assert "conversation_id" not in said[-1]


def test_a_stopped_workflow_ends_with_its_status(duck_workspace: Workspace) -> None:
    client = works(duck_workspace, "workflow-1000-20")
    told = events(work(client, {}, "streaming"))
    first = next(told)
    client._send_request("POST", f"/workflows/tasks/{first['task_id']}/stop", {"user": "ann"})
    end = list(told)[-1]
    assert (end["event"], end["data"]["status"]) == ("workflow_finished", "stopped")
    detail = client._send_request("GET", f"/workflows/run/{first['workflow_run_id']}").json()
    assert (detail["status"], detail["error"]) == ("stopped", "Stopped by user.")


def test_only_the_user_who_began_a_run_stops_it(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "chat-5-20", "stop-other")
    told = events(client.create_chat_message({}, "hi", "ann", "streaming"))
    path = f"/chat-messages/{next(told)['task_id']}/stop"
    elsewhere = chats(duck_workspace, "chat-6-20", "any")
    for stopping, user in ((client, "eve"), (elsewhere, "ann")):
        assert stopping._send_request("POST", path, {"user": user}).json() == {"result": "success"}
    assert kinds(list(told)) == ["message"] * 4 + ["message_end"]
    assert outcome(duck_workspace, "stop-other") == "finished"


def test_a_run_goes_on_when_its_reader_is_gone(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "chat-5-20", "gone")
    answer = client.create_chat_message({}, "hi", "gone-ann", "streaming")
    first = begun(answer)
    answer.close()
    assert outcome(duck_workspace, "gone") == "finished"
    history = client.get_conversation_messages("gone-ann", first["conversation_id"]).json()
    assert [message["answer"] for message in history["data"]] == [" tok0 tok1 tok2 tok3 tok4"]


def test_a_run_whose_reader_is_gone_can_be_stopped(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "chat-1000-20", "gone-2")
    answer = client.create_chat_message({}, "hi", "ann", "streaming")
    first = begun(answer)
    answer.close()
    client._send_request("POST", f"/chat-messages/{first['task_id']}/stop", {"user": "ann"})
    until(lambda: outcome(duck_workspace, "gone-2") == "aborted")


def test_the_turn_after_a_stopped_one_is_answered(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "demo-chat")
    told = events(client.create_chat_message({}, "count to 50", "stop-ann", "streaming"))
    first = next(told)
    client._send_request("POST", f"/chat-messages/{first['task_id']}/stop", {"user": "stop-ann"})
    assert kinds(list(told))[-1] == "message_end"
    again = client.create_chat_message({}, "count to 1", "stop-ann", conversation_id=first["conversation_id"])
    assert again.json()["answer"] == "1. Quack!"


def test_what_does_not_run_can_be_stopped_too(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "chat-1-0")
    assert client._send_request("POST", "/chat-messages/nothing/stop", {"user": "ann"}).json() == {
        "result": "success"
    }
