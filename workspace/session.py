"""One request to the plugin, from its request line to its end."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol

from workspace.endpoint import Endpoint
from workspace.stream import Stream
from workspace.wire import PluginError, dumps


class Message(NamedTuple):
    """A message of the plugin's answer: status and headers, a piece of the body, or both."""

    status: int | None
    headers: Mapping[str, str] | None
    body: bytes | None


class Dify(Protocol):
    """What answers reverse invocations."""

    async def invoke(self, session: "Session", invocation: Mapping[str, Any], write: "Write") -> None: ...


Write = Callable[[bytes], Awaitable[None]]
"""Hands one line, newline included, to the plugin."""


class Session:
    """The plugin's side of one request. Source: the daemon's io_tunnel/generic.go and session_manager."""

    def __init__(self, endpoint: Endpoint, dify: Dify) -> None:
        self.id = str(uuid.uuid4())
        self.endpoint = endpoint
        self.messages = Stream[Message](endpoint.faults.session_queue)
        self.chunks_received = 0
        self.on_chunk: Callable[[int], None] | None = None
        self._dify = dify
        self._invocations: set[asyncio.Task[None]] = set()
        self._head = (
            f'{{"session_id":"{self.id}","conversation_id":null,"message_id":null,"app_id":null,'
            f'"endpoint_id":"{endpoint.id}","context":null,"event":'
        )

    def request_line(self, raw_request: bytes) -> bytes:
        """Write the line that hands the caller's request to the plugin."""
        data = {
            "action": "invoke_endpoint",
            "raw_http_request": raw_request.hex(),
            "settings": self.endpoint.settings,
            "type": "endpoint",
            "user_id": "",
        }
        return f'{self._head}"request","data":{dumps(data, sort=True)}}}\n'.encode()

    def response_line(self, request_id: str, event: str, message: str, data: Any) -> bytes:
        """Write one line of the answer to a reverse invocation: event is `response`, `error` or `end`."""
        return (
            f'{self._head}"backwards_response","data":{{"backwards_request_id":{dumps(request_id)},'
            f'"event":"{event}","message":{dumps(message)},"data":{dumps(data, sort=True)}}}}}\n'
        ).encode()

    async def receive(self, message: Mapping[str, Any], write: Write | None) -> None:
        """Take one message of the plugin; waits while the session's queue is full.

        `write` leads back to the plugin; None in a runtime that has no way back (serverless).
        """
        if self.messages.closed:
            return  # nobody listens any more: even a reverse invocation stays without an answer
        kind, data = message.get("type"), message.get("data")
        if kind == "stream" and isinstance(data, Mapping):
            await self._receive_chunk(data)
        elif kind == "invoke" and isinstance(data, Mapping) and write is not None:
            self.invoke(data, write)
        elif kind == "invoke":
            self._fail("serverless_event_not_supported", "serverless event is not supported by full duplex")
        elif kind == "end":
            self.messages.close()
        elif kind == "error":
            self.messages.close(PluginError(data if isinstance(data, Mapping) else {}))
        else:
            self._fail("unknown_stream_message_type", f"unknown stream message type: {kind}")

    async def _receive_chunk(self, data: Mapping[str, Any]) -> None:
        try:
            result = data.get("result")
            body = None if result is None else bytes.fromhex(result)
        except (TypeError, ValueError) as error:
            self._fail("unmarshal_error", f"unmarshal json failed: {error}")
            return
        await self.messages.write_blocking(Message(data.get("status"), data.get("headers"), body))
        if body is not None:
            self.chunks_received += 1
            if self.on_chunk:
                self.on_chunk(self.chunks_received)

    def _fail(self, error_type: str, message: str) -> None:
        self.messages.close(PluginError({"error_type": error_type, "message": message}))

    def invoke(self, invocation: Mapping[str, Any], write: Write) -> asyncio.Task[None]:
        """Start a reverse invocation; it ends with the session at the latest."""
        task = asyncio.create_task(self._dify.invoke(self, invocation, write))
        self._invocations.add(task)
        task.add_done_callback(self._invocations.discard)
        return task

    def close(self) -> None:
        """End the session: the plugin is no longer listened to, and its reverse invocations are cancelled."""
        self.messages.close()
        # once each: a second cancel would hit the task while it tells the plugin of the first
        while self._invocations:
            self._invocations.pop().cancel()
