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
    line: Callable[[bytes], bytes]
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
        return self.line(wire.line(event))


class ServerSentEvents:
    """Server-sent events as Dify's Service API sends them, no event line, and each with an id.

    Source: WHATWG HTML, "Server-sent events". Only a browser that has seen an id says so when it comes back after the
    end (Last-Event-ID), and can be told to stay away; without one it would run the app again every 3 s. A keep-alive
    is one comment line without a blank line: clients that have seen an id take each blank line for an event.
    """

    keep_alive = b": keep-alive\n"

    def __init__(self) -> None:
        self._count = 0

    def opening(self) -> bytes:
        return b""

    def event(self, event: Event) -> bytes:
        self._count += 1
        return b"id: %d\ndata: %b\n\n" % (self._count, wire.line(event))

    def error(self, error: RelayError) -> bytes:
        return self.event(error.as_event())

    def closing(self) -> bytes:
        return b""


# to Dify's clients, which never come back: no ids. A comment stands for Dify's pings: their parsers skip both.
SERVICE = Lines(line=b"data: %b\n\n".__mod__, keep_alive=b": keep-alive\n")

NDJSON = Lines(line=b"%b\n".__mod__, keep_alive=b"\n")

# what the Duck of Dify's documentation showed, but escaped
EVENTS = Lines(
    head=b'<!doctype html>\n<meta charset="utf-8">\n<title>Events</title>\n',
    line=lambda text: f"{escape(text.decode(), quote=False)}<br>\n".encode(),
    keep_alive=b"<!-- keep-alive -->\n",
)
