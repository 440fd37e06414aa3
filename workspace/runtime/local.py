"""The installed plugin: JSON lines on the standard input and output of a process.

Source: the daemon's internal/core/local_runtime.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from workspace.declaration import Declaration
from workspace.runtime.process import LineTooLong, PluginProcess
from workspace.runtime.runtime import (
    LINE_LIMIT,
    READY_WITHIN_S,
    WAIT_FOR_INSTANCE_S,
    PluginUnavailable,
    Sessions,
    log,
)
from workspace.session import Session


class LocalRuntime:
    """Keeps one process of the plugin running: one that ends is started again."""

    def __init__(self, folder: Path, *, workspace_port: int, environment: Mapping[str, str]) -> None:
        self.declaration = Declaration.read(folder)
        self._folder = folder
        # The daemon's environment is inherited, its port included.
        self._environment = {"INSTALL_METHOD": "local", "SERVER_PORT": str(workspace_port), **environment}
        self._sessions = Sessions()
        self._process: PluginProcess | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pids(self) -> list[int]:
        return [self._process.pid] if self._process else []

    @property
    def ready(self) -> bool:
        return self._sessions.ready.is_set()

    async def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())
        await self._wait(READY_WITHIN_S)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._sessions.ready.wait(), seconds)
        except TimeoutError as error:
            raise PluginUnavailable("no proper instance\nfailed to write request") from error

    async def _keep(self) -> None:
        while True:
            self._process = await PluginProcess.launch(self._folder, self._environment, stdio=True)
            was_ready = await self._read(self._process)
            code = await self._process.wait()
            self._sessions.fail()
            log(f"plugin process {self._process.pid} ended with {code}, starting it again")
            if not was_ready:
                await asyncio.sleep(1)  # it does not even start: someone is editing it

    async def _read(self, process: PluginProcess) -> bool:
        """Dispatch lines until the output ends; True when the plugin had become ready."""
        try:
            async for line in process.lines(limit=LINE_LIMIT):
                await self._sessions.dispatch(line, process.write)
        except LineTooLong as error:
            log("the plugin is killed as the daemon would do", str(error))
        process.kill()
        return self._sessions.ready.is_set()

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        self._sessions.fail()
        if self._process is not None:
            await self._process.stop()

    async def open(self, session: Session, raw_request: bytes) -> None:
        await self._wait(WAIT_FOR_INSTANCE_S)
        self._sessions.add(session)
        if self._process is not None:
            await self._process.write(session.request_line(raw_request))

    def release(self, session: Session) -> None:
        self._sessions.remove(session)

    async def restart(self) -> None:
        self._kill()
        await self._wait(READY_WITHIN_S)

    def kill(self, _session: Session, /) -> None:
        self._kill()

    def _kill(self) -> None:
        if self._process is not None:
            self._sessions.ready.clear()
            self._process.kill()
