"""Responses as they are written: what openai's own types make of them, and in which order events come."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from relay.errors import AppFailed, AppTimeout, RelayError, TooManyRequests
from relay.event import Event
from relay.outgoing.formats import Named, Telling
from relay.outgoing.openai.response import ResponseEvents, WholeResponse
from tests import events

STREAMED: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
OPTIONS = {"model": "gpt-duck", "created": 7, "id": "own", "echoed": {}}
IDS = {"message_id": "a-1", "conversation_id": "c", "created_at": 1}
SOURCES = [
    {"document_name": "Ducks", "url": "https://pond.example/ducks"},
    {"document_name": "Reeds.pdf", "document_id": "d-2"},
]
THOUGHTFUL: list[Event] = [
    {"event": "agent_thought", **IDS, "id": "t1", "thought": "A duck?"},
    {"event": "agent_message", **IDS, "answer": "Qu"},
    {"event": "agent_thought", **IDS, "id": "t2", "thought": "Yes."},
    {"event": "agent_message", **IDS, "answer": "ack"},
    {
        "event": "message_end",
        **IDS,
        "metadata": {"usage": {"prompt_tokens": 3, "completion_tokens": 2}, "retriever_resources": SOURCES},
    },
]
CITATIONS = [
    {"type": "url_citation", "url": "https://pond.example/ducks", "title": "Ducks", "start_index": 5, "end_index": 5},
    {"type": "file_citation", "file_id": "d-2", "filename": "Reeds.pdf", "index": 1},
]
USAGE = {
    "input_tokens": 3,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 2,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 5,
}
FRAME = {
    "id": "resp_a1",
    "object": "response",
    "created_at": 1,
    "background": False,
    "completed_at": None,
    "conversation": None,
    "error": None,
    "incomplete_details": None,
    "model": "gpt-duck",
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": None,
    "truncation": "disabled",
    "user": None,
    "usage": None,
}


def reasoning(id_: str, text: str) -> dict[str, Any]:
    return {"id": id_, "type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}


def message(id_: str, text: str, citations: Sequence[Any] = (), status: str = "completed") -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [*citations], "logprobs": []}
    return {"id": id_, "type": "message", "status": status, "role": "assistant", "content": [part]}


def written(told: Sequence[Event], *, error: RelayError | None = None, **options: Any) -> list[bytes]:
    """Give the blocks of a whole stream."""
    encoder = ResponseEvents({**OPTIONS, **options})
    said = encoder.opening() + b"".join(map(encoder.event, told))
    said += (encoder.error(error) if error else b"") + encoder.closing()
    assert said.endswith(b"\n\n")
    return said.split(b"\n\n")[:-1]


def streamed(told: Sequence[Event], *, error: RelayError | None = None, **options: Any) -> list[dict[str, Any]]:
    """Give the events of a whole stream, each checked by openai's types and by its number."""
    return list(_checked(written(told, error=error, **options)))


def _checked(blocks: list[bytes]) -> Iterator[dict[str, Any]]:
    for number, block in enumerate(blocks):
        head, data = block.split(b"\n")
        event = json.loads(data.removeprefix(b"data: "))
        assert head.decode() == f"event: {event['type']}"
        assert STREAMED.validate_json(data.removeprefix(b"data: "), strict=True).type == event["type"]
        assert event.pop("sequence_number") == number
        yield event


def whole(told: Sequence[Event], **options: Any) -> dict[str, Any]:
    gatherer = WholeResponse({**OPTIONS, **options})
    for event in told:
        gatherer.add(event)
    response = dict(gatherer.whole())
    Response.model_validate_json(json.dumps(response), strict=True)
    return response


def test_an_answer_comes_in_openais_order() -> None:
    item = {"item_id": "msg_a1_1", "output_index": 1, "content_index": 0}
    thought = {"item_id": "rs_a1_0", "output_index": 0, "summary_index": 0}
    later = {"item_id": "rs_a1_2", "output_index": 2, "summary_index": 0}
    empty = {"type": "summary_text", "text": ""}
    first, answer, second = (
        reasoning("rs_a1_0", "A duck?"),
        message("msg_a1_1", "Quack", CITATIONS),
        reasoning("rs_a1_2", "Yes."),
    )
    begun = {**FRAME, "status": "in_progress", "output": []}
    assert streamed(THOUGHTFUL) == [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": {**first, "summary": []}},
        {"type": "response.reasoning_summary_part.added", **thought, "part": empty},
        {"type": "response.reasoning_summary_text.delta", **thought, "delta": "A duck?"},
        {"type": "response.reasoning_summary_text.done", **thought, "text": "A duck?"},
        {"type": "response.reasoning_summary_part.done", **thought, "part": first["summary"][0]},
        {"type": "response.output_item.done", "output_index": 0, "item": first},
        {
            "type": "response.output_item.added",
            "output_index": 1,
            "item": {**answer, "status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **item, "part": message("", "")["content"][0]},
        {"type": "response.output_text.delta", **item, "delta": "Qu", "logprobs": []},
        {"type": "response.output_text.delta", **item, "delta": "ack", "logprobs": []},
        {
            "type": "response.output_text.annotation.added",
            **item,
            "annotation_index": 0,
            "annotation": CITATIONS[0],
        },
        {
            "type": "response.output_text.annotation.added",
            **item,
            "annotation_index": 1,
            "annotation": CITATIONS[1],
        },
        {"type": "response.output_text.done", **item, "text": "Quack", "logprobs": []},
        {"type": "response.content_part.done", **item, "part": answer["content"][0]},
        {"type": "response.output_item.done", "output_index": 1, "item": answer},
        {"type": "response.output_item.added", "output_index": 2, "item": {**second, "summary": []}},
        {"type": "response.reasoning_summary_part.added", **later, "part": empty},
        {"type": "response.reasoning_summary_text.delta", **later, "delta": "Yes."},
        {"type": "response.reasoning_summary_text.done", **later, "text": "Yes."},
        {"type": "response.reasoning_summary_part.done", **later, "part": second["summary"][0]},
        {"type": "response.output_item.done", "output_index": 2, "item": second},
        {
            "type": "response.completed",
            "response": {**FRAME, "status": "completed", "output": [first, answer, second], "usage": USAGE},
        },
    ]


def test_a_whole_answer_has_its_thoughts_before_it() -> None:
    output = [reasoning("rs_a1_0", "A duck?\n\nYes."), message("msg_a1_1", "Quack", CITATIONS)]
    assert whole(THOUGHTFUL) == {**FRAME, "status": "completed", "output": output, "usage": USAGE}


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (events.CHAT, "Quack"),
        (events.AGENT, "Quack\n\n![image](https://pond.example/duck.png)"),
        (events.chatflow(), "Quack"),
        (events.workflow({"text": "Quack"}), "Quack"),
        (events.workflow({}), ""),
    ],
    ids=["chat", "agent", "chatflow", "workflow", "workflow without a word"],
)
def test_every_kind_of_app_answers_both_ways(told: list[Event], text: str) -> None:
    answer = Response.model_validate(whole(told))
    completed = streamed(told)[-1]
    assert completed["type"] == "response.completed"
    assert (answer.output_text, Response.model_validate(completed["response"]).output_text) == (text, text)


def test_what_dify_takes_back_is_not_in_the_whole_answer() -> None:
    told: list[Event] = [
        {"event": "message", **IDS, "answer": "Bark"},
        {"event": "message_replace", **IDS, "answer": "Quack"},
        {"event": "message_end", **IDS},
    ]
    assert Response.model_validate(whole(told)).output_text == "Quack"
    assert Response.model_validate(streamed(told)[-1]["response"]).output_text == "Bark\n\nQuack"


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
def test_an_answer_that_was_cut_off_says_why(finish: str, reason: str) -> None:
    told = events.chatflow()
    told[2] = {**told[2], "data": {**told[2]["data"], "outputs": {"finish_reason": finish}}}
    last = streamed(told)[-1]
    assert last["type"] == "response.incomplete"
    for response in (last["response"], whole(told)):
        assert (response["status"], response["incomplete_details"]) == ("incomplete", {"reason": reason})
        assert response["output"][-1]["status"] == "incomplete"


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (AppTimeout("Too slow."), "server_error", {"type": "server_error", "code": "app_timeout"}),
        (
            TooManyRequests("Too many."),
            "rate_limit_exceeded",
            {"type": "rate_limit_error", "code": "rate_limit_exceeded"},
        ),
    ],
    ids=["timeout", "rate limit"],
)
def test_a_failure_midway_is_an_exception_to_every_client(error: RelayError, code: str, told: dict[str, str]) -> None:
    *_, failed, last = streamed(events.CHAT[:1], error=error)
    half = message("msg_m_0", "Qu", status="incomplete")
    assert failed == {
        "type": "response.failed",
        "response": {
            **FRAME,
            "id": "resp_m",
            "status": "failed",
            "error": {"code": code, "message": error.message},
            "output": [half],
        },
    }
    assert last == {
        "type": "error",
        "code": told["code"],
        "message": error.message,
        "param": None,
        "error": {"message": error.message, "param": None, **told},
    }


def test_a_failure_before_the_first_event_begins_and_ends_a_response() -> None:
    stream = streamed([], error=AppFailed("It broke."))
    assert [event["type"] for event in stream] == [
        "response.created",
        "response.in_progress",
        "response.failed",
        "error",
    ]
    assert {event["response"]["id"] for event in stream[:3]} == {"resp_own"}
    assert stream[2]["response"]["created_at"] == 7


def test_what_comes_after_a_failure_is_not_told() -> None:
    failed = events.workflow({}, status="failed", error="No reeds.")
    stream = streamed([*failed, {"event": "text_chunk", "data": {"text": "more"}}], error=AppFailed("Again."))
    assert [event["type"] for event in stream[-2:]] == ["response.failed", "error"]
    assert stream[-1]["message"] == "No reeds."
    with pytest.raises(AppFailed, match="No reeds"):
        whole(failed)


def test_a_thought_that_was_cut_off_is_told_as_far_as_it_came() -> None:
    failed = streamed(THOUGHTFUL[:1], error=AppFailed("It broke."))[-2]
    assert failed["response"]["output"] == [reasoning("rs_a1_0", "A duck?")]


def test_the_clients_own_parameters_are_said_again() -> None:
    tool = {"type": "function", "name": "swim", "parameters": {}, "strict": False}
    echoed = {
        "instructions": "Be a duck.",
        "metadata": {"pond": "1"},
        "tools": [tool],
        "temperature": 0.5,
        "text": {"verbosity": "low"},
        "reasoning": {"effort": "low"},
        "previous_response_id": "resp_0",
    }
    told = {
        **echoed,
        "text": {"format": {"type": "text"}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": None},
    }
    for response in (whole(events.CHAT, echoed=echoed), streamed(events.CHAT, echoed=echoed)[-1]["response"]):
        assert {name: response[name] for name in told} == told


def test_an_answer_can_be_named_and_sent_back() -> None:
    encoder, gatherer = ResponseEvents(OPTIONS), WholeResponse(OPTIONS)
    for event in THOUGHTFUL:
        encoder.event(event)
        gatherer.add(event)
    for one in (encoder, gatherer):
        assert isinstance(one, Telling)
        assert isinstance(one, Named)
        assert (one.id, one.text) == ("resp_a1", "Quack")


def test_a_keep_alive_is_one_line_of_comment() -> None:
    assert ResponseEvents(OPTIONS).keep_alive == b": keep-alive\n"
