import uuid
from typing import Any

import pytest

from tests.workspace.service_api.clients import chats, completes, refusal
from workspace.testing import Workspace


def conversation(workspace: Workspace, query: str, user: str, app_id: str = "parrot", **more: Any) -> dict[str, Any]:
    answer = chats(workspace, app_id).create_chat_message({"a": 1}, query, user, **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_conversations_are_listed_by_user_the_latest_first(duck_workspace: Workspace) -> None:
    begun = [conversation(duck_workspace, f"quack {number}", "list-ann") for number in range(3)]
    conversation(duck_workspace, "quack", "list-bob")
    client = chats(duck_workspace, "parrot")
    page = client.get_conversations("list-ann", limit=2).json()
    assert (page["limit"], page["has_more"]) == (2, True)
    assert [one["name"] for one in page["data"]] == ["quack 2", "quack 1"]
    rest = client.get_conversations("list-ann", last_id=page["data"][-1]["id"], limit=2).json()
    first = rest["data"][0]
    assert rest == {
        "limit": 2,
        "has_more": False,
        "data": [
            {
                "id": begun[0]["conversation_id"],
                "name": "quack 0",
                "inputs": {"a": 1},
                "status": "normal",
                "introduction": "Quack?",
                "created_at": first["created_at"],
                "updated_at": first["updated_at"],
            }
        ],
    }
    gone = client.get_conversations("list-ann", last_id=str(uuid.uuid4()))
    assert refusal(gone) == (404, "not_found", "Last Conversation Not Exists.")


def test_a_conversation_is_renamed_and_deleted_by_its_user_alone(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "parrot")
    known = conversation(duck_workspace, "quack", "name-ann")["conversation_id"]
    assert client.rename_conversation(known, "Ducks", "name-ann").json()["name"] == "Ducks"
    by_itself = {"auto_generate": True, "user": "name-ann"}
    assert client._send_request("POST", f"/conversations/{known}/name", by_itself).json()["name"] == "quack"
    unknown = (404, "not_found", "Conversation Not Exists.")
    assert refusal(client.rename_conversation(known, "Geese", "name-bob")) == unknown
    assert refusal(client._send_request("DELETE", f"/conversations/{known}", {"user": "name-bob"})) == unknown
    assert refusal(client.rename_conversation(known, " ", "name-ann"))[:2] == (400, "invalid_param")
    variables = client._send_request("GET", f"/conversations/{known}/variables", params={"user": "name-ann"})
    assert variables.json() == {"limit": 20, "has_more": False, "data": []}
    deleted = client._send_request("DELETE", f"/conversations/{known}", {"user": "name-ann"})
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get_conversations("name-ann").json()["data"] == []
    assert refusal(client.get_conversation_messages("name-ann", known)) == unknown
    again = client.create_chat_message({}, "quack", "name-ann", conversation_id=known)
    assert refusal(again) == unknown


def test_a_name_is_made_only_where_it_is_wanted(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "parrot")
    body = {"inputs": {}, "query": "quack", "user": "unnamed-ann", "auto_generate_name": False}
    client._send_request("POST", "/chat-messages", body)
    client.create_chat_message({}, "duck " * 20, "unnamed-ann")
    names = [one["name"] for one in client.get_conversations("unnamed-ann").json()["data"]]
    assert names == [("duck " * 20)[:75] + "...", "New conversation"]


def test_a_history_is_read_backwards_by_pages(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "parrot")
    known = conversation(duck_workspace, "one", "history-ann")["conversation_id"]
    for query in ("two", "three"):
        conversation(duck_workspace, query, "history-ann", conversation_id=known)
    page = client.get_conversation_messages("history-ann", known, limit=2).json()
    assert (page["limit"], page["has_more"]) == (2, True)
    assert [message["query"] for message in page["data"]] == ["two", "three"]
    first_id = page["data"][0]["id"]
    rest = client.get_conversation_messages("history-ann", known, first_id=first_id, limit=2).json()
    message = rest["data"][0]
    assert rest == {
        "limit": 2,
        "has_more": False,
        "data": [
            {
                "id": message["id"],
                "conversation_id": known,
                "parent_message_id": None,
                "inputs": {"a": 1},
                "query": "one",
                "answer": "one",
                "message_files": [],
                "feedback": None,
                "retriever_resources": [],
                "created_at": message["created_at"],
                "agent_thoughts": [],
                "status": "normal",
                "error": None,
                "extra_contents": [],
            }
        ],
    }
    gone = client.get_conversation_messages("history-ann", known, first_id=str(uuid.uuid4()))
    assert refusal(gone) == (404, "not_found", "First Message Not Exists.")


def test_a_history_has_thoughts_and_files(duck_workspace: Workspace) -> None:
    streamed = chats(duck_workspace, "agent-1-0").create_chat_message({}, "hi", "rich-ann", "streaming").text
    thinking = chats(duck_workspace, "agent-1-0")
    listed = thinking.get_conversations("rich-ann").json()["data"][0]["id"]
    assert listed in streamed
    thought = thinking.get_conversation_messages("rich-ann", listed).json()["data"][0]["agent_thoughts"][0]
    assert (thought["thought"], thought["tool"], thought["observation"]) == (
        "I should ask the duck.",
        "duck",
        "quack",
    )
    rich = conversation(duck_workspace, "hi", "rich-ann", "rich")
    history = chats(duck_workspace, "rich").get_conversation_messages("rich-ann", rich["conversation_id"])
    message = history.json()["data"][0]
    assert [(file["filename"], file["belongs_to"]) for file in message["message_files"]] == [
        ("drake.png", "assistant")
    ]
    assert message["retriever_resources"] == rich["metadata"]["retriever_resources"]


def test_a_history_tells_what_went_wrong(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "broken-1-0-no_more")
    client.create_chat_message({}, "hi", "error-ann", "streaming")
    listed = client.get_conversations("error-ann").json()["data"][0]["id"]
    message = client.get_conversation_messages("error-ann", listed).json()["data"][0]
    assert [message[name] for name in ("answer", "status", "error")] == [" tok0", "error", "no more"]


def test_feedback_is_given_changed_and_taken_back(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "parrot")
    told = conversation(duck_workspace, "quack", "like-ann")

    def rated() -> Any:
        return client.get_conversation_messages("like-ann", told["conversation_id"]).json()["data"][0]["feedback"]

    for rating in ("like", "dislike"):
        assert client.message_feedback(told["id"], rating, "like-ann").json() == {"result": "success"}
        assert rated() == {"rating": rating}
    client.message_feedback(told["id"], None, "like-ann")
    assert rated() is None
    assert refusal(client.message_feedback(told["id"], None, "like-ann"))[:2] == (400, "invalid_param")
    assert refusal(client.message_feedback(told["id"], "love", "like-ann"))[:2] == (400, "invalid_param")
    assert refusal(client.message_feedback(told["id"], "like", "bob")) == (404, "not_found", "Message Not Exists.")


def test_a_completion_is_rated_too(duck_workspace: Workspace) -> None:
    client = completes(duck_workspace, "completion-1-0")
    told = client.create_completion_message({}, "blocking", "ann").json()
    assert client.message_feedback(told["id"], "like", "ann").json() == {"result": "success"}


def test_questions_are_suggested_by_the_app_that_does(duck_workspace: Workspace) -> None:
    said = chats(duck_workspace, "demo-chat").create_chat_message({}, "count to 1", "ask-ann").json()
    path = f"/messages/{said['id']}/suggested"
    asked = chats(duck_workspace, "demo-chat")._send_request("GET", path, params={"user": "ask-ann"})
    assert asked.json() == {
        "result": "success",
        "data": ["Why do you say “count to 1”?", "What time is it?", "Show me some markdown"],
    }
    other = conversation(duck_workspace, "quack", "ask-ann")
    off = chats(duck_workspace, "parrot")._send_request(
        "GET", f"/messages/{other['id']}/suggested", params={"user": "ask-ann"}
    )
    assert refusal(off)[:2] == (403, "app_suggested_questions_after_answer_disabled")


@pytest.mark.parametrize("by", ["bob", "ann"])
def test_a_conversation_is_its_users(duck_workspace: Workspace, by: str) -> None:
    known = conversation(duck_workspace, "quack", "ann")["conversation_id"]
    answer = chats(duck_workspace, "parrot").create_chat_message({}, "quack", by, conversation_id=known)
    if by == "ann":
        assert answer.json()["conversation_id"] == known
    else:
        assert refusal(answer) == (404, "not_found", "Conversation Not Exists.")


def test_conversations_can_be_forgotten(duck_workspace: Workspace) -> None:
    conversation(duck_workspace, "quack", "forgotten-ann")
    duck_workspace.forget_conversations()
    assert chats(duck_workspace, "parrot").get_conversations("forgotten-ann").json()["data"] == []
