"""JSON as it goes out: one spelling for every format."""

import json
from typing import Any


def dump(value: Any, *, indent: int | None = None) -> str:
    """Write JSON on one line (or indented), characters as themselves."""
    separators = (",", ":") if indent is None else None
    return json.dumps(value, ensure_ascii=False, separators=separators, indent=indent, default=str)


def encode(text: str) -> bytes:
    r"""Encode as UTF-8; half a surrogate pair, which UTF-8 can't hold, becomes its JSON escape (\ud83d)."""
    return text.encode("utf-8", "backslashreplace")
