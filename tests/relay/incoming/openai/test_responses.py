"""Requests to /v1/responses, as clients write them."""

import json
from typing import Any

import pytest

from relay.call import Reference, Upload
from relay.errors import InvalidParam, RelayError
from relay.incoming.openai import responses
from relay.incoming.openai.messages import LONGEST, Conversation, Message, TooLong
from relay.incoming.openai.responses import Question, Unsupported
from tests.requests import post, received

DUCK = {"role": "user", "content": "Who swims?"}
ANSWER = {
    "id": "msg_a1_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "phase": None,
    "content": [
        {"type": "output_text", "text": "A duck.", "annotations": [{"type": "file_citation"}], "logprobs": []}
    ],
}
REASONING = {"id": "rs_a1_0", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
USER, ASSISTANT, SYSTEM = (
    Message(role="user", text="Who swims?"),
    Message(role="assistant", text="A duck."),
    Message(role="developer", text="Be brief."),
)


def read(**values: Any) -> Question:
    return responses.read(received(post(json.dumps(values))))


def conversation(*items: Any) -> Conversation:
    return read(input=[*items]).conversation


def refusal(**values: Any) -> RelayError:
    with pytest.raises(RelayError) as raised:
        read(**values)
    return raised.value


def test_a_text_is_a_message_of_the_user() -> None:
    assert read(input="Who swims?") == Question(
        model="",
        conversation=Conversation(before=(), asked=(USER,)),
        instructions="",
        previous="",
        stream=False,
        user="",
        echoed={},
    )


def test_everything_that_counts_is_read() -> None:
    echoed = {
        "instructions": "Be a duck.",
        "previous_response_id": "resp_1",
        "safety_identifier": "bob",
        "temperature": 1,
        "tools": [{"type": "web_search"}],
        "metadata": {"a": "b"},
        "store": False,
    }
    assert read(input=[DUCK], model="gpt-duck", stream=True, include=["x"], background=False, **echoed) == Question(
        model="gpt-duck",
        conversation=Conversation(before=(), asked=(USER,)),
        instructions="Be a duck.",
        previous="resp_1",
        stream=True,
        user="bob",
        echoed=echoed,
    )


def test_items_of_an_earlier_answer_come_back_as_they_were() -> None:
    developer = {"role": "developer", "content": "Be brief."}
    more = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Who else?"}]}
    assert conversation(developer, DUCK, REASONING, ANSWER, more) == Conversation(
        before=(SYSTEM, USER, ASSISTANT), asked=(Message(role="user", text="Who else?"),)
    )


def test_a_refusal_is_what_the_assistant_said() -> None:
    refused = {"role": "assistant", "content": [{"type": "refusal", "refusal": "A duck."}]}
    assert conversation(DUCK, refused, DUCK).before == (USER, ASSISTANT)


def test_files_are_parts_of_what_is_asked() -> None:
    parts = [
        {"type": "input_image", "image_url": "https://pond.example/duck.png", "detail": "auto"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "file_id": "file-2"},
        {"type": "input_file", "file_url": "https://pond.example/reeds.pdf"},
        {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,UXVhY2s="},
        {"type": "input_audio", "input_audio": {"data": "UXVhY2s=", "format": "mp3"}},
    ]
    assert conversation({"role": "user", "content": [{"type": "input_text", "text": "What?"}, *parts]}).files == (
        Reference(type="image", url="https://pond.example/duck.png"),
        Reference(id="file-1"),
        Reference(id="file-2"),
        Reference(url="https://pond.example/reeds.pdf"),
        Upload(filename="a.txt", mimetype="text/plain", content=b"Quack"),
        Upload(filename="audio.mp3", mimetype="audio/mpeg", content=b"Quack"),
    )


def test_a_reference_to_an_answer_names_its_response() -> None:
    developer = {"role": "developer", "content": "Be brief."}
    reference = {"type": "item_reference", "id": responses.item_id("msg", "resp_a1", 1)}
    asked = read(input=[developer, DUCK, {"type": "item_reference", "id": "rs_a0_0"}, DUCK, reference, DUCK])
    assert (asked.previous, asked.conversation) == ("resp_a1", Conversation(before=(SYSTEM,), asked=(USER,)))


def test_a_response_that_is_named_counts_before_a_reference() -> None:
    reference = {"type": "item_reference", "id": "msg_a1_1"}
    assert read(input=[reference, DUCK], previous_response_id="resp_2").previous == "resp_2"


@pytest.mark.parametrize(
    ("values", "error", "param"),
    [
        ({"background": True}, Unsupported, "background"),
        ({"conversation": "conv_1"}, Unsupported, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, Unsupported, "prompt"),
        ({"stream": "yes"}, InvalidParam, "stream"),
        ({"store": 1}, InvalidParam, "store"),
        ({"metadata": []}, InvalidParam, "metadata"),
        ({"instructions": ["x"]}, InvalidParam, "instructions"),
        ({"previous_response_id": 7}, InvalidParam, "previous_response_id"),
        ({"model": 7}, InvalidParam, "model"),
        ({"user": "x" * 300}, InvalidParam, "user"),
        ({"input": None}, InvalidParam, "input"),
        ({"input": " "}, InvalidParam, "input"),
        ({"input": []}, InvalidParam, "input"),
        ({"input": {}}, InvalidParam, "input"),
        ({"input": ["Who?"]}, InvalidParam, "input[0]"),
        ({"input": [DUCK] * 500}, TooLong, "input"),
        ({"input": "x" * (LONGEST + 1)}, TooLong, "input"),
        ({"input": [DUCK, ANSWER]}, InvalidParam, "input"),
        ({"input": [{"role": "tool", "content": "x"}]}, InvalidParam, "input[0].role"),
        ({"input": [REASONING, {"role": "user", "content": ""}]}, InvalidParam, "input[1].content"),
        ({"input": [{"role": "user", "content": [{"type": "video"}]}]}, InvalidParam, "input[0].content[0].type"),
        ({"input": [DUCK, {"type": "function_call", "name": "swim"}]}, Unsupported, "input[1]"),
        ({"input": [DUCK, {"type": "function_call_output", "output": "x"}]}, Unsupported, "input[1]"),
        ({"input": [{"type": "computer_call"}]}, Unsupported, "input[0]"),
        ({"input": [{"type": ["message"]}]}, Unsupported, "input[0]"),
        ({"input": [{"type": "item_reference", "id": "fc_1"}, DUCK]}, InvalidParam, "input[0]"),
        ({"input": [{"type": "item_reference"}, DUCK]}, InvalidParam, "input[0]"),
        (
            {"input": [REASONING, {"role": "user", "content": [{"type": "input_image", "image_url": "ftp://x"}]}]},
            InvalidParam,
            "input[1].content[0]",
        ),
    ],
    ids=repr,
)
def test_what_cannot_be_is_refused_by_its_name(values: dict[str, Any], error: type[RelayError], param: str) -> None:
    refused = refusal(**{"input": [DUCK], **values})
    assert (type(refused), refused.status, refused.param) == (error, 400, param)


def test_what_is_too_long_or_of_another_kind_is_not_said_again() -> None:
    values = {"instructions": "x" * 40_000, "tools": "none", "temperature": "hot", "top_p": 0.5, "user": None}
    assert read(input="Who?", **values).echoed == {"top_p": 0.5}


def test_ids_name_what_dify_calls_an_answer() -> None:
    id_ = responses.response_id("12-34")
    assert (id_, responses.item_id("msg", id_, 2)) == ("resp_1234", "msg_1234_2")
