"""The fields that requests to OpenAI's API share. What is not read here, tools and sampling among it, is ignored."""

from collections.abc import Mapping
from typing import Any

from relay.errors import InvalidParam
from relay.incoming.fields import LONGEST_USER

LONGEST_MODEL = 256  # characters


def text(values: Mapping[str, Any], name: str, *, longest: int) -> str:
    """Give a text, "" for none. Raises InvalidParam."""
    value = values.get(name)
    if not isinstance(value, str | None):
        raise InvalidParam(f"{name} must be a text.", param=name)
    if value and len(value) > longest:
        raise InvalidParam(f"{name} may have at most {longest} characters.", param=name)
    return value or ""


def switch(values: Mapping[str, Any], name: str) -> bool:
    """Give a boolean, False for none. Raises InvalidParam."""
    value = values.get(name)
    if not isinstance(value, bool | None):
        raise InvalidParam(f"{name} must be true or false.", param=name)
    return bool(value)


def model(values: Mapping[str, Any]) -> str:
    """Name the model that is asked for, "" for none. Raises InvalidParam."""
    return text(values, "model", longest=LONGEST_MODEL).strip()


def user(values: Mapping[str, Any]) -> str:
    """Name who asks, "" for nobody; `safety_identifier` is what OpenAI calls it by now. Raises InvalidParam."""
    return text(values, "user", longest=LONGEST_USER) or text(values, "safety_identifier", longest=LONGEST_USER)
