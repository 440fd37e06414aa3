"""A request to /v1/chat/completions. Source: OpenAI API reference, "Create chat completion"."""

from collections.abc import Mapping
from dataclasses import dataclass

from relay.errors import InvalidParam
from relay.incoming.openai import fields, messages
from relay.incoming.openai.messages import Conversation
from relay.incoming.received import Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What is asked for."""

    model: str  # "" for none
    conversation: Conversation
    stream: bool
    include_usage: bool
    user: str  # "" for nobody


def read(received: Received) -> Completion:
    """Read a request. Raises InvalidParam, which names the parameter, and its like."""
    values = received.json
    number = values.get("n")
    if number is not None and (number != 1 or isinstance(number, bool)):
        raise InvalidParam("n must be 1: an app gives one answer.", param="n")
    stream = fields.switch(values, "stream")
    options = values.get("stream_options")
    if not isinstance(options, Mapping | None):
        raise InvalidParam("stream_options must be an object.", param="stream_options")
    return Completion(
        model=fields.model(values),
        conversation=messages.read(values.get("messages")),
        stream=stream,
        include_usage=fields.switch(options or {}, "include_usage"),
        user=fields.user(values),
    )
