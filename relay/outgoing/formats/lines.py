"""The forms that hand on every event as it is, its JSON on a line of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from relay import wire
from relay.errors import RelayError
from relay.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """An encoder that keeps nothing in mind: what stands before, after and between the events."""

    head: bytes = b""
    line: Callable[[str], str]
    keep_alive: bytes

    def opening(self) -> bytes:
        return self.head

    def event(self, event: Event) -> bytes:
        return self._encode(event)

    def error(self, error: RelayError) -> bytes:
        return self._encode(error.as_event())

    def closing(self) -> bytes:
        return b""

    def _encode(self, event: Mapping[str, Any]) -> bytes:
        return wire.encode(self.line(wire.dump(event)))


# WHATWG HTML, "Server-sent events", and Dify's Service API: no event line, data alone
SSE = Lines(line="data: {}\n\n".format, keep_alive=b": keep-alive\n\n")

NDJSON = Lines(line="{}\n".format, keep_alive=b"\n")

# what the Duck of Dify's documentation showed, but escaped
EVENTS = Lines(
    head=b'<!doctype html>\n<meta charset="utf-8">\n<title>Events</title>\n',
    line=lambda text: f"{escape(text, quote=False)}<br>\n",
    keep_alive=b"<!-- keep-alive -->\n",
)
