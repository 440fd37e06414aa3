"""What Dify keeps of an app's users, by an app's key: lists, history and memory, each user's own."""

import uuid
from typing import Any

import httpx
import pytest
from dify_client.client import ChatClient

from tests.endpoints.conftest import KEY
from tests.endpoints.keyed.conftest import ByOpenAI, Keyed, dify_of, others, runs
from tests.endpoints.openai.conftest import Chat
from workspace.testing import Workspace

DEMO = "demo-chat"  # keeps its turns
PARROT = "parrot"
NOTHING = {"data": [], "has_more": False, "limit": 20}


def listed(made: ChatClient, user: str, **asked: Any) -> list[tuple[str, str]]:
    """Give a user's conversations: id and name."""
    answer = made.get_conversations(user, **asked)
    assert answer.status_code == 200, answer.text
    return [(one["id"], one["name"]) for one in answer.json()["data"]]


def said(made: ChatClient, user: str, conversation_id: str, **asked: Any) -> list[tuple[str, str]]:
    """Give what was asked and answered in a conversation."""
    answer = made.get_conversation_messages(user, conversation_id, **asked)
    assert answer.status_code == 200, answer.text
    return [(one["query"], one["answer"]) for one in answer.json()["data"]]


def say(made: ChatClient, query: str, user: str, conversation_id: str = "") -> dict[str, Any]:
    answer = made.create_chat_message({}, query, user, conversation_id=conversation_id)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def refused(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["code"], answer.json()["message"]


@pytest.fixture
def bob() -> str:
    """Name a user who has asked nothing yet."""
    return f"bob-{uuid.uuid4().hex}"


@pytest.fixture
def eve() -> str:
    """Name another one."""
    return f"eve-{uuid.uuid4().hex}"


UNKNOWN = (404, "not_found", "Conversation Not Exists.")


def test_each_user_has_conversations_of_their_own(keyed: Keyed, bob: str, eve: str) -> None:
    made = dify_of(ChatClient, keyed(PARROT), PARROT)
    pond = say(made, "the pond", bob)["conversation_id"]
    lake = say(made, "the lake", bob)["conversation_id"]
    assert say(made, "and more", bob, lake)["conversation_id"] == lake
    sea = say(made, "the sea", eve)["conversation_id"]
    assert listed(made, bob) == [(lake, "the lake"), (pond, "the pond")]
    assert listed(made, bob, limit=1) == [(lake, "the lake")]
    assert listed(made, bob, last_id=lake) == [(pond, "the pond")]
    assert listed(made, eve) == [(sea, "the sea")]
    assert listed(made, "nobody") == []
    assert said(made, bob, lake) == [("the lake", "the lake"), ("and more", "and more")]
    assert said(made, bob, lake, limit=1) == [("and more", "and more")]


def test_another_user_sees_and_changes_nothing(keyed: Keyed, bob: str, eve: str) -> None:
    client = keyed(DEMO, PARROT)
    made = dify_of(ChatClient, client, DEMO)
    message = say(made, "count to 1", bob)
    pond = message["conversation_id"]
    assert refused(made.get_conversation_messages(eve, pond)) == UNKNOWN
    assert refused(made.rename_conversation(pond, "mine", eve)) == UNKNOWN
    assert refused(made._send_request("DELETE", f"/conversations/{pond}", {"user": eve})) == UNKNOWN
    assert refused(made.create_chat_message({}, "hi", eve, conversation_id=pond)) == UNKNOWN
    assert refused(made.message_feedback(message["message_id"], "like", eve))[:2] == (404, "not_found")
    assert listed(made, bob) == [(pond, "count to 1")]
    other = dify_of(ChatClient, client, PARROT)
    assert listed(other, bob) == []
    assert refused(other.get_conversation_messages(bob, pond)) == UNKNOWN


def test_a_conversation_is_renamed_and_deleted(keyed: Keyed, bob: str) -> None:
    made = dify_of(ChatClient, keyed(PARROT), PARROT)
    pond = say(made, "the pond", bob)["conversation_id"]
    renamed = made.rename_conversation(pond, "Ducks", bob)
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Ducks")
    assert listed(made, bob) == [(pond, "Ducks")]
    by_itself = made._send_request("POST", f"/conversations/{pond}/name", {"auto_generate": True, "user": bob})
    assert by_itself.json()["name"] == "the pond"
    deleted = made._send_request("DELETE", f"/conversations/{pond}", {"user": bob})
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert listed(made, bob) == []
    assert refused(made.get_conversation_messages(bob, pond)) == UNKNOWN
    assert refused(made.create_chat_message({}, "hi", bob, conversation_id=pond)) == UNKNOWN


def test_questions_are_suggested_and_feedback_is_kept(keyed: Keyed, bob: str) -> None:
    made = dify_of(ChatClient, keyed(DEMO), DEMO)
    message = say(made, "count to 1", bob)
    asked = {"user": bob}
    suggested = made._send_request("GET", f"/messages/{message['message_id']}/suggested", params=asked)
    assert suggested.json() == {
        "result": "success",
        "data": ["Why do you say “count to 1”?", "What time is it?", "Show me some markdown"],
    }
    for rating in ("like", "dislike", None):
        answer = made.message_feedback(message["message_id"], rating, bob)
        assert (answer.status_code, answer.json()) == (200, {"result": "success"})
        [kept] = made.get_conversation_messages(bob, message["conversation_id"]).json()["data"]
        assert kept["feedback"] == (rating and {"rating": rating})


def test_a_workflows_run_is_told_afterwards(keyed: Keyed, bob: str) -> None:
    app_id = "form-text.city"
    client = keyed(app_id)
    run = client.post(f"/duck/{app_id}/workflows/run", json={"inputs": {"city": "Paris"}, "user": bob}).json()
    told = client.get(f"/duck/{app_id}/workflows/run/{run['workflow_run_id']}").json()
    assert (told["status"], told["outputs"]) == ("succeeded", {"city": "Paris"})


@pytest.mark.parametrize("key", ["", KEY], ids=["a stranger", "a stranger who knows the key"])
def test_whom_a_stranger_names_is_nobody(keyed: Keyed, workspace: Workspace, bob: str, key: str) -> None:
    client = keyed(PARROT, access="public", allowed_apps=PARROT)
    made = dify_of(ChatClient, client, PARROT, key=key)
    pond = say(made, "the pond", bob)["conversation_id"]
    before = others(workspace, client)
    asked = {"user": bob}
    for path in ("/conversations", f"/messages?conversation_id={pond}", f"/conversations/{pond}/variables"):
        assert made._send_request("GET", path, params=asked).json() == NOTHING
    for answer in (
        made.rename_conversation(pond, "mine", bob),
        made._send_request("DELETE", f"/conversations/{pond}", asked),
    ):
        assert refused(answer)[:2] == (404, "not_found")
    assert others(workspace, client) == before, "and Dify is not even asked"


# --- memory


def ask(client: httpx.Client, query: str, user: str, **fields: Any) -> str:
    answer = client.post(f"/duck/{DEMO}", json={"query": query, "user": user, **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["conversation_id"])


def gone_on_in(workspace: Workspace, client: httpx.Client) -> list[str]:
    return [request.get("conversation_id") or "" for request in runs(workspace, client)]


def test_a_user_goes_on_in_one_conversation(keyed: Keyed, workspace: Workspace, bob: str, eve: str) -> None:
    client = keyed(DEMO, memory="user")
    pond = ask(client, "count to 1", bob)
    lake = ask(client, "count to 1", eve)
    assert [ask(client, "count to 2", bob), ask(client, "count to 3", bob, city="Paris")] == [pond, pond]
    assert gone_on_in(workspace, client) == ["", "", pond, pond]
    made = dify_of(ChatClient, client, DEMO)
    assert [query for query, _ in said(made, bob, pond)] == ["count to 1", "count to 2", "count to 3"]
    assert listed(made, eve) == [(lake, "count to 1")]


def test_when_the_conversation_was_deleted_memory_begins_anew(keyed: Keyed, workspace: Workspace, bob: str) -> None:
    client = keyed(DEMO, memory="user")
    made = dify_of(ChatClient, client, DEMO)
    pond = ask(client, "count to 1", bob)
    assert made._send_request("DELETE", f"/conversations/{pond}", {"user": bob}).status_code == 204
    lake = ask(client, "count to 1", bob)
    assert lake != pond
    assert ask(client, "count to 2", bob) == lake
    assert gone_on_in(workspace, client) == ["", pond, "", lake]
    assert listed(made, bob) == [(lake, "count to 1")]


@pytest.mark.parametrize("how", [Chat.say, Chat.hear], ids=["whole", "streamed"])
def test_openais_history_goes_on_in_the_same_conversation(
    keyed: Keyed, by_openai: ByOpenAI, workspace: Workspace, how: Any
) -> None:
    client = keyed(PARROT)
    chat = Chat(by_openai(client), PARROT)
    for question in ("the pond", "the lake", "the sea"):
        assert how(chat, question) == question
    first, *after = gone_on_in(workspace, client)
    assert first == ""
    assert after == [after[0], after[0]] != ["", ""]
    assert [request["query"] for request in runs(workspace, client)] == ["the pond", "the lake", "the sea"]


def test_openais_history_begins_anew_where_the_conversation_was_deleted(
    keyed: Keyed, by_openai: ByOpenAI, workspace: Workspace, bob: str
) -> None:
    client = keyed(PARROT)
    chat = Chat(by_openai(client), PARROT, user=bob)
    chat.say("the pond")
    made = dify_of(ChatClient, client, PARROT)
    [(pond, _)] = listed(made, bob)
    assert made._send_request("DELETE", f"/conversations/{pond}", {"user": bob}).status_code == 204
    assert "the lake" in chat.say("the lake")
    assert gone_on_in(workspace, client) == ["", pond, ""]
    assert "the pond" in runs(workspace, client)[-1]["query"], "all of it is told again"


def test_a_response_goes_on_from_the_one_before(keyed: Keyed, by_openai: ByOpenAI, workspace: Workspace) -> None:
    client = keyed(PARROT)
    made = by_openai(client)
    first = made.responses.create(model=PARROT, input="the pond")
    second = made.responses.create(model=PARROT, input="the lake", previous_response_id=first.id)
    assert second.output_text == "the lake"
    begun, gone_on = gone_on_in(workspace, client)
    assert (begun, bool(gone_on)) == ("", True)
