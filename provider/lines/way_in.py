"""Lines of Dify's daemon, as they come in: from stdin when it started the plugin, or from a debugging connection."""

import logging
import os
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gevent
from dify_plugin import Plugin
from dify_plugin.core.entities.plugin.io import PluginInStream, PluginInStreamEvent
from dify_plugin.core.server.__base.request_reader import RequestReader
from dify_plugin.core.server.__base.response_writer import ResponseWriter
from dify_plugin.core.server.stdio.request_reader import StdioRequestReader
from dify_plugin.core.server.stdio.response_writer import StdioResponseWriter
from dify_plugin.core.server.tcp.request_reader import TCPReaderWriter
from gevent.os import make_nonblocking, nb_read
from pydantic_core import from_json

from provider.lines.exchange import Exchanges
from provider.lines.lines import Lines
from provider.lines.pipe import widen

log = logging.getLogger("duck_relay")

READ = 64 * 1024  # bytes at a time: what fits into a usual pipe
# Between two reads the process rests for a millisecond for each line that the last one brought, at most for so many.
# Below 1,000 lines a second that comes to nothing, and each is read as it comes; above, it soon comes to the most.
# A chunk leaves each 35 ms at the soonest, so nobody sees it.
REST_PER_LINE = 0.001  # seconds
REST = 0.008  # seconds
FAREWELL = 0.1  # seconds for the last lines to leave


def start(plugin: Plugin, exchanges: Exchanges) -> None:
    """Let the plugin's reader read the way of this module; serverless, requests come by HTTP, and nothing changes."""
    reader = plugin.request_reader
    if isinstance(reader, StdioRequestReader):
        way_in = WayIn(reader, StdioResponseWriter(), exchanges)
        reader.event_loop = lambda: way_in.follow(_pipe(0))  # type: ignore[method-assign]
    elif isinstance(reader, TCPReaderWriter):
        way_in = WayIn(reader, reader, exchanges)
        reader.event_loop = lambda: way_in.follow(_connection(reader))  # type: ignore[method-assign]


class WayIn:
    """Takes what was read apart: replies go to whoever waits for them, requests to the SDK."""

    def __init__(self, reader: RequestReader, writer: ResponseWriter, exchanges: Exchanges) -> None:
        self._reader = reader
        self._writer = writer
        self._exchanges = exchanges
        self._door: deque[PluginInStream] = deque()  # requests that have not begun
        self._letting_in = False

    def follow(self, reads: Iterator[bytes | None]) -> None:
        """Read to the end; None stands where a connection was lost and made anew."""
        lines = Lines()
        for data in reads:
            if data is None:
                lines.clear()
                self._exchanges.break_off()
                continue
            count = self._take_all(lines.add(data))
            # a full read means that more is there; to rest for no time lets the others have their turn
            many = count > 1 and len(data) < READ
            time.sleep(min(REST_PER_LINE * count, REST) if many else 0)

    def _take_all(self, lines: list[bytes]) -> int:
        """Take each line, and give how many there were; a long one is not kept for longer than that."""
        for line in lines:
            if line and not line.isspace():
                self._take(line)
        return len(lines)

    def _take(self, line: bytes) -> None:
        try:
            message = from_json(line)
            if message["event"] == PluginInStreamEvent.BackwardInvocationResponse.value:
                self._exchanges.hand_over(message["data"])
            else:
                self._door.append(self._request(message))
                if not self._letting_in:
                    self._letting_in = True
                    gevent.spawn_raw(self._let_in)  # type: ignore[no-untyped-call]
        except Exception:
            log.exception("a line of Dify's daemon can't be read")

    def _let_in(self) -> None:
        """Let requests begin, one in each turn of the event loop.

        If all of many that come at once began at once, the first of them would be answered when the last had begun.
        """
        while self._door:
            try:
                self._reader._process_line(self._door.popleft())
            except Exception:
                log.exception("a request can't begin")
            time.sleep(0)
        self._letting_in = False

    def _request(self, message: dict[str, Any]) -> PluginInStream:
        return PluginInStream(
            session_id=message["session_id"],
            event=PluginInStreamEvent.value_of(message["event"]),
            data=message["data"],
            conversation_id=message.get("conversation_id"),
            message_id=message.get("message_id"),
            app_id=message.get("app_id"),
            endpoint_id=message.get("endpoint_id"),
            context=message.get("context"),
            reader=self._reader,
            writer=self._writer,
        )


def _pipe(fd: int) -> Iterator[bytes]:
    """Read a pipe, in this thread, whenever something is there."""
    widen(fd)
    make_nonblocking(fd)  # type: ignore[no-untyped-call]
    while data := nb_read(fd, READ):  # type: ignore[no-untyped-call]
        yield data
    # the SDK ends an orphan only where process 1 becomes its parent, which in many a container another does
    log.warning("Dify's daemon has closed the plugin's stdin: it is gone, and so is the plugin")
    time.sleep(FAREWELL)
    os._exit(0)


def _connection(tcp: TCPReaderWriter) -> Iterator[bytes | None]:
    """Read a debugging connection, and make it anew when it is lost, as often as it takes."""
    known = _at_once(tcp.sock)
    while True:
        try:
            data = tcp._read_data()
            if known is not tcp.sock:  # whoever could not write has connected anew
                known = _at_once(tcp.sock)
                yield None
            if data:
                yield data
        except Exception:
            log.exception("the connection to %s:%s is lost", tcp.host, tcp.port)
            yield None
            if known is not tcp.sock:
                known = _at_once(tcp.sock)
                continue
            tcp.alive = False
            time.sleep(tcp.reconnect_timeout)
            try:
                tcp._launch()
                known = _at_once(tcp.sock)
            except Exception:
                log.exception("no connection to %s:%s, trying again", tcp.host, tcp.port)


def _at_once(connection: socket.socket) -> socket.socket:
    """Let small pieces leave at once: one that waits 40 ms for the last one's receipt comes with the answer's end."""
    with suppress(OSError):  # it is lost already, and the next to read it hears so
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
