"""The demo apps that a visitor of the chat page meets."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from workspace.apps.app import AppCall, Refused
from workspace.apps.catalogue import Catalogue
from workspace.apps.held import Gates
from workspace.apps.named import named_apps
from workspace.settings import Settings
from workspace.storage import Database, StoredFile


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the demo apps talk without their pauses."""
    monkeypatch.setattr("workspace.apps.pace.TOKEN_S", 0)
    monkeypatch.setattr("workspace.apps.pace.STEP_S", 0)


def catalogue(database: Database) -> Catalogue:
    return Catalogue(named_apps(Settings(_env_file=None), database, url="http://workspace.test"))


def run(database: Database, app_id: str, **call: Any) -> list[dict[str, Any]]:
    async def collect() -> list[dict[str, Any]]:
        given = {"inputs": {}, "response_mode": "streaming", **call}
        return [event async for event in catalogue(database).run(AppCall(app_id=app_id, **given))]

    return asyncio.run(collect())


def said(events: list[dict[str, Any]]) -> str:
    return "".join(event["answer"] for event in events if event["event"] in {"message", "agent_message"})


def test_the_guide_takes_an_input_of_every_kind_that_a_chat_is_seen_with(database: Database) -> None:
    told = asyncio.run(catalogue(database).parameters("demo-guide"))
    fields = {kind: field for entry in told["user_input_form"] for kind, field in entry.items()}

    assert [*fields] == ["text-input", "select", "number", "checkbox", "paragraph", "file", "file-list"]
    assert [kind for kind, field in fields.items() if field["required"]] == ["text-input"]
    assert (fields["text-input"]["max_length"], fields["number"]["default"]) == (40, 2)
    assert fields["select"]["default"] in fields["select"]["options"]
    assert told["opening_statement"].startswith("Hello {{name}}")
    assert len(told["suggested_questions"]) == 3


def test_the_guide_answers_in_markdown_about_what_it_was_given(database: Database) -> None:
    note = database.add_file(StoredFile("note.txt", "text/plain", b"12"))
    inputs = {
        "name": "Daisy",
        "pond": "The sea",
        "days": "3",
        "children": True,
        "wishes": "calm\nwater",
        "notes": [{"transfer_method": "tool_file", "type": "document", "tool_file_id": note}],
    }
    text = said(run(database, "demo-guide", query="Plan our days", inputs=inputs))

    assert text == (
        "## Welcome, Daisy!\n\nThis is what I know of you:\n\n| Asked | Told |\n|---|---|\n"
        "| Where to | The sea |\n| Days | 3 |\n| Children | yes |\n| You like | calm water |\n\n"
        "### Your plan\n\n- [x] ask the guide\n"
        "- [ ] day 1: look, by ferry\n- [ ] day 2: listen, by ferry\n- [ ] day 3: go home, with tired children\n\n"
        f"I looked at note.txt (document, 2 bytes, /files/{note})."
    )


def test_the_guides_inputs_count_from_the_beginning_of_a_conversation(database: Database) -> None:
    first = run(database, "demo-guide", query="Hi", inputs={"name": "Daisy", "pond": "The river"})
    # Dify looks at no inputs of one that goes on
    again = run(database, "demo-guide", query="What do we see?", conversation_id=first[0]["conversation_id"])

    assert said(again).startswith("At **the river** there are dippers and a kingfisher.")
    assert said(again).endswith("Before this you asked me: “Hi”")
    with pytest.raises(Refused, match="name is required in input form"):
        run(database, "demo-guide", query="Hi")


def test_the_report_ends_with_outputs_of_every_kind(database: Database) -> None:
    inputs = {"topic": "Ducks", "style": "In rhyme", "options": {"a": [1]}}
    events = run(database, "demo-report", inputs=inputs)

    steps = [event["data"]["title"] for event in events if event["event"] == "node_finished"]
    assert steps == ["Read the sources", "Look up the ducks", "Write", "Lay it out"]
    end = events[-1]["data"]
    assert {name: type(value) for name, value in end["outputs"].items()} == {
        "text": str,
        "ducks": list,
        "words": int,
        "more": str,
        "details": dict,
        "report": dict,
        "pictures": list,
    }
    assert end["outputs"]["details"]["options"] == {"a": [1]}
    report, picture = end["outputs"]["report"], end["outputs"]["pictures"][0]
    assert end["files"] == [report, picture]
    assert (report["dify_model_identity"], report["filename"], report["type"]) == (
        "__dify__file__",
        "report.md",
        "document",
    )
    assert report["url"] == f"http://workspace.test/files/{report['related_id']}"
    kept = database.file(picture["related_id"])
    assert kept is not None
    assert (kept.media_type, len(kept.body)) == ("image/svg+xml", picture["size"])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "topic is required in input form"),
        ({"topic": "x" * 81}, "topic in input form must be less than 80 characters"),
        ({"topic": "x", "style": "Long"}, "style in input form must be one of the following"),
        ({"topic": "x", "style": "Short", "year": "soon"}, "year in input form must be a valid number"),
        ({"topic": "x", "style": "Short", "options": "{}"}, "options in input form must be a dict"),
    ],
)
def test_the_report_refuses_what_dify_would(database: Database, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        run(database, "demo-report", inputs=inputs)
    assert refused.value.status == 400


def test_the_agent_shows_its_tools_and_its_source(database: Database) -> None:
    events = run(database, "demo-agent", query="Why?")

    thoughts = [event for event in events if event["event"] == "agent_thought"]
    assert [(one["position"], one["tool"], bool(one["observation"])) for one in thoughts] == [
        (1, "book_of_birds", False),
        (1, "book_of_birds", True),
        (2, "sound_meter", False),
        (2, "sound_meter", True),
    ]
    assert len({one["id"] for one in thoughts}) == 2
    [source] = events[-1]["metadata"]["retriever_resources"]
    assert (source["document_name"], source["dataset_name"], source["score"]) == (
        "Ducks of Europe.pdf",
        "Birds",
        0.92,
    )
    assert said(events).startswith("You asked “Why?”.")


def test_the_approval_waits_for_a_person(database: Database) -> None:
    events = run(database, "demo-approval", inputs={"what": "Bread", "sum": 12})

    assert Counter(event["event"] for event in events) == {
        "workflow_started": 1,
        "node_started": 1,
        "node_finished": 1,
        "human_input_required": 1,
        "workflow_paused": 1,
    }
    required, paused = events[-2]["data"], events[-1]["data"]
    assert required["form_content"] == "**Bread** for 12 is asked for.\n\nMay it be bought?"
    assert [action["title"] for action in required["actions"]] == ["Buy it", "Not now"]
    assert (paused["status"], paused["paused_nodes"]) == ("paused", [required["node_id"]])
    assert paused["reasons"][0]["form_content"] == required["form_content"]


@pytest.mark.parametrize(
    ("app_id", "before", "last"),
    [
        ("held-{}-2", ["message"] * 2, ["message", "message_end"]),
        (
            "heldworkflow-{}-1",
            ["workflow_started", "node_started", "text_chunk", "node_finished", "node_started"],
            ["node_finished", "workflow_finished"],
        ),
        (
            "heldchatflow-{}-1",
            ["workflow_started", "node_started", "message", "node_finished"],
            ["message_end", "workflow_finished"],
        ),
    ],
)
def test_an_app_holds_its_end_back_until_it_is_let_through(
    database: Database, app_id: str, before: list[str], last: list[str]
) -> None:
    async def watch() -> tuple[list[str], list[str]]:
        gates, seen = Gates(), list[str]()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("workspace.apps.held.GATES", gates)
            events = catalogue(database).run(
                AppCall(app_id=app_id.format("pond"), inputs={}, query="x", response_mode="streaming")
            )
            while len(seen) < len(before):
                seen.append((await anext(events))["event"])
            rest = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            assert not rest.done()
            gates.open("pond")
            told = [(await rest)["event"]]
            return seen, told + [event["event"] async for event in events]

    assert asyncio.run(watch()) == (before, last)
