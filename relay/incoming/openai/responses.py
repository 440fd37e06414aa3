"""A request to /v1/responses. Source: OpenAI API reference, "Create a model response".

What a Dify app has no place for is ignored, tools and sampling among it; what would change what the client may count
on is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relay import wire
from relay.errors import InvalidParam
from relay.incoming.openai import fields, messages
from relay.incoming.openai.messages import Conversation, Message
from relay.incoming.received import Received

LONGEST_ID = 256  # characters
LONGEST_ECHO = 32 * 1024  # bytes of one parameter as JSON: a stream says them three times
ROLES = messages.SYSTEM | {messages.USER, messages.ASSISTANT}
# parameters that ask for what no app can do -> what to do instead
REFUSED: Mapping[str, str] = {
    "background": "ask with stream, or send the question to /duck with response_mode later",
    "conversation": "name the latest response as previous_response_id, or send what was said before as input",
    "prompt": "an app in Dify has its own prompt: send input",
}
_NUMBER = (int, float)
# what the response says again as it came, unless it is of another kind than this
ECHOED: Mapping[str, type | tuple[type, ...]] = {
    "instructions": str,
    "max_output_tokens": int,
    "max_tool_calls": int,
    "metadata": dict,
    "parallel_tool_calls": bool,
    "previous_response_id": str,
    "prompt_cache_key": str,
    "reasoning": dict,
    "safety_identifier": str,
    "store": bool,
    "temperature": _NUMBER,
    "text": dict,
    "tool_choice": (str, dict),
    "tools": list,
    "top_logprobs": int,
    "top_p": _NUMBER,
    "truncation": str,
    "user": str,
}
# items of an earlier answer that a client sends back, and that say nothing to an app
SILENT = ("reasoning",)  # no set: what is asked for may be a list, which has no hash
_OF_RESPONSE = re.compile(r"(?:msg|rs)_(.+)_[0-9]{1,4}", re.ASCII)


class Unsupported(InvalidParam):
    code = "unsupported_parameter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for."""

    model: str  # "" for none
    conversation: Conversation
    instructions: str  # "" for none
    previous: str  # the id of the response that it goes on from, "" for none
    stream: bool
    user: str  # "" for nobody
    echoed: Mapping[str, Any]


def read(received: Received) -> Question:
    """Read a request. Raises InvalidParam, which names the parameter, and its like."""
    values = received.json
    for name, instead in REFUSED.items():
        if values.get(name) not in (None, False):
            raise Unsupported(f"{name} is not supported: {instead}.", param=name)
    fields.switch(values, "store")
    if not isinstance(values.get("metadata"), Mapping | None):
        raise InvalidParam("metadata must be an object.", param="metadata")
    named = fields.text(values, "previous_response_id", longest=LONGEST_ID)
    conversation, referred = _input(values.get("input"))
    return Question(
        model=fields.model(values),
        conversation=conversation,
        instructions=fields.text(values, "instructions", longest=messages.LONGEST),
        previous=named or referred,
        stream=fields.switch(values, "stream"),
        user=fields.user(values),
        echoed=dict(_echo(values)),
    )


def response_id(dify_id: str) -> str:
    """Give the id of a response by what Dify calls it."""
    return f"resp_{dify_id.replace('-', '')}"


def item_id(kind: str, response: str, index: int) -> str:
    """Give the id of a response's item; `kind` is msg or rs. A reference to it names the response as well."""
    return f"{kind}_{response.removeprefix('resp_')}_{index}"


def _input(value: Any) -> tuple[Conversation, str]:
    """Read the input, and which response it goes on from where an item refers to one, "" for none.

    A client that trusts items to be kept sends references to what was answered (the AI SDK, unless `store` is false).
    The latest counts: what stands before it has been said in that response's conversation, all but what the app is
    told to be.
    """
    if isinstance(value, str):
        if not value.strip():
            raise InvalidParam("input is empty.", param="input")
        value = [{"role": messages.USER, "content": value}]
    if not isinstance(value, list) or not value:
        raise InvalidParam("input must be a text or a list with at least one item.", param="input")
    messages.check_number(len(value), "input")
    found: list[tuple[Message, int]] = []
    referred = ""
    for number, item in enumerate(value):
        where = f"input[{number}]"
        if not isinstance(item, Mapping):
            raise InvalidParam(f"{where} must be an object.", param=where)
        kind = item.get("type") or "message"
        if kind == "item_reference":
            referred = _referred(item, where)
            found = [one for one in found if one[0].is_system]
        elif kind == "message":
            found.append((_message(item, where), number))
        elif kind not in SILENT:
            raise Unsupported(
                f"{where}.type must be message: an app calls its own tools, and takes files as parts of a message.",
                param=where,
            )
    return messages.arrange(
        [one for one, _ in found], value, "input", numbers=[number for _, number in found]
    ), referred


def _message(item: Mapping[str, Any], where: str) -> Message:
    role = item.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise InvalidParam(f"{where}.role must be one of {', '.join(sorted(ROLES))}.", param=f"{where}.role")
    return messages.message(role, item.get("content"), where)


def _referred(item: Mapping[str, Any], where: str) -> str:
    id_ = fields.text(item, "id", longest=LONGEST_ID)
    if not (parts := _OF_RESPONSE.fullmatch(id_)):
        raise InvalidParam(f"{where}.id names no item of a response of this endpoint.", param=where)
    return f"resp_{parts[1]}"


def _echo(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, kind in ECHOED.items():
        value = values.get(name)
        if isinstance(value, kind) and len(wire.line(value)) <= LONGEST_ECHO:
            yield name, value
