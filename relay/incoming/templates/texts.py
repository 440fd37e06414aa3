"""Filters and methods of texts. Each charges what it may cost before it does it."""

import html
import math
import re
from typing import Any
from urllib.parse import quote, quote_plus

from relay import wire
from relay.incoming.templates.budget import PIECE, STEP, WEIGHED, Budget, Exhausted
from relay.incoming.templates.operators import number, search
from relay.incoming.templates.values import items, text

_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # of str.splitlines
_WORD = re.compile(r"\w+")
_TITLED = re.compile(r"[^-\s({\[<]+")
_LEEWAY = 5  # characters by which a text may be longer before it is truncated, as Jinja2 has it
_CALL = 3 * STEP  # of what sets up more than it does
_ROUNDING = 200  # units: the largest floats have 300 digits, all of which it writes and reads
_MOST_PLACES = 20  # of a rounded number
_ROUNDED = {"ceil": math.ceil, "floor": math.floor}
_WIDEST_INDENT = 8


def paid(work: Budget, value: Any, times: int = 1) -> str:
    """Write a value as text, and charge for what is done to each of its characters."""
    written = text(work, value)
    work.charge(len(written) * times)
    return written


def replace(work: Budget, value: Any, old: Any, new: Any, count: int | None = None) -> str:
    value, old, new = text(work, value), text(work, old), text(work, new)
    search(work, value, old)
    times = value.count(old)
    if count is not None and count >= 0:
        times = min(times, count)
    work.text(len(value) + times * (len(new) - len(old)))
    search(work, value, old)
    return str(value.replace(old, new, times))


def split(work: Budget, value: Any, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    written = paid(work, value, 2)
    if sep is None:
        pieces = sum(1 for _ in re.finditer(r"\S+", written))
    else:
        search(work, written, sep)
        search(work, written, sep)
        pieces = written.count(sep) + 1
    work.charge((pieces if maxsplit < 0 else min(pieces, maxsplit + 1)) * PIECE)
    return written.split(sep, maxsplit)


def splitlines(work: Budget, value: Any, keepends: bool = False) -> list[str]:
    written = paid(work, value, 2)
    work.charge((1 + sum(map(written.count, _LINE_ENDS))) * PIECE)
    return written.splitlines(keepends)


def strip(work: Budget, value: Any, chars: str | None = None) -> str:
    return _stripped(work, value, chars).strip(chars)


def lstrip(work: Budget, value: Any, chars: str | None = None) -> str:
    return _stripped(work, value, chars).lstrip(chars)


def rstrip(work: Budget, value: Any, chars: str | None = None) -> str:
    return _stripped(work, value, chars).rstrip(chars)


def _stripped(work: Budget, value: Any, chars: str | None) -> str:
    return paid(work, value, 1 + len(chars or "") // 16)  # each character is sought in all of them


def upper(work: Budget, value: Any) -> str:
    return paid(work, value).upper()


def lower(work: Budget, value: Any) -> str:
    return paid(work, value).lower()


def capitalize(work: Budget, value: Any) -> str:
    return paid(work, value).capitalize()


def title(work: Budget, value: Any) -> str:
    return _TITLED.sub(lambda word: word[0][0].upper() + word[0][1:].lower(), paid(work, value, 4))


def startswith(work: Budget, value: Any, prefix: str) -> bool:
    return paid(work, value, 0).startswith(paid(work, prefix))


def endswith(work: Budget, value: Any, suffix: str) -> bool:
    return paid(work, value, 0).endswith(paid(work, suffix))


def removeprefix(work: Budget, value: Any, prefix: str) -> str:
    return paid(work, value).removeprefix(paid(work, prefix))


def removesuffix(work: Budget, value: Any, suffix: str) -> str:
    return paid(work, value).removesuffix(paid(work, suffix))


def truncate(  # noqa: PLR0917 - Jinja2's order
    work: Budget, value: Any, length: int = 255, killwords: bool = False, end: str = "...", leeway: int = _LEEWAY
) -> str:
    value = text(work, value)
    if len(value) <= length + leeway:
        return str(value)
    if length < len(end):
        raise ValueError("the end is longer than the text may be")
    work.charge(length)
    kept = str(value[: length - len(end)])
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + end


def wordcount(work: Budget, value: Any) -> int:
    return sum(1 for _ in _WORD.finditer(paid(work, value, 4)))


def striptags(work: Budget, value: Any) -> str:
    """Take out tags and comments, read entities, and make one space of several."""
    value = paid(work, value, 2)
    work.charge(_CALL + value.count("<") * STEP)
    kept = " ".join(_untagged(value).split())
    work.charge(kept.count("&") * PIECE + len(kept))
    return html.unescape(kept)


def _untagged(value: str) -> str:
    kept, done = [], 0
    comments = True
    while (start := value.find("<", done)) >= 0:
        end = value.find("-->", start) if comments and value.startswith("<!--", start) else -1
        if end < 0:
            comments = comments and not value.startswith(
                "<!--", start
            )  # no second search for an end that isn't there
            end = value.find(">", start)
            if end < 0:
                break
            kept.append(value[done:start])
            done = end + 1
        else:
            kept.append(value[done:start])
            done = end + 3
    kept.append(value[done:])
    return "".join(kept)


def urlencode(work: Budget, value: Any) -> str:
    """Quote a text for a URL, or an object or pairs as a query string."""
    if isinstance(value, dict | list):
        pairs = list(value.items()) if isinstance(value, dict) else value
        work.charge(len(pairs) * (PIECE + 3 * STEP))
        quoted = [f"{quote_plus(_quotable(work, one))}={quote_plus(_quotable(work, other))}" for one, other in pairs]
        work.text(sum(map(len, quoted)) + len(quoted))
        return "&".join(quoted)
    return quote(_quotable(work, value))


def _quotable(work: Budget, value: Any) -> str:
    value = text(work, value)
    work.charge(_CALL)
    # up to 4 bytes of a character, up to 3 characters of a byte
    work.charge(len(value) * 3 if value.isascii() else len(value) * 12)
    return str(value)


def tojson(work: Budget, value: Any, indent: int | None = None) -> str:
    """Write JSON for people and models to read: nothing is escaped for a web page."""
    work.charge(_CALL)
    weight = work.weigh(value)
    if indent is not None:
        indent = min(max(indent, 0), _WIDEST_INDENT)
        if (levels := wire.depth(value)) > wire.DEEPEST:
            raise Exhausted(f"an object is nested more than {wire.DEEPEST} levels deep")
        work.charge(weight // WEIGHED * indent * levels)
    return wire.dump(value, indent=indent)


def integer(work: Budget, value: Any, default: Any = 0, base: int = 10) -> Any:
    work.charge(_CALL)
    try:
        if isinstance(value, str):
            return number(int(paid(work, value), base))
        return number(int(number(value)))
    except (TypeError, ValueError, OverflowError):
        try:
            return int(float(value))
        except (TypeError, ValueError, OverflowError):
            return default


def floating(work: Budget, value: Any, default: Any = 0.0) -> Any:
    try:
        return float(paid(work, value) if isinstance(value, str) else number(value))
    except (TypeError, ValueError, OverflowError):
        return default


def rounded(work: Budget, value: Any, precision: int = 0, method: str = "common") -> Any:
    work.charge(_ROUNDING)
    if abs(number(precision)) > _MOST_PLACES:
        raise Exhausted(f"a number is rounded to more than {_MOST_PLACES} places")
    if method == "common":
        return round(number(value), precision)
    return _ROUNDED[method](number(value) * 10**precision) / 10**precision


def absolute(_: Budget, value: Any) -> Any:
    return abs(number(value))


def reverse(work: Budget, value: Any) -> Any:
    if isinstance(value, str):
        work.charge(len(value))
        return value[::-1]
    found = items(work, value)
    work.charge(len(found) * 2)
    return found[::-1]
