r"""Server-sent events as Dify writes them.

`data: {"event": "message", …}\n\n` for each of an app's events, and `event: ping\n\n` after ten seconds of silence.
Source: Dify's `core/app/apps/base_app_generator.py` and `libs/helper.py`; the lines' ends and comments: WHATWG,
"Server-sent events".
"""

import json
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

LONGEST_LINE = 16 * 1024 * 1024  # bytes


class NotEvents(ValueError):
    """What came is none of Dify's events."""


class EventReader:
    """Fed with bytes that are cut anywhere."""

    def __init__(self) -> None:
        self._cut: list[bytes] = []  # of a line whose end has not come
        self._held = 0  # bytes of it

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Give the events whose last byte is here. Raises NotEvents, in the place of the first that is none."""
        if b"\n" not in data:
            self._hold(data)
            return
        if self._cut:
            data, self._cut, self._held = b"".join((*self._cut, data)), [], 0
        *lines, rest = data.split(b"\n")
        if rest:
            self._hold(rest)
        for line in lines:
            if line.startswith(b"data:"):
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
        self._cut.append(data)
        self._held += len(data)
        if self._held > LONGEST_LINE:
            raise NotEvents


def with_surrogates(line: bytes) -> Any:
    """Read JSON with half a surrogate pair, of a model whose tokens cut one in two; pydantic's reader knows none.

    Gives None for what is no such JSON.
    """
    try:
        return json.loads(line) if b"\\ud" in line.lower() else None
    except (ValueError, RecursionError):
        return None
