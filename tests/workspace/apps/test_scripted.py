import asyncio
import json
import math
import zlib
from collections import Counter
from typing import Any

import pytest

from workspace.apps.app import AppCall, Broken, Refused
from workspace.apps.catalogue import Catalogue


async def collect(app_id: str, seen: list[dict[str, Any]], **call: Any) -> None:
    given: dict[str, Any] = {"inputs": {}, "query": "quack", **call}
    async for event in Catalogue({}).run(AppCall(app_id=app_id, **given)):
        seen.append(event)  # noqa: PERF401 - what came before an error counts as well


def run(app_id: str, **call: Any) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    asyncio.run(collect(app_id, seen, **call))
    return seen


@pytest.mark.parametrize(
    ("app_id", "events"),
    [
        ("chat-2-0", {"message": 2, "message_end": 1}),
        ("chat-2", {"message": 2, "message_end": 1}),
        ("agent-2-0", {"agent_thought": 1, "agent_message": 2, "message_end": 1}),
        ("completion-1-0", {"message": 1, "message_end": 1}),
        (
            "workflow-2-0",
            {"workflow_started": 1, "node_started": 2, "text_chunk": 2, "node_finished": 2, "workflow_finished": 1},
        ),
        (
            "chatflow-1-0",
            {
                "workflow_started": 1,
                "node_started": 1,
                "message": 1,
                "node_finished": 1,
                "message_end": 1,
                "workflow_finished": 1,
            },
        ),
        ("burst-30", {"message": 30, "message_end": 1}),
        ("silent-0.01", {"message": 1, "message_end": 1}),
        ("cut-2", {"message": 2}),
        ("errorevent-1-429-quota", {"message": 1, "error": 1}),
        (
            "failed-1",
            {"workflow_started": 1, "node_started": 1, "text_chunk": 1, "node_finished": 1, "workflow_finished": 1},
        ),
        (
            "failedchatflow-1",
            {
                "workflow_started": 1,
                "node_started": 1,
                "message": 1,
                "node_finished": 1,
                "workflow_finished": 1,
                "error": 1,
            },
        ),
        ("stopped-0", {"workflow_started": 1, "workflow_finished": 1}),
        ("parrot", {"message": 1, "message_end": 1}),
        ("mirror-1", {"workflow_started": 1, "workflow_finished": 1}),
        ("paused", {"workflow_started": 1, "human_input_required": 1, "workflow_paused": 1}),
        ("xss", {"message": 3, "message_end": 1}),
        ("unknownevents", {"duck_landed": 1, "message": 1, "feather": 1, "message_end": 1, "tts_message_end": 1}),
    ],
)
def test_an_id_says_which_events_come(app_id: str, events: dict[str, int]) -> None:
    assert Counter(event["event"] for event in run(app_id)) == events


def test_the_text_behind_a_messages_number_is_another_in_each_message_and_the_same_in_every_run() -> None:
    one, other = ([event["answer"].split(" ", 2)[2] for event in run("chat-40-0-60")[:-1]] for _ in range(2))
    assert one == other
    assert len(set(one)) == 40


@pytest.mark.parametrize(("kind", "least", "most"), [("words", 0.3, 0.6), ("base64", 0.7, 1.0)])
def test_the_text_compresses_as_such_a_text_does(kind: str, least: float, most: float) -> None:
    text = "".join(event["answer"] for event in run(f"chat-200-0-1000-{kind}")[:-1]).encode()
    assert least < len(zlib.compress(text, 1)) / len(text) < most


def test_sizes_are_as_named() -> None:
    for kind in ("", "-words", "-base64"):
        answers = [event["answer"] for event in run(f"chat-101-0-7000{kind}")[:-1]]
        assert [(answer.split(" ")[1], len(answer)) for answer in answers] == [
            (f"tok{number}", len(f" tok{number}") + 7000) for number in range(101)
        ]
    assert len(run("big-1000")[0]["answer"]) == 1000


@pytest.mark.parametrize(
    "app_id",
    ["duck", "chat", "chat-x-0", "chat-1-0-9-runes", "silent", "silent-soon", "http-429", "burst-1.5", "form", ""],
)
def test_an_id_that_says_nothing_is_no_app(app_id: str) -> None:
    with pytest.raises(Refused, match="app not found"):
        run(app_id)


def test_a_conversation_is_continued() -> None:
    assert {event["conversation_id"] for event in run("chat-2-0", conversation_id="c1")} == {"c1"}


def test_a_stream_breaks_after_its_events() -> None:
    seen: list[dict[str, Any]] = []
    with pytest.raises(Broken, match="quota exceeded"):
        asyncio.run(collect("broken-3", seen))
    assert [event["answer"] for event in seen] == [" tok0", " tok1", " tok2"]


def test_a_blocking_answer_of_a_stream_without_end_is_refused() -> None:
    with pytest.raises(Refused, match="the answer stopped without message_end"):
        run("cut-1", response_mode="blocking")


@pytest.mark.parametrize("app_id", ["form-text", "form-text.", "form-photo.p", "form-text.a-b", "form-file.f.asked"])
def test_a_form_with_a_field_that_is_none_is_no_app(app_id: str) -> None:
    with pytest.raises(Refused, match="app not found"):
        run(app_id)


# Dify's generate_task_pipeline.py: only a chatflow sends an error after the end of its workflow
@pytest.mark.parametrize(
    ("app_id", "nodes", "ends"),
    [
        ("workflow-2-0", ["succeeded", "succeeded"], [("workflow_finished", "succeeded", None)]),
        ("failed-2", ["succeeded", "failed"], [("workflow_finished", "failed", "the duck flew away")]),
        ("stopped-2", ["succeeded", "succeeded"], [("workflow_finished", "stopped", "Stopped by user.")]),
        (
            "failedchatflow-2",
            ["succeeded", "failed"],
            [
                ("workflow_finished", "failed", "the duck flew away"),
                ("error", 400, "Run failed: the duck flew away"),
            ],
        ),
        ("chatflow-1-0", ["succeeded"], [("message_end", None, None), ("workflow_finished", "succeeded", None)]),
    ],
)
def test_a_workflow_and_a_chatflow_end_as_on_dify(
    app_id: str, nodes: list[str], ends: list[tuple[str, object, object]]
) -> None:
    events = run(app_id)
    assert [event["data"]["status"] for event in events if event["event"] == "node_finished"] == nodes
    last = [event.get("data", event) | {"event": event["event"]} for event in events[-len(ends) :]]
    told = [(event["event"], event.get("status"), event.get("error", event.get("message"))) for event in last]
    assert told == ends
    assert (app_id.startswith("chatflow")) == any(event["event"] == "message_end" for event in events)


def test_an_error_event_has_the_ids_of_its_message_and_no_task() -> None:
    message, error = run("errorevent-1-404-not_found-Slack_API:_conversation_not_found", conversation_id="c1")
    assert error == {
        "event": "error",
        "conversation_id": "c1",
        "message_id": message["message_id"],
        "created_at": message["created_at"],
        "code": "not_found",
        "message": "Slack API: conversation not found",
        "status": 404,
    }


def test_a_stream_breaks_with_the_text_of_its_id() -> None:
    seen: list[dict[str, Any]] = []
    with pytest.raises(Broken, match=r"^\[tool crm\] Error: User not found in CRM$"):
        asyncio.run(collect("broken-1-0-[tool_crm]_Error:_User_not_found_in_CRM", seen))
    assert [event["answer"] for event in seen] == [" tok0"]


@pytest.mark.parametrize(
    "app_id", ["failedchatflow-1", "errorevent-1-400-invalid_param-Run_failed:_the_duck_flew_away"]
)
def test_a_blocking_answer_is_refused_with_the_error_of_the_stream(app_id: str) -> None:
    with pytest.raises(Refused, match=r"^Run failed: the duck flew away$") as refused:
        run(app_id, response_mode="blocking")
    assert refused.value.status == 400


@pytest.mark.parametrize(("app_id", "status"), [("failed-1", "failed"), ("stopped-1", "stopped")])
def test_a_blocking_answer_of_a_failed_workflow_tells_its_status(app_id: str, status: str) -> None:
    [answer] = run(app_id, response_mode="blocking")
    assert (set(answer), answer["data"]["status"]) == ({"task_id", "workflow_run_id", "data"}, status)


def test_of_several_runs_each_tells_whose_it_is() -> None:
    for word in ("one", "two"):
        assert run("parrot", query=word)[0]["answer"] == word
        assert run("mirror", inputs={"query": word})[-1]["data"]["outputs"] == {"query": word}


FORM = "text.city.required-number.days-file.map-files.photos"
MAP = {"transfer_method": "remote_url", "type": "image", "url": "https://pond.example/map.png"}


@pytest.mark.parametrize(
    ("inputs", "taken"),
    [
        ({"city": "Paris", "other": 1}, {"city": "Paris"}),
        ({"city": "", "days": 0}, {"city": "", "days": 0}),
        (
            {
                "city": "x",
                "map": MAP,
                "photos": [],
            },
            {
                "city": "x",
                "map": MAP,
                "photos": [],
            },
        ),
    ],
)
def test_a_form_takes_what_it_declares(inputs: dict[str, Any], taken: dict[str, Any]) -> None:
    assert run(f"form-{FORM}", inputs=inputs)[-1]["data"]["outputs"] == taken
    assert json.loads(run(f"chatform-{FORM}", inputs=inputs)[0]["answer"]) == taken


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "city is required in input form"),
        ({"city": None}, "city is required in input form"),
        ({"city": ["a"]}, "(type 'text-input') city in input form must be a string"),
        ({"city": "x", "map": "m.png"}, "map in input form must be a file"),
        ({"city": "x", "map": [{}]}, "map in input form must be a file"),
        ({"city": "x", "photos": {"transfer_method": "tool_file"}}, "photos in input form must be a list of files"),
        ({"city": "x", "photos": [{"transfer_method": "tool_file"}]}, "Invalid upload file"),
    ],
)
def test_a_form_refuses_what_does_not_fit(inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused) as refused:
        run(f"form-{FORM}", inputs=inputs)
    assert (refused.value.status, str(refused.value)) == (400, message)


KINDS = "text.t.3-select.s.options+Big+Small-number.n-checkbox.c-json.j-files.f.1"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"t": "abc", "s": "Big", "j": {"a": 1}}, {"t": "abc", "s": "Big", "j": {"a": 1}}),
        ({"n": "7", "c": "on"}, {"n": 7, "c": True}),
        ({"n": "7.5", "c": "no"}, {"n": 7.5, "c": False}),
        ({"n": " ", "c": 1, "j": ""}, {"n": None, "c": True, "j": ""}),
        ({"n": -2, "c": "perhaps", "f": ""}, {"n": -2, "c": "perhaps", "f": None}),
        ({"s": None, "n": None, "c": None, "j": None}, {"s": None, "n": None, "c": None, "j": None}),
        ({"t": None}, {"t": ""}),
    ],
)
def test_an_input_of_each_kind_becomes_what_dify_makes_of_it(given: dict[str, Any], taken: dict[str, Any]) -> None:
    assert run(f"form-{KINDS}", inputs=given)[-1]["data"]["outputs"] == taken


@pytest.mark.parametrize(
    ("given", "status", "message"),
    [
        ({"t": 5}, 400, "(type 'text-input') t in input form must be a string"),
        ({"t": "abcd"}, 400, "t in input form must be less than 3 characters"),
        ({"s": ""}, 400, "s in input form must be one of the following: ['Big', 'Small']"),
        ({"s": True}, 400, "(type 'select') s in input form must be a string"),
        ({"n": "two"}, 400, "n in input form must be a valid number"),
        ({"n": []}, 500, "expected value type int, float or str, got <class 'list'>, value: []"),
        ({"j": "{}"}, 400, "j in input form must be a dict"),
        ({"f": [{}, {}]}, 400, "f in input form must be less than 1 files"),
    ],
)
def test_an_input_of_each_kind_is_refused_as_dify_does(given: dict[str, Any], status: int, message: str) -> None:
    with pytest.raises(Refused) as refused:
        run(f"form-{KINDS}", inputs=given)
    assert (refused.value.status, str(refused.value)) == (status, message)


def test_a_form_tells_its_options_and_limits() -> None:
    told = asyncio.run(Catalogue({}).parameters("form-text.t.3.default+Hi-select.s.options+Big+Small-checkbox.c"))
    assert told["user_input_form"] == [
        {"text-input": {"variable": "t", "label": "T", "required": False, "default": "Hi", "max_length": 3}},
        {
            "select": {
                "variable": "s",
                "label": "S",
                "required": False,
                "default": None,
                "options": ["Big", "Small"],
            }
        },
        {"checkbox": {"variable": "c", "label": "C", "required": False, "default": None}},
    ]


LINK = {"transfer_method": "remote_url", "type": "image", "url": "https://pond.example/a.PNG"}
LIMITED = "file.f.image+custom.ext+zip+duck-files.l.2.local_file"


@pytest.mark.parametrize(
    "inputs",
    [
        {"f": LINK},
        {"f": {**LINK, "type": "document", "url": "https://pond.example/a.ZIP"}},
        {"f": {**LINK, "type": "custom", "url": "https://pond.example/a.duck"}},
        {"f": {"transfer_method": "tool_file", "tool_file_id": "1", "type": "video"}},
        {"l": [LINK]},
        {"l": [{**LINK, "transfer_method": "local_file", "upload_file_id": "1"}] * 2},
    ],
)
def test_a_form_takes_the_files_that_it_allows(inputs: dict[str, Any]) -> None:
    assert run(f"form-{LIMITED}", inputs=inputs)[-1]["data"]["outputs"] == inputs


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"f": {**LINK, "type": "video"}}, "File validation failed for file: a.PNG"),
        ({"f": {**LINK, "type": "custom"}}, "File validation failed for file: a.PNG"),
        ({"f": {**LINK, "type": "custom", "url": "https://pond.example/a"}}, "File validation failed for file: a"),
        ({"l": [{**LINK, "type": "document"}]}, "File validation failed for file: a.PNG"),
        ({"l": [LINK] * 3}, "l in input form must be less than 2 files"),
    ],
)
def test_a_form_refuses_the_files_that_it_does_not_allow(inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused) as refused:
        run(f"form-{LIMITED}", inputs=inputs)
    assert (refused.value.status, str(refused.value)) == (400, message)


def test_what_a_form_allows_is_told_by_fetch_app() -> None:
    told = asyncio.run(Catalogue({}).parameters(f"small-{LIMITED}"))
    allowed = [next(iter(one.values())) for one in told["user_input_form"]]
    assert [(one["allowed_file_types"], one["allowed_file_extensions"]) for one in allowed] == [
        (["image", "custom"], ["zip", "duck"]),
        (["image", "document", "audio", "video", "custom"], []),
    ]
    assert allowed[1]["allowed_file_upload_methods"] == ["local_file"]
    assert allowed[1]["max_length"] == 2
    assert told["system_parameters"]["image_file_size_limit"] == told["system_parameters"]["file_size_limit"] == 1
    assert asyncio.run(Catalogue({}).parameters("echo"))["system_parameters"]["file_size_limit"] == 15


def test_a_form_is_told_by_fetch_app() -> None:
    told = asyncio.run(Catalogue({}).parameters(f"chatform-{FORM}"))
    fields = [(kind, field) for one in told["user_input_form"] for kind, field in one.items()]
    assert [(kind, field["variable"], field["required"]) for kind, field in fields] == [
        ("text-input", "city", True),
        ("number", "days", False),
        ("file", "map", False),
        ("file-list", "photos", False),
    ]
    assert (told["opening_statement"], told["suggested_questions"]) == ("", [])


@pytest.mark.parametrize(("app_id", "statement"), [("chat-1", "Quack?"), ("workflow-1", ""), ("completion-1", "")])
def test_only_a_chat_opens_with_a_statement(app_id: str, statement: str) -> None:
    assert asyncio.run(Catalogue({}).parameters(app_id))["opening_statement"] == statement


def test_numbers_may_be_none_that_a_float_or_json_holds() -> None:
    *_, node, end = run("numbers")
    assert node["data"]["elapsed_time"] == end["data"]["elapsed_time"] == 10**400
    assert math.isnan(end["data"]["outputs"]["nan"])
    assert end["data"]["total_steps"] == math.inf
