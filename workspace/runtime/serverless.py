"""The serverless plugin: an HTTP server that answers one request with lines, and calls back over HTTP.

Source: the daemon's internal/core/serverless_runtime/io.go and transaction/serverless_handler.go.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from workspace.declaration import Declaration
from workspace.runtime.process import PluginProcess
from workspace.runtime.runtime import (
    LINE_LIMIT,
    READY_WITHIN_S,
    WAIT_FOR_INSTANCE_S,
    PluginUnavailable,
    Sessions,
    log,
)
from workspace.session import Session
from workspace.stream import Stream, StreamEnd

_REQUEST_LIMIT = 5 * 1024 * 1024  # MAX_SERVERLESS_REQUEST_BYTES
_HEARTBEAT_S = 25
_POLL_S = 0.05


class ServerlessRuntime:
    """Runs the plugin as an HTTP server on a free port and posts each request to it."""

    def __init__(self, folder: Path, *, workspace_url: str, environment: Mapping[str, str]) -> None:
        self.declaration = Declaration.read(folder)
        self._folder = folder
        self._workspace_url = workspace_url
        self._environment = environment
        self._sessions = Sessions()
        self._url = ""
        self._process: PluginProcess | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._requests: dict[str, asyncio.Task[None]] = {}
        self._client = httpx.AsyncClient(timeout=None, limits=httpx.Limits(max_connections=None), trust_env=False)  # noqa: S113 - the session's own limits end a request

    @property
    def pids(self) -> list[int]:
        return [self._process.pid] if self._process else []

    @property
    def ready(self) -> bool:
        return self._sessions.ready.is_set()

    async def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())
        await self._wait(READY_WITHIN_S)

    async def _keep(self) -> None:
        while True:
            port = _free_port()
            self._url = f"http://127.0.0.1:{port}"
            environment = {
                "INSTALL_METHOD": "serverless",
                "SERVERLESS_HOST": "127.0.0.1",
                "SERVERLESS_PORT": str(port),
                "DIFY_PLUGIN_DAEMON_URL": self._workspace_url,
                **self._environment,
            }
            self._process = await PluginProcess.launch(self._folder, environment, stdio=False)
            health = asyncio.create_task(self._until_healthy())
            async for line in self._process.lines():
                log("plugin", line.decode(errors="replace"))
            code = await self._process.wait()
            health.cancel()
            self._sessions.ready.clear()
            log(f"plugin process {self._process.pid} ended with {code}, starting it again")
            await asyncio.sleep(0.2)

    async def _until_healthy(self) -> None:
        while True:
            try:
                if (await self._client.get(f"{self._url}/health")).is_success:
                    self._sessions.ready.set()
                    return
            except httpx.HTTPError:
                await asyncio.sleep(_POLL_S)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._sessions.ready.wait(), seconds)
        except TimeoutError as error:
            raise PluginUnavailable("plugin runtime not found") from error

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        self._sessions.fail()
        for request in self._requests.values():
            request.cancel()
        if self._process is not None:
            await self._process.stop()
        await self._client.aclose()

    async def open(self, session: Session, raw_request: bytes) -> None:
        await self._wait(WAIT_FOR_INSTANCE_S)
        line = session.request_line(raw_request).rstrip(b"\n")
        if len(line) > _REQUEST_LIMIT:
            raise PluginUnavailable(
                f"ServerlessPayloadTooLarge: action=invoke_endpoint payload_bytes={len(line)} "
                f"max_request_bytes={_REQUEST_LIMIT}\nfailed to write request"
            )
        self._sessions.add(session)
        self._requests[session.id] = asyncio.create_task(self._post(session, line))

    async def _post(self, session: Session, line: bytes) -> None:
        """Hand the request to the plugin and take its lines; an end is made up when none comes."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
            "Dify-Plugin-Session-ID": session.id,
        }
        url = f"{self._url}/invoke?action=invoke_endpoint"
        try:
            async with self._client.stream("POST", url, content=line, headers=headers) as response:
                if not response.is_success:
                    text = (await response.aread()).decode(errors="replace")
                    await _fail(session, "PluginRuntimeError", f"Plugin runtime request failed: {text}")
                    return
                rest = b""
                async for data in response.aiter_bytes():
                    *complete, rest = (rest + data).split(b"\n")
                    for answer in complete:
                        if answer:
                            await self._sessions.dispatch(answer, None)
                    if len(rest) > LINE_LIMIT:
                        text = "failed to read response body: bufio.Scanner: token too long"
                        await _fail(session, "PluginDaemonInnerError", text)
                        return
        except httpx.HTTPError as error:
            await _fail(session, "PluginDaemonInnerError", f"Error sending request to serverless: {error}")
            return
        await session.receive({"type": "end", "data": {}}, None)

    def release(self, session: Session) -> None:
        self._sessions.remove(session)
        request = self._requests.pop(session.id, None)
        if request is not None:
            request.cancel()

    async def restart(self) -> None:
        self._kill()
        await self._wait(READY_WITHIN_S)

    def kill(self, _session: Session, /) -> None:
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            self._sessions.ready.clear()
            self._process.kill()

    async def transaction(self, request: Request) -> Response:
        """`POST /backwards-invocation/transaction`: a reverse invocation of a serverless plugin.

        The body is the plugin's line; the answer's lines come as `<line>` and an empty line each.
        """
        try:
            event = json.loads(await request.body())
            session_id, message = str(event["session_id"]), event["data"]["data"]
        except (ValueError, TypeError, KeyError) as error:
            return Response(str(error), 400)
        session = self._sessions.get(session_id)
        if session is None:
            return JSONResponse(_unknown_session(session_id, message), 400)
        return StreamingResponse(_transact(session, message), media_type="text/event-stream")


async def _transact(session: Session, message: Mapping[str, Any]) -> AsyncIterator[bytes]:
    lines = Stream[bytes](1)
    invocation = session.invoke(message, lines.write_blocking)
    invocation.add_done_callback(lambda _: lines.close())
    while True:
        try:
            async with asyncio.timeout(_HEARTBEAT_S):
                line = await lines.read()
        except TimeoutError:
            line = b"\n"
        except StreamEnd:
            return
        yield line + b"\n"


def _unknown_session(session_id: str, message: Any) -> dict[str, Any]:
    return {
        "backwards_request_id": message.get("backwards_request_id", "") if isinstance(message, Mapping) else "",
        "event": "error",
        "message": "failed to get session info from cache",
        "data": {
            "error_type": "SessionNotFound",
            "detail": "failed to get session info from cache: key not found",
            "session_id": session_id,
        },
    }


async def _fail(session: Session, error_type: str, message: str) -> None:
    await session.receive({"type": "error", "data": {"error_type": error_type, "message": message, "args": {}}}, None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
