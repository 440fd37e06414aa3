"""Server-sent events as Dify writes them, one HTTP chunk for each.

Source: langgenius/dify, api/libs/helper.py and base_app_generator.py: `data: <JSON>`, and pings without data.
"""

import asyncio
import json
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from workspace.apps.app import Event, Refused
from workspace.connection import cut, gone
from workspace.service_api.running import Run
from workspace.stream import StreamEnd

MEDIA_TYPE = "text/event-stream; charset=utf-8"
_PING = b"event: ping\n\n"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def as_json(answer: Event) -> Response:
    """Answer in one piece, with whatever numbers an app may give."""
    return Response(_encode(answer).encode(errors="replace"), media_type="application/json")


def encoded(event: Event | None) -> bytes:
    """Write an event, None being a ping."""
    if event is None:
        return _PING
    return f"data: {_encode(event)}\n\n".encode(errors="replace")


class EventStream(Response):
    """A run as a stream. Its reader may hang up: the run does not hear of it."""

    def __init__(self, run: Run, first: Event | None, *, cut_after: int | None = None) -> None:
        """Take a run of which `first` was read; `cut_after` so many events the connection is closed."""
        super().__init__(media_type=MEDIA_TYPE, headers={"Cache-Control": "no-cache"})
        del self.headers["content-length"]
        self._run = run
        self._first = first
        self._cut_after = cut_after

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        watching = asyncio.create_task(self._watch(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            with suppress(StreamEnd, Refused):
                await self._write(send)
            if self._cut_after is None:
                await send({"type": "http.response.body", "body": b""})
        finally:
            watching.cancel()
            self._run.leave()
        if self._cut_after is not None:
            await cut(receive)

    async def _write(self, send: Send) -> None:
        item, sent = self._first, 0
        while True:
            await send({"type": "http.response.body", "body": encoded(item), "more_body": True})
            sent += item is not None
            if sent == self._cut_after:
                return
            item = await self._run.events.read()

    async def _watch(self, receive: Receive) -> None:
        await gone(receive)
        self._run.leave()
