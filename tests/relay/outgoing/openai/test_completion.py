"""A chat completion on the wire: exact bytes, and what OpenAI's own types say of them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from relay.errors import AppFailed, TooManyRequests
from relay.outgoing.openai.completion import Chunks, WholeCompletion
from tests.relay.outgoing.openai.events import (
    AGENT,
    BOTH,
    CHAT,
    CHATFLOW,
    PAUSED,
    SILENT,
    SOURCES,
    TAKEN_BACK,
    WORKFLOW,
    chunk,
    end,
    file,
    finished,
    message,
    node,
    started,
)

OPTIONS: Mapping[str, Any] = {"model": "duck", "created": 1_600_000_000, "include_usage": False}
WITH_USAGE = {**OPTIONS, "include_usage": True}

type Events = Iterable[dict[str, Any]]

EVERY_KIND = pytest.mark.parametrize(
    ("events", "text"),
    [
        (CHAT, "Quack"),
        (AGENT, "Quack"),
        (CHATFLOW, "Quack"),
        (WORKFLOW, "Quack"),
        (SILENT, '{\n  "count": 2\n}'),
        (PAUSED, "May it swim?"),
        ([message("Quack"), file(url="https://a.example/b.png"), end()], "Quack\n\n![image](https://a.example/b.png)"),
        ([message("Quack"), end(retriever_resources=SOURCES)], "Quack"),
        ([node({"finish_reason": "length"}, ids=BOTH), *CHAT], "Quack"),
        ([*CHAT[:2], {"event": "message_end"}], "Quack"),
        ([started(), finished(status="partial-succeeded")], ""),
        ([{"event": "message", "answer": "Qu"}, *CHAT[1:]], "Quack"),
    ],
    ids=[
        "chat", "agent", "chatflow", "workflow", "workflow that streams nothing", "paused", "file", "sources", "cut",
        "no usage", "no text", "ids come late",
    ],
)  # fmt: skip


def written(events: Events, options: Mapping[str, Any] = OPTIONS) -> bytes:
    encoder = Chunks(options)
    return encoder.opening() + b"".join(map(encoder.event, events)) + encoder.closing()


def read(content: bytes) -> list[dict[str, Any]]:
    """Give what stands in the blocks, each of which is one `data:` line; `[DONE]` comes last."""
    *blocks, done, rest = content.split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    assert all(block.startswith(b"data: ") and b"\n" not in block for block in blocks)
    return [json.loads(block.removeprefix(b"data: ")) for block in blocks]


def chunks(events: Events, options: Mapping[str, Any] = OPTIONS) -> list[ChatCompletionChunk]:
    return [ChatCompletionChunk.model_validate(one, strict=True) for one in read(written(events, options))]


def whole(events: Events, options: Mapping[str, Any] = OPTIONS) -> dict[str, Any]:
    gatherer = WholeCompletion(options)
    for event in events:
        gatherer.add(event)
    return dict(gatherer.whole())


def test_a_chat_in_chunks_byte_for_byte() -> None:
    head = (
        b'data: {"id":"chatcmpl-m","object":"chat.completion.chunk","created":1700000000,"model":"duck","choices":'
        b'[{"index":0,"delta":'
    )
    assert written(CHAT) == (
        head + b'{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n'
        + head + b'{"content":"Qu"},"logprobs":null,"finish_reason":null}]}\n\n'
        + head + b'{"content":"ack"},"logprobs":null,"finish_reason":null}]}\n\n'
        + head + b'{},"logprobs":null,"finish_reason":"stop"}]}\n\n'
        b"data: [DONE]\n\n"
    )  # fmt: skip


def test_usage_stands_in_a_chunk_of_its_own_and_is_null_in_all_others() -> None:
    *others, last = read(written(CHAT, WITH_USAGE))
    assert [one["usage"] for one in others] == [None] * 4
    assert last == {
        "id": "chatcmpl-m",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "duck",
        "choices": [],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }
    assert ["usage" in one for one in read(written(CHAT))] == [False] * 4


@EVERY_KIND
@pytest.mark.parametrize("options", [OPTIONS, WITH_USAGE], ids=["", "with usage"])
def test_every_kind_of_answer_is_in_chunks_what_openais_types_say(
    events: Events, text: str, options: Mapping[str, Any]
) -> None:
    said = chunks(events, options)
    deltas = [one.choices[0].delta for one in said if one.choices]
    assert (deltas[0].role, deltas[0].content) == ("assistant", "")
    assert [one.role for one in deltas[1:]] == [None] * (len(deltas) - 1)
    assert "".join(one.content or "" for one in deltas) == text
    assert len({(one.id, one.created, one.model, one.object) for one in said}) == 1
    reasons = [one.choices[0].finish_reason for one in said if one.choices]
    assert [*reasons[:-1], reasons[-1] is None] == [*[None] * (len(reasons) - 1), False]
    assert [bool(one.choices) for one in said].count(False) == options["include_usage"]


@EVERY_KIND
def test_every_kind_of_answer_is_whole_what_openais_types_say(events: Events, text: str) -> None:
    completion = ChatCompletion.model_validate(whole(events), strict=True)
    assert completion.choices[0].message.content == text
    assert (completion.model, completion.choices[0].message.role) == ("duck", "assistant")
    streamed = chunks(events, WITH_USAGE)
    assert (streamed[0].id, streamed[0].created) == (completion.id, completion.created)
    assert streamed[-1].usage == completion.usage
    assert streamed[-2].choices[0].finish_reason == completion.choices[0].finish_reason


def test_an_agents_whole_answer() -> None:
    assert whole(AGENT) == {
        "id": "chatcmpl-m",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "duck",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Quack",
                    "refusal": None,
                    "annotations": [],
                    "reasoning_content": 'I ask.\npond({"deep": 1})\n→ wet',
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }


def test_an_agents_thoughts_come_as_reasoning() -> None:
    deltas = [one["choices"][0]["delta"] for one in read(written(AGENT))]
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": 'I ask.\npond({"deep": 1})'},
        {"reasoning_content": "\n→ wet"},
        {"content": "Qu"},
        {"content": "ack"},
        {},
    ]


def test_sources_are_annotations_behind_the_text() -> None:
    events = [message("Quack"), end(retriever_resources=SOURCES)]
    ducks = {"url": "https://pond.example/ducks", "title": "Ducks.pdf", "start_index": 5, "end_index": 5}
    birds = {"url": "urn:dify:document:d2", "title": "Birds", "start_index": 5, "end_index": 5}
    annotations = [{"type": "url_citation", "url_citation": one} for one in (ducks, birds)]
    assert [one["choices"][0]["delta"] for one in read(written(events))][-2:] == [{"annotations": annotations}, {}]
    completion = ChatCompletion.model_validate(whole(events), strict=True)
    assert [one.model_dump() for one in completion.choices[0].message.annotations or []] == annotations


def test_what_is_taken_back_stands_in_the_stream_alone() -> None:
    assert "".join(one.choices[0].delta.content or "" for one in chunks(TAKEN_BACK)) == "Moo\n\nQuack"
    assert whole(TAKEN_BACK)["choices"][0]["message"]["content"] == "Quack"


def test_what_the_client_reads_is_what_it_sends_back() -> None:
    encoder, gatherer = Chunks(OPTIONS), WholeCompletion(OPTIONS)
    for event in TAKEN_BACK:
        encoder.event(event)
        gatherer.add(event)
    assert (encoder.text, gatherer.text) == ("Moo\n\nQuack", "Quack")


@pytest.mark.parametrize(
    "last",
    [
        finished(status="failed", error="the duck flew away"),
        finished(status="failed", error="the duck flew away", ids=BOTH),
    ],
    ids=["workflow", "chatflow"],
)
def test_a_workflow_that_failed_ends_with_an_error(last: dict[str, Any]) -> None:
    encoder = Chunks(WITH_USAGE)
    said = b"".join(map(encoder.event, [started(), chunk("Qu"), last]))
    said += encoder.error(AppFailed("Run failed.")) + encoder.closing()  # of a chatflow Dify tells it once more
    error = {"message": "the duck flew away", "type": "server_error", "param": None, "code": "app_failed"}
    assert said.endswith(b'"content":"Qu"},"logprobs":null,"finish_reason":null}],"usage":null}\n\ndata: %b\n\n' % (
        json.dumps({"error": error}, separators=(",", ":")).encode()
    ))  # fmt: skip
    with pytest.raises(AppFailed, match="the duck flew away"):
        whole([started(), chunk("Qu"), last])


def test_an_error_in_the_middle_ends_the_stream_without_done() -> None:
    encoder = Chunks(OPTIONS)
    encoder.event(CHAT[0])
    assert encoder.error(TooManyRequests("Slow down.")) + encoder.closing() == (
        b'data: {"error":{"message":"Slow down.","type":"rate_limit_error","param":null,'
        b'"code":"rate_limit_exceeded"}}\n\n'
    )


def test_a_keep_alive_is_a_comment_that_ends_no_block() -> None:
    assert Chunks(OPTIONS).keep_alive == b": keep-alive\n"


def test_no_character_of_an_answer_ends_a_line() -> None:
    text = "a\nb\r\n\x85\u2028\u2029\x00\ud800data: [DONE]\n\n"
    content = written([message(text), end()])
    assert len(content.decode().splitlines()) == 2 * len(read(content)) + 2
    [answer] = [one["choices"][0]["delta"]["content"] for one in read(content)[1:-1]]
    assert answer.startswith("a\nb\r\n\x85\u2028\u2029\x00")
