"""What a request to /v1/chat/completions asks for, and why it is refused."""

import json
from typing import Any

import pytest

from relay.errors import InvalidParam
from relay.incoming.openai import completions
from relay.incoming.openai.completions import Completion
from relay.incoming.openai.messages import Conversation, Message
from tests.requests import post, received

MESSAGES = [{"role": "user", "content": "hi"}]
CONVERSATION = Conversation(before=(), asked=(Message(role="user", text="hi"),))
PLAIN = Completion(model="", conversation=CONVERSATION, stream=False, include_usage=False, user="")


def read(**fields: Any) -> Completion:
    return completions.read(received(post(json.dumps({"messages": MESSAGES, **fields}))))


@pytest.mark.parametrize(
    ("fields", "model", "stream", "include_usage", "user"),
    [
        ({}, "", False, False, ""),
        ({"model": None, "stream": None, "stream_options": None, "user": None, "n": None}, "", False, False, ""),
        ({"model": " duck ", "n": 1}, "duck", False, False, ""),
        ({"stream": True}, "", True, False, ""),
        ({"stream": True, "stream_options": {}}, "", True, False, ""),
        ({"stream": True, "stream_options": {"include_usage": None}}, "", True, False, ""),
        ({"stream": True, "stream_options": {"include_usage": True, "x": 1}}, "", True, True, ""),
        ({"user": "bob", "safety_identifier": "hash"}, "", False, False, "bob"),
        ({"safety_identifier": "hash"}, "", False, False, "hash"),
        (
            {
                "temperature": 0.5,
                "max_tokens": -1,
                "tools": [{"type": "function", "function": {"name": "f"}}],
                "tool_choice": "required",
                "response_format": {"type": "json_object"},
                "stop": ["\n"],
                "logit_bias": {"1": 2},
                "duck": "unknown",
            },
            "",
            False,
            False,
            "",
        ),
    ],
)
def test_what_is_asked_for(fields: dict[str, Any], model: str, stream: bool, include_usage: bool, user: str) -> None:
    assert read(**fields) == Completion(
        model=model, conversation=CONVERSATION, stream=stream, include_usage=include_usage, user=user
    )


ONE = "n must be 1: an app gives one answer."


@pytest.mark.parametrize(
    ("fields", "param", "told"),
    [
        ({"n": 2}, "n", ONE),
        ({"n": 0}, "n", ONE),
        ({"n": True}, "n", ONE),
        ({"n": "1"}, "n", ONE),
        ({"n": [1]}, "n", ONE),
        ({"n": {}}, "n", ONE),
        ({"stream": "true"}, "stream", "stream must be true or false."),
        ({"stream": 1}, "stream", "stream must be true or false."),
        ({"stream_options": True}, "stream_options", "stream_options must be an object."),
        ({"stream_options": []}, "stream_options", "stream_options must be an object."),
        ({"stream_options": {"include_usage": 1}}, "include_usage", "include_usage must be true or false."),
        ({"model": 7}, "model", "model must be a text."),
        ({"model": "x" * 257}, "model", "model may have at most 256 characters."),
        ({"user": {"id": 1}}, "user", "user must be a text."),
        ({"user": "x" * 256}, "user", "user may have at most 255 characters."),
        ({"safety_identifier": 1}, "safety_identifier", "safety_identifier must be a text."),
        ({"messages": []}, "messages", "messages must be a list with at least one message."),
    ],
)
def test_what_is_refused(fields: dict[str, Any], param: str, told: str) -> None:
    with pytest.raises(InvalidParam) as refused:
        read(**fields)
    assert (refused.value.param, refused.value.message) == (param, told)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("[]", "application/json"),
        ('"hi"', "application/json"),
        ("null", "application/json"),
        ("{", "application/json"),
        ("", "application/json"),
        ("hi", "text/plain"),
        ("messages=hi", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: str, content_type: str) -> None:
    with pytest.raises(InvalidParam) as refused:
        completions.read(received(post(body, content_type)))
    assert refused.value.message
