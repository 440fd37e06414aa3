"""Requests to Dify's Service API. Source: Dify's API reference. What is not read here is ignored.

`workflow_id` is not: what is published runs, and the caller asks for another version.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from relay.errors import InvalidParam
from relay.incoming import sent
from relay.incoming.fields import LONGEST_USER, Asked
from relay.incoming.received import Received

STREAMING = "streaming"
BLOCKING = "blocking"


def read(received: Received) -> Asked:
    """Read what asks an app for an answer; `response_mode` is one of the two. Raises InvalidParam and its like."""
    values = received.json
    inputs, files = values.get("inputs"), values.get("files")
    if not isinstance(inputs, dict | None):
        raise InvalidParam("inputs must be an object.")
    if not isinstance(files, list | None) or not all(isinstance(file, dict) for file in files or ()):
        raise InvalidParam("files must be a list of objects.")
    mode = _text(values, "response_mode") or BLOCKING
    if mode not in {STREAMING, BLOCKING}:
        raise InvalidParam(f"response_mode must be {STREAMING} or {BLOCKING}.")
    if _text(values, "workflow_id"):
        raise InvalidParam("workflow_id names a version of the app: here the published one runs alone.")
    return Asked(
        query=_text(values, "query"),
        inputs=inputs or {},
        files=tuple(sent.from_value(files)),
        conversation_id=_conversation_id(values),
        user=user(values) or None,
        response_mode=mode,
    )


def user(values: Mapping[str, Any]) -> str:
    """Name the end user, "" for nobody. Raises InvalidParam."""
    named = _text(values, "user")
    if len(named) > LONGEST_USER:
        raise InvalidParam(f"user may have at most {LONGEST_USER} characters.")
    return named


def _conversation_id(values: Mapping[str, Any]) -> str | None:
    if not (named := _text(values, "conversation_id").strip()):
        return None
    try:
        return str(UUID(named))
    except ValueError:
        raise InvalidParam("conversation_id must be a valid UUID.") from None


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str | None):
        raise InvalidParam(f"{name} must be text.")
    return value or ""
