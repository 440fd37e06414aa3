"""The plugin's own process."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path

from workspace.runtime.runtime import log

_READ_SIZE = 65536
_GRACE_S = 2


class LineTooLong(Exception):
    """A line is longer than the daemon reads."""


class PluginProcess:
    """`python -m main` in the plugin's folder, with this interpreter."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stderr = asyncio.create_task(_show(process.stderr, "plugin stderr"))

    @classmethod
    async def launch(cls, folder: Path, environment: Mapping[str, str], *, stdio: bool) -> "PluginProcess":
        """Start the process; `stdio` when the protocol runs over its standard input and output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "main",
            cwd=folder,
            env={**os.environ, **environment},
            stdin=PIPE if stdio else DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            # Ctrl-C reaches the workspace alone, which then ends the plugin.
            start_new_session=True,
        )
        if process.stdin is not None:
            # the daemon's write returns only when the pipe has taken the line
            process.stdin.transport.set_write_buffer_limits(high=0)
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def write(self, line: bytes) -> None:
        """Write a line to standard input, waiting while the pipe is full; a dead process takes nothing."""
        stdin = self._process.stdin
        if stdin is None or stdin.is_closing():
            return
        with suppress(ConnectionError):
            await stdin.drain()
            stdin.write(line)
            await stdin.drain()

    def lines(self, *, limit: int | None = None) -> AsyncIterator[bytes]:
        """Yield the lines of standard output. Raises LineTooLong for one of more than `limit` bytes."""
        if self._process.stdout is None:
            raise RuntimeError("standard output is not a pipe")
        return lines(self._process.stdout, limit=limit)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        """End the process: politely, then by force."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_GRACE_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self.wait()
        self._stderr.cancel()

    async def wait(self) -> int:
        """Return the exit code when it has ended. Nobody else may read its output any more.

        asyncio tells of the end only when the output is read to its own, and by itself reads no more than some of it.
        """
        while self._process.stdout is not None and await self._process.stdout.read(_READ_SIZE):
            pass
        return await self._process.wait()


async def lines(reader: asyncio.StreamReader, *, limit: int | None) -> AsyncIterator[bytes]:
    """Yield the non-empty lines of a stream, without their newlines. Raises LineTooLong."""
    rest = b""
    while data := await reader.read(_READ_SIZE):
        *complete, rest = (rest + data).split(b"\n")
        for line in complete:
            if line:
                yield line
        if limit is not None and len(rest) > limit:
            raise LineTooLong(f"a line of more than {limit} bytes")


async def _show(reader: asyncio.StreamReader | None, what: str) -> None:
    if reader is not None:
        async for line in lines(reader, limit=None):
            log(what, line.decode(errors="replace"))
