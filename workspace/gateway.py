"""`/e/<hook_id>/<path>`: from the HTTP caller to the plugin and back.

Source: the daemon's internal/service/endpoint.go and io_tunnel/endpoint_service.go.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from workspace.endpoint import Endpoint, Endpoints
from workspace.request import METHODS, CallerRequest, canonical, one_line
from workspace.runtime.runtime import PluginUnavailable, Runtime, log
from workspace.session import Dify, Session
from workspace.stream import Stream, StreamEnd
from workspace.wire import DaemonError, disabled_hook, internal_error, unknown_hook

_ROUTE_NOT_FOUND = b'{"code":"not_found","message":"route not found"}'
_JSON = "application/json; charset=utf-8"
_WITHOUT_BODY = frozenset({204, 304})


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request as the start page shows it."""

    method: str
    hook: str
    path: str
    started: float
    status: int = 0
    chunks: int = 0
    lost: int = 0  # chunks the plugin sent that the caller never got


class Gateway:
    """The ASGI application below `/e`."""

    def __init__(self, *, endpoints: Endpoints, runtime: Runtime, dify: Dify) -> None:
        self.recent: deque[Exchange] = deque(maxlen=50)
        self._endpoints = endpoints
        self._runtime = runtime
        self._dify = dify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")).encode()
        hook_id, slash, rest = path.removeprefix(b"/").partition(b"/")
        if scope["method"] not in METHODS or not hook_id:
            await _answer(send, 404, _ROUTE_NOT_FOUND)
            return
        if not slash:
            await _redirect(scope, send)
            return
        exchange = Exchange(
            method=scope["method"], hook=hook_id.decode(), path="/" + rest.decode(), started=time.time()
        )
        self.recent.appendleft(exchange)
        try:
            endpoint = self._endpoint(exchange.hook)
            request = CallerRequest(
                method=exchange.method,
                hook_id=exchange.hook,
                path=b"/" + rest,
                query=scope["query_string"],
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
                body=await _body(receive, endpoint.faults.body_limit),
            )
            await self._carry(request.raw(), endpoint, exchange, receive, send)
        except DaemonError as error:
            exchange.status = error.status
            await _answer(send, error.status, error.body)
        finally:
            lost = f", chunks lost: {exchange.lost}" if exchange.lost else ""
            log(f"{exchange.method} /e/{exchange.hook}{exchange.path} {exchange.status or 'hung up'}{lost}")

    def _endpoint(self, hook_id: str) -> Endpoint:
        endpoint = self._endpoints.get(hook_id)
        if endpoint is None:
            raise unknown_hook()
        if not endpoint.enabled:
            raise disabled_hook()
        return endpoint

    async def _carry(
        self, raw_request: bytes, endpoint: Endpoint, exchange: Exchange, receive: Receive, send: Send
    ) -> None:
        session = Session(endpoint, self._dify)
        if endpoint.faults.crash_after_chunks is not None:
            session.on_chunk = self._crash_after(session, endpoint.faults.crash_after_chunks)
        watch = asyncio.create_task(_watch(receive, session))
        try:
            await self._runtime.open(session, raw_request)
            await Response(session, exchange, send).forward()
        except PluginUnavailable as error:
            raise internal_error(str(error), status=error.status) from error
        finally:
            watch.cancel()
            session.close()
            self._runtime.release(session)

    def _crash_after(self, session: Session, chunks: int) -> Callable[[int], None]:
        def crash(received: int) -> None:
            if received >= chunks:
                self._runtime.kill(session)

        return crash


class Response:
    """The plugin's answer on its way to the caller, with the daemon's two queues in between."""

    def __init__(self, session: Session, exchange: Exchange, send: Send) -> None:
        self._session = session
        self._exchange = exchange
        self._send = send
        self._caller = Stream[bytes](session.endpoint.faults.caller_queue)
        self._status = 200
        # without a Content-Type of the plugin's, Go guesses one
        self._headers: dict[str, str] = {"Content-Type": "text/plain; charset=utf-8"}

    async def forward(self) -> None:
        """Carry the answer to its end. Raises DaemonError when it fails before its first chunk."""
        mover = await self._open()
        try:
            async with asyncio.timeout(self._session.endpoint.faults.kill_after_s):
                await self._deliver()
        except TimeoutError:
            await self._send_chunk(internal_error("killed by timeout").body)
        finally:
            if mover is not None:
                mover.cancel()
        await self._send({"type": "http.response.body", "body": b""})

    async def _open(self) -> asyncio.Task[None] | None:
        """Wait for the first chunk; status and headers leave only with it."""
        messages = self._session.messages
        mover = None
        try:
            while mover is None:
                message = await messages.read()
                if message.status is not None:
                    self._status = message.status
                for name, value in (message.headers or {}).items():
                    self._headers[canonical(name)] = value
                if message.body is not None:
                    self._caller.write(message.body)
                    if wakeup := self._session.endpoint.faults.wakeup_ms:
                        await asyncio.sleep(wakeup / 1000)
                    mover = asyncio.create_task(self._move())
        except StreamEnd:
            pass
        except Exception as error:
            raise internal_error(str(error)) from error
        if messages.closed:
            # The early end: the plugin has ended already, and what the mover has not moved yet is gone.
            self._exchange.lost += sum(message.body is not None for message in messages.drain())
            self._caller.close()
        await self._start()
        return mover

    async def _move(self) -> None:
        """Move further chunks to the caller's queue, which loses them when it is full."""
        try:
            while True:
                message = await self._session.messages.read()
                if message.body is not None and not self._caller.write(message.body):
                    self._exchange.lost += 1
                await asyncio.sleep(0)  # as the daemon's tasks do, mover and writer take turns
        except StreamEnd:
            self._caller.close()
        except Exception as error:  # noqa: BLE001 - whatever the plugin raised is written to the caller
            self._caller.close(error)

    async def _start(self) -> None:
        self._exchange.status = self._status
        headers = [(name.encode("latin-1"), one_line(str(value)).encode()) for name, value in self._headers.items()]
        await self._send({"type": "http.response.start", "status": self._status, "headers": headers})

    async def _deliver(self) -> None:
        try:
            while True:
                await self._send_chunk(await self._caller.read())
        except StreamEnd:
            return
        except Exception as error:  # noqa: BLE001 - the daemon writes the error's text into the stream
            await self._send_chunk(str(error).encode())

    async def _send_chunk(self, chunk: bytes) -> None:
        self._exchange.chunks += 1
        if self._status in _WITHOUT_BODY:
            return
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _watch(receive: Receive, session: Session) -> None:
    """Close the session when its caller hangs up."""
    while (await receive())["type"] != "http.disconnect":
        pass
    session.close()


async def _body(receive: Receive, limit: int) -> bytes:
    """Read a body to its end; what is over the limit is dropped."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message: Mapping[str, object] = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        if isinstance(part, bytes) and size < limit:
            parts.append(part[: limit - size])
            size += len(part)
        more = bool(message.get("more_body"))
    return b"".join(parts)


async def _redirect(scope: Scope, send: Send) -> None:
    """Send a caller of `/e/<hook_id>` to `/e/<hook_id>/`, as the daemon's router does."""
    status = 301 if scope["method"] == "GET" else 307
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"Location", scope["raw_path"] + b"/" + query), (b"Content-Length", b"0")],
        }
    )
    await send({"type": "http.response.body", "body": b""})


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"Content-Type", _JSON.encode()), (b"Content-Length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
