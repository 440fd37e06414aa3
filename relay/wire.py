"""JSON as it comes in and as it goes out: strict in both directions, one spelling for every format."""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from pydantic_core import PydanticSerializationError, from_json, to_json

from relay.errors import InvalidParam, PayloadTooLarge

# parsed, an object or number takes some 100 bytes of memory for the two that it takes on the wire: these marks count
# the values before any of them is made
MOST_MARKS = 200_000
MOST_ESCAPES = 500_000  # "%" of a form: each is looked at one by one
LONGEST_INTEGER = 300  # digits; to read one takes quadratic time
DEEPEST = 100  # levels; the SDK writes no more than 255, and no webhook comes near
# characters of texts that are not ASCII alone: each takes up to four bytes, several times over
LARGEST_TEXT = 4 * 1024 * 1024
_MOST = 10**LONGEST_INTEGER
BOM = b"\xef\xbb\xbf"

# JSON lets them stand as they are, but `splitlines` of many a client ends a line there
LINE_ENDS: Mapping[str, str] = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def parse(text: str, what: str) -> Any:
    """Parse JSON strictly: no NaN, nothing that can't be written out again as UTF-8, nothing that costs too much.

    Raises InvalidParam, which says what was being read and where it breaks, or PayloadTooLarge.
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    def integer(digits: str) -> int:
        if len(digits) > LONGEST_INTEGER:
            raise ValueError("an integer is too long")
        return int(digits)

    check_size(text, what)
    try:
        value = json.loads(text, parse_constant=refuse, parse_int=integer)
        if depth(value) > DEEPEST:
            raise InvalidParam(f"{what} is nested more than {DEEPEST} levels deep.")
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except json.JSONDecodeError as error:
        raise InvalidParam(f"{what} is not valid JSON: {error.msg} at character {error.pos}.") from None
    except (ValueError, RecursionError):
        raise InvalidParam(f"{what} holds JSON that can't be passed on.") from None
    return value


def read(content: bytes, what: str) -> Any:
    """Parse JSON in UTF-8 as strictly as `parse` does, without a copy of the whole: a file may stand in it.

    Raises as `parse` does, and PayloadTooLarge for large texts that are not ASCII alone.
    """
    check_size(content, what)
    content = content.removeprefix(BOM)
    try:
        value = from_json(content, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        if len(content) > LARGEST_TEXT and not content.isascii():
            raise _too_large(what) from None
        return parse(_decoded(content, what), what)  # it says what is wrong
    _check(value, what)
    return value


def _decoded(content: bytes, what: str) -> str:
    try:
        return content.decode()
    except UnicodeError:
        raise InvalidParam(f"{what} is not in the character set that it claims.") from None


def _check(value: Any, what: str) -> None:
    """Refuse what the faster parser lets through."""
    if depth(value) > DEEPEST:
        raise InvalidParam(f"{what} is nested more than {DEEPEST} levels deep.")
    level, characters = [value], 0
    while level:
        children: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                children += [*one, *one.values()]
            elif isinstance(one, list):
                children += one
            elif isinstance(one, str):
                characters += 0 if one.isascii() else len(one)
            elif isinstance(one, int | float) and not _is_plain(one):
                raise InvalidParam(f"{what} holds JSON that can't be passed on.")
        level = children
    if characters > LARGEST_TEXT:
        raise _too_large(what)


def _is_plain(number: float) -> bool:
    return math.isfinite(number) if isinstance(number, float) else -_MOST < number < _MOST


def _too_large(what: str) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"{what} holds more than {LARGEST_TEXT} characters of text that is not ASCII alone: send files as files."
    )


def check_size(text: str | bytes, what: str) -> None:
    """Count the values of a JSON text that is not parsed yet. Raises PayloadTooLarge for too many."""
    if len(text) <= MOST_MARKS:
        return
    marks = sum(map(text.count, ",[{")) if isinstance(text, str) else sum(map(text.count, (b",", b"[", b"{")))
    if marks > MOST_MARKS:
        raise PayloadTooLarge(f"{what} holds too many values: more than {MOST_MARKS} commas and brackets.")


def depth(value: Any) -> int:
    """Count the levels of lists and objects; stops counting just above DEEPEST."""
    levels, level = 0, [value]
    while (level := [one for one in level if isinstance(one, dict | list)]) and levels <= DEEPEST:
        levels += 1
        level = [child for one in level for child in (one.values() if isinstance(one, dict) else one)]
    return levels


def dump(value: Any, *, indent: int | None = None) -> str:
    """Write JSON on one line (or indented), characters as themselves; NaN and infinities, unknown to it, as null."""
    separators = (",", ":") if indent is None else None
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=separators, indent=indent, default=str
        )
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, separators=separators, indent=indent, default=str)
    for character, escape in LINE_ENDS.items():
        text = text.replace(character, escape)
    return text


def line(value: Any) -> bytes:
    """Write JSON as `dump` does, encoded: for what is written thousands of times a second.

    It is pydantic's own writer, six times as fast as the standard library's; it knows no half surrogate pairs.
    """
    try:
        text = to_json(value, inf_nan_mode="null", fallback=str)
    except PydanticSerializationError:
        return encode(dump(value))
    if text.isascii():
        return text
    for character, escape in LINE_ENDS.items():
        text = text.replace(character.encode(), escape.encode())
    return text


def encode(text: str) -> bytes:
    r"""Encode as UTF-8; half a surrogate pair, which UTF-8 can't hold, becomes its JSON escape (\ud83d)."""
    return text.encode("utf-8", "backslashreplace")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
