"""What others wrote, as plain text that a page has room for: an event's fields are any JSON, of any size."""

from collections.abc import Mapping
from typing import Any

from relay import wire

LONGEST_NAME = 200  # characters of a title, a name, a tool
LONGEST_TEXT = 20_000  # characters of one foldable text
LONGEST_TIME = 1_000_000  # seconds that are shown
DEEPEST = 12  # levels of JSON that are shown
MOST_VALUES = 2_000  # of one piece of JSON
MOST_IN_LINE = 50  # of one on a single line
LONGEST_VALUE = 2_000  # characters of one text in it
CUT = "…"
_MOST = 10**15  # a browser's own numbers end there
_LARGEST = 10**wire.LONGEST_INTEGER  # to write longer ones takes quadratic time


def text(value: object, most: int = LONGEST_TEXT) -> str:
    """Give a text, at most so many characters of it; "" for what is none."""
    if not isinstance(value, str):
        return ""
    return value if len(value) <= most else value[: most - 1] + CUT


def name(value: object) -> str:
    """Give a text on one line, "" for none."""
    return " ".join(text(value, LONGEST_NAME).split())


def seconds(value: object) -> float | None:
    """Give a time that can be shown: JSON's numbers have no end, a page's and a float's have."""
    return float(value) if isinstance(value, int | float) and 0 <= value < LONGEST_TIME else None


def count(value: object) -> int:
    """Give a number of things, 0 for none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST else 0


def size(value: object) -> str:
    """Give a number of bytes as people say it, "" for none."""
    left, units = float(count(value)), ["GB", "MB", "KB", "B"]
    while left >= 1000 and len(units) > 1:
        left /= 1000
        units.pop()
    return f"{left:.{int(left < 10 and len(units) < 4)}f} {units[-1]}" if left else ""


def number(value: float) -> str:
    """Give a number, a boolean or null as JSON writes it; of one that fills lines its beginning alone."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _LARGEST:
        return CUT
    return wire.dump(value)


def json(value: Any) -> str:
    """Give JSON over several lines, of what is large or deep only so much as a person reads."""
    return text(wire.dump(_Trimming(MOST_VALUES).of(value, DEEPEST), indent=2), 5 * LONGEST_TEXT)


def line(value: Any) -> str:
    """Give JSON on one line, of what is large or deep only a beginning."""
    return text(wire.dump(_Trimming(MOST_IN_LINE).of(value, DEEPEST)), LONGEST_VALUE)


class _Trimming:
    """Copies JSON, of which it leaves out what comes after so many values."""

    def __init__(self, most: int) -> None:
        self._left = most

    def of(self, value: Any, levels: int) -> Any:
        self._left -= 1
        if isinstance(value, str):
            return text(value, LONGEST_VALUE)
        if isinstance(value, Mapping):
            return self._object(value, levels) if value else {}
        if isinstance(value, list | tuple):
            return self._list(value, levels) if value else []
        if isinstance(value, int) and abs(value) >= _LARGEST:
            return CUT
        return value

    def _object(self, value: Mapping[str, Any], levels: int) -> Any:
        if not levels:
            return CUT
        kept: dict[str, Any] = {}
        for key, one in value.items():
            if self._left <= 0:
                return {**kept, CUT: CUT}
            kept[name(str(key))] = self.of(one, levels - 1)
        return kept

    def _list(self, value: list[Any] | tuple[Any, ...], levels: int) -> Any:
        if not levels:
            return CUT
        kept: list[Any] = []
        for one in value:
            if self._left <= 0:
                return [*kept, CUT]
            kept.append(self.of(one, levels - 1))
        return kept
