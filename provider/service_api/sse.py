r"""Server-sent events as Dify writes them.

`data: {"event": "message", …}\n\n` for each of an app's events, and `event: ping\n\n` after ten seconds of silence.
Source: Dify's `core/app/apps/base_app_generator.py` and `libs/helper.py`; the lines' ends and comments: WHATWG,
"Server-sent events".
"""

import json
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

LONGEST_LINE = 5 * 1024 * 1024  # bytes: what one event may take by reverse invocation
# parsed, a value takes some tens of times the memory that it takes on the wire: these are counted before any is made
LONG = 256 * 1024  # bytes: lines up to here hold too few to count
MOST_CONTAINERS = 200_000  # objects and lists, by the brackets that open them, also those in texts
MOST_COMMAS = 1_000_000  # a table as text has many


class NotEvents(ValueError):
    """What came is none of Dify's events."""


class TooMuch(NotEvents):
    """It would take more memory than it may."""


class EventReader:
    """Fed with bytes that are cut anywhere."""

    def __init__(self) -> None:
        self._cut = bytearray()  # of a line whose end has not come

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Give the events whose last byte is here. Raises NotEvents, in the place of the first that is none."""
        if b"\n" not in data:
            self._hold(data)
            return
        if self._cut:
            self._cut += data
            data, self._cut = bytes(self._cut), bytearray()
        *lines, rest = data.split(b"\n")
        if rest:
            self._hold(rest)
        for line in lines:
            if line.startswith(b"data:"):
                if len(line) > LONG:
                    _check_size(line)
                try:
                    event = from_json(line[5:])
                except ValueError:
                    event = with_surrogates(line[5:])
                if not isinstance(event, dict):
                    raise NotEvents
                yield event

    def end(self) -> Iterator[dict[str, Any]]:
        """Give the event that stands without a line's end where the stream ends. Raises NotEvents for half of one."""
        return self.feed(b"\n")

    def _hold(self, data: bytes) -> None:
        self._cut += data
        if len(self._cut) > LONGEST_LINE:
            raise TooMuch


def _check_size(line: bytes) -> None:
    containers = line.count(b"{") + line.count(b"[")
    if len(line) > LONGEST_LINE or containers > MOST_CONTAINERS or line.count(b",") > MOST_COMMAS:
        raise TooMuch


def with_surrogates(line: bytes) -> Any:
    """Read JSON with half a surrogate pair, of a model whose tokens cut one in two; pydantic's reader knows none.

    Gives None for what is no such JSON.
    """
    try:
        return json.loads(line) if b"\\ud" in line.lower() else None
    except (ValueError, RecursionError):
        return None
