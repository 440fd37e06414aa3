"""The plugin that is debugged: it connects to the workspace over TCP and declares itself.

Source: the daemon's internal/core/debugging_runtime, and recorded traffic. The plugin first sends lines
`{"type": "handshake" | "manifest_declaration" | "endpoint_declaration" | "asset_chunk" | "end", "data"}`,
then the same lines as an installed plugin.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from workspace.declaration import Declaration
from workspace.runtime.process import PluginProcess, lines
from workspace.runtime.runtime import (
    READY_WITHIN_S,
    WAIT_FOR_INSTANCE_S,
    PluginUnavailable,
    Sessions,
    log,
)
from workspace.session import Session

_HANDSHAKE_WITHIN_S = 10
_ASSETS_LIMIT = 50 * 1024 * 1024


class HandshakeError(Exception):
    """The connection is refused with this text."""


type Accept = Callable[["Connection", Declaration], None]
"""Takes a connection that has declared itself. Raises HandshakeError to refuse it."""


class Connection:
    """One connection of a debugged plugin."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions = Sessions()
        self.declaration: Declaration | None = None
        self._reader = reader
        self._writer = writer
        writer.transport.set_write_buffer_limits(high=0)

    async def write(self, line: bytes) -> None:
        with suppress(ConnectionError):
            await self._writer.drain()
            self._writer.write(line)
            await self._writer.drain()

    async def refuse(self, reason: str) -> None:
        await self.write(f"{reason}\n".encode())
        self.close()

    def close(self) -> None:
        self._writer.close()

    async def run(self, key: str, accept: Accept) -> None:
        """Take the declarations, then the plugin's lines until it disconnects. Raises HandshakeError."""
        registration = _Registration(key)
        async for line in lines(self._reader, limit=None):
            if self.declaration is not None:
                await self.sessions.dispatch(line, self.write)
            elif registration.take(line):
                accept(self, registration.declaration())
                self.declaration = registration.declaration()


class _Registration:
    """The lines before `end`."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._known = False
        self._manifest: dict[str, Any] | None = None
        self._endpoints: dict[str, Any] | None = None
        self._assets = 0

    def take(self, line: bytes) -> bool:
        """Take one line; True when it was the last. Raises HandshakeError."""
        try:
            message = json.loads(line)
            kind, data = message["type"], message["data"]
        except (ValueError, TypeError, KeyError) as error:
            raise HandshakeError("handshake failed, invalid handshake message") from error
        if kind == "handshake":
            self._shake(data)
        elif not self._known:
            raise HandshakeError("handshake failed, invalid handshake message")
        elif kind == "manifest_declaration":
            self._manifest = data
        elif kind == "endpoint_declaration":
            self._endpoints = data[0] if data else {}
        elif kind == "asset_chunk":
            self._assets += len(data.get("data", ""))
            if self._assets > _ASSETS_LIMIT:
                raise HandshakeError("assets too large, at most 50MB")
        return bool(kind == "end")

    def _shake(self, data: Any) -> None:
        if self._known:
            raise HandshakeError("handshake already completed")
        key = data.get("key") if isinstance(data, dict) else None
        if not isinstance(key, str) or not secrets.compare_digest(key.encode(), self._key.encode()):
            raise HandshakeError("handshake failed, invalid key")
        self._known = True

    def declaration(self) -> Declaration:
        if self._manifest is None or self._endpoints is None:
            raise HandshakeError("no registration transferred, cannot initialize")
        return Declaration(manifest=self._manifest, endpoints=self._endpoints)


class RemoteRuntime:
    """Listens for plugins, and takes requests to the one that is connected."""

    def __init__(
        self, folder: Path, *, host: str, port: int, key: str, launch: bool, environment: Mapping[str, str]
    ) -> None:
        self.declaration = Declaration.read(folder)
        self.key = key
        self.address = f"{host}:{port}"
        self._folder = folder
        self._host = host
        self._port = port
        self._launch = launch
        self._environment = environment
        self._server: asyncio.Server | None = None
        self._connection: Connection | None = None
        self._connected = asyncio.Event()
        self._process: PluginProcess | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pids(self) -> list[int]:
        return [self._process.pid] if self._process else []

    @property
    def ready(self) -> bool:
        return self._connected.is_set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.address = f"{self._host}:{self._port}"
        if self._launch:
            self._keeper = asyncio.create_task(self._keep())
            await self._wait(READY_WITHIN_S)

    async def _keep(self) -> None:
        environment = {
            "INSTALL_METHOD": "remote",
            "REMOTE_INSTALL_URL": self.address,
            "REMOTE_INSTALL_HOST": self._host,
            "REMOTE_INSTALL_PORT": str(self._port),
            "REMOTE_INSTALL_KEY": self.key,
            **self._environment,
        }
        while True:
            self._process = await PluginProcess.launch(self._folder, environment, stdio=False)
            async for line in self._process.lines():
                log("plugin", line.decode(errors="replace"))
            code = await self._process.wait()
            log(f"plugin process {self._process.pid} ended with {code}, starting it again")
            await asyncio.sleep(0.2)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        shaken = asyncio.get_running_loop().call_later(_HANDSHAKE_WITHIN_S, _close_silent, connection)
        try:
            await connection.run(self.key, self.accept)
        except HandshakeError as error:
            log("a plugin's connection is refused", str(error))
            await connection.refuse(str(error))
        except ConnectionError:
            pass
        finally:
            shaken.cancel()
            connection.close()
            connection.sessions.fail()
            if self._connection is connection:
                self._connection = None
                self._connected.clear()
                log("the plugin disconnected")

    def accept(self, connection: Connection, declaration: Declaration) -> None:
        """Make a connection the plugin. Raises HandshakeError: one of a name and version may be connected."""
        if self._connection is not None:
            raise HandshakeError(f"plugin {declaration.identity} is already connected for debugging")
        self.declaration = declaration
        self._connection = connection
        self._connected.set()
        log("a plugin is connected for debugging", declaration.identity)

    async def _wait(self, seconds: float) -> Connection:
        try:
            await asyncio.wait_for(self._connected.wait(), seconds)
        except TimeoutError as error:
            raise PluginUnavailable("no available node, plugin not found", status=404) from error
        if self._connection is None:
            raise PluginUnavailable("no available node, plugin not found", status=404)
        return self._connection

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        if self._server is not None:
            self._server.close()
        if self._connection is not None:
            self._connection.sessions.fail()
            self._connection.close()
        if self._process is not None:
            await self._process.stop()

    async def open(self, session: Session, raw_request: bytes) -> None:
        connection = await self._wait(WAIT_FOR_INSTANCE_S if self._launch else 0.01)
        connection.sessions.add(session)
        await connection.write(session.request_line(raw_request))

    def release(self, session: Session) -> None:
        if self._connection is not None:
            self._connection.sessions.remove(session)

    async def restart(self) -> None:
        """End the plugin's process, or, when it was started elsewhere, its connection: it connects again."""
        self._kill()
        self._connected.clear()
        await self._wait(READY_WITHIN_S)

    def kill(self, _session: Session, /) -> None:
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        elif self._connection is not None:
            self._connection.close()


def _close_silent(connection: Connection) -> None:
    if connection.declaration is None:
        connection.close()
