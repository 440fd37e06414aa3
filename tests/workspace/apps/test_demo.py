import asyncio
from typing import Any

import pytest

from workspace.apps.app import AppCall, Refused
from workspace.apps.catalogue import Catalogue
from workspace.apps.named import named_apps
from workspace.settings import Settings
from workspace.storage import Database, StoredFile


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the demo apps talk without their pauses."""
    monkeypatch.setattr("workspace.apps.pace.TOKEN_S", 0)
    monkeypatch.setattr("workspace.apps.pace.STEP_S", 0)


def run(database: Database, app_id: str, **call: Any) -> list[dict[str, Any]]:
    async def collect() -> list[dict[str, Any]]:
        apps = Catalogue(named_apps(Settings(_env_file=None), database))
        given = {"inputs": {}, "response_mode": "streaming", **call}
        return [event async for event in apps.run(AppCall(app_id=app_id, **given))]

    return asyncio.run(collect())


def said(events: list[dict[str, Any]]) -> str:
    return "".join(event["answer"] for event in events if event["event"] == "message")


def test_the_chat_counts_when_asked_to(database: Database) -> None:
    events = run(database, "demo-chat", query="Please count to 5")
    assert said(events) == "1, 2, 3, 4, 5. Quack!"
    assert {event["event"] for event in events[:-1]} == {"message"}
    end = events[-1]
    assert (end["event"], end["metadata"]["usage"]["completion_tokens"]) == ("message_end", 6)


def test_the_chat_remembers_its_conversation(database: Database) -> None:
    first = run(database, "demo-chat", query="Hello duck")
    conversation = first[0]["conversation_id"]
    second = run(database, "demo-chat", query="And again", conversation_id=conversation)
    assert second[0]["conversation_id"] == conversation
    assert said(second).endswith("This is turn 2 of our conversation; last time you said “Hello duck”.")
    third = said(run(database, "demo-chat", query="What time is it?", conversation_id=conversation))
    assert [line.partition(" – ")[2] for line in third.splitlines()[2:]] == ["“Hello duck”", "“And again”"]


@pytest.mark.parametrize("user", ["mallory", "alice"])
def test_a_conversation_belongs_to_its_user(database: Database, user: str) -> None:
    conversation = run(database, "demo-chat", query="Hello", user="alice")[0]["conversation_id"]
    if user == "alice":
        assert "turn 2" in said(run(database, "demo-chat", query="x", user=user, conversation_id=conversation))
        return
    with pytest.raises(Refused) as refused:
        run(database, "demo-chat", query="x", user=user, conversation_id=conversation)
    assert refused.value.body == '{"code":"invalid_param","message":"","status":400}'


def test_files_are_told_by_name_type_size_and_address(database: Database) -> None:
    file_id = database.add_file(StoredFile("pond.pdf", "application/pdf", b"1234"))
    inputs = {
        "picture": {"transfer_method": "remote_url", "type": "image", "url": "https://example.org/a/duck.png"},
        "documents": [{"transfer_method": "tool_file", "type": "document", "tool_file_id": file_id}],
        "undeclared": "dropped",
    }
    answer = said(run(database, "demo-chat", query="look", inputs=inputs))
    assert "In `picture` I see duck.png (image, size unknown, https://example.org/a/duck.png)." in answer
    assert f"In `documents` I see pond.pdf (document, 4 bytes, /files/{file_id})." in answer


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"picture": "duck.png"}, "picture in input form must be a file"),
        ({"documents": {"transfer_method": "remote_url"}}, "documents in input form must be a list of files"),
        ({"picture": {"transfer_method": "tool_file", "tool_file_id": "gone"}}, "Invalid upload file"),
        ({"name": ["a"]}, "name in input form must be a string"),
    ],
)
def test_wrong_inputs_are_refused(database: Database, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        run(database, "demo-chat", query="x", inputs=inputs)
    assert refused.value.status == 400


def test_the_workflow_splits_counts_and_summarises(database: Database) -> None:
    events = run(database, "demo-workflow", inputs={"text": "Ducks swim. Ducks quack all day!"})
    started = [event["data"]["title"] for event in events if event["event"] == "node_started"]
    assert started == ["Split", "Count", "Summarise"]
    outputs = events[-1]["data"]["outputs"]
    assert outputs == {
        "text": "6 words in 2 sentences, in short: Ducks swim.",
        "sentences": 2,
        "words": 6,
        "characters": 32,
        "first": "Ducks swim.",
        "files": [],
    }
    assert "".join(event["data"]["text"] for event in events if event["event"] == "text_chunk") == outputs["text"]


def test_a_blocking_answer_holds_what_the_stream_would_have(database: Database) -> None:
    [chat] = run(database, "demo-chat", query="count to 2", response_mode="blocking")
    assert (chat["event"], chat["mode"], chat["answer"]) == ("message", "chat", "1, 2. Quack!")
    [workflow] = run(database, "demo-workflow", response_mode="blocking")
    assert (set(workflow), workflow["data"]["status"]) == ({"workflow_run_id", "task_id", "data"}, "succeeded")
    [completion] = run(database, "demo-completion", inputs={"topic": "a lake"}, response_mode="blocking")
    assert completion["answer"].startswith("A duck once sat by a lake")


def test_the_forms_declare_a_file_and_a_file_list(database: Database) -> None:
    apps = Catalogue(named_apps(Settings(_env_file=None), database))
    form = asyncio.run(apps.parameters("demo-chat"))["user_input_form"]
    assert [(kind, field["variable"]) for entry in form for kind, field in entry.items()] == [
        ("text-input", "name"),
        ("file", "picture"),
        ("file-list", "documents"),
    ]
