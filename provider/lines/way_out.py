"""Lines to Dify's daemon, as they go out."""

import atexit
import io
import json
import os
import sys
from collections import deque
from typing import Any

import gevent
from dify_plugin import Plugin
from dify_plugin.config.logger_format import plugin_logger_handler
from dify_plugin.core.server.__base.response_writer import ResponseWriter
from dify_plugin.core.server.__base.writer_entities import Event
from dify_plugin.core.server.stdio.request_reader import StdioRequestReader
from gevent.event import Event as Moment
from gevent.os import make_nonblocking
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python

from provider.lines.pipe import WIDE, widen

MOST = 8 * 1024 * 1024  # bytes that wait before whoever writes has to wait, too

WRITE = 2  # what the event loop calls "can be written to"


def start(plugin: Plugin) -> None:
    """Let all that the plugin says leave the way of this module; its log, too, where that goes the same way."""
    ResponseWriter.put = put  # type: ignore[assignment, method-assign]
    ResponseWriter.stream_object = stream_object  # type: ignore[assignment, method-assign]
    if isinstance(plugin.request_reader, StdioRequestReader):
        sys.stdout.flush()
        sys.stdout = Outlet(1)
        plugin_logger_handler.setStream(sys.stdout)


def put(
    writer: ResponseWriter,
    event: Event,
    session_id: str | None = None,
    data: dict[str, Any] | BaseModel | None = None,
) -> None:
    """Write one line of the protocol, encoded once, in one write."""
    message = {"event": event.value, "session_id": session_id, "data": data}
    try:
        line = to_json(message, inf_nan_mode="null").decode()
    except PydanticSerializationError:
        # half a surrogate pair, say in an error's text: the SDK would send nothing, and the caller wait for ever
        line = json.dumps(to_jsonable_python(message, inf_nan_mode="null"))
    writer.write(line + "\n\n")


def stream_object(_: ResponseWriter, data: dict[str, Any] | BaseModel) -> dict[str, Any]:
    """Give what `session_message` takes for a piece of an answer, without a model of it."""
    return {"type": "stream", "data": data}


class Outlet(io.TextIOBase):
    """A pipe to write to. What is written in one turn of the event loop leaves in one write, at its end."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd
        self._lines: deque[bytes] = deque()
        self._size = 0  # bytes that wait
        self._hub: Any = gevent.get_hub()  # type: ignore[no-untyped-call]
        self._loop = self._hub.loop
        self._writable = self._loop.io(fd, WRITE)
        self._scheduled = False
        self._room: Any = Moment()  # type: ignore[no-untyped-call]
        widen(fd)
        make_nonblocking(fd)  # type: ignore[no-untyped-call]
        atexit.register(self._write_all)

    def write(self, text: str) -> int:
        """Write, at the end of this turn; waits while too much is waiting already."""
        while self._size > MOST and gevent.getcurrent() is not self._hub:
            self._room.clear()
            self._room.wait()
        line = text.encode("utf-8", "backslashreplace")
        self._lines.append(line)
        self._size += len(line)
        if not self._scheduled:
            self._scheduled = True
            self._loop.run_callback(self._leave)
        return len(text)

    def fileno(self) -> int:
        return self._fd

    def writable(self) -> bool:
        return True

    def _leave(self) -> None:
        """Write what waits, as much as the pipe takes; in the event loop itself, which must not be kept."""
        piece = self._piece()
        try:
            written = os.write(self._fd, piece)
        except BlockingIOError:
            written = 0
        except OSError:  # nobody reads any more: the daemon is gone, and the SDK ends the process
            written = len(piece)
        if written < len(piece):
            self._lines.appendleft(piece[written:])
        self._size -= written
        if self._size:
            if not self._writable.active:
                self._writable.start(self._leave)
        else:
            self._writable.stop()
            self._scheduled = False
        if self._size <= MOST:
            self._room.set()

    def _piece(self) -> bytes:
        """Take out what one write is tried with: of all that waits no more than the pipe could take."""
        lines, size = [], 0
        while self._lines and size < WIDE:
            lines.append(self._lines.popleft())
            size += len(lines[-1])
        return b"".join(lines)

    def _write_all(self) -> None:
        os.set_blocking(self._fd, True)
        while self._lines:
            os.write(self._fd, self._lines.popleft())
