"""One connection to Dify, which keeps a deadline for the whole of a request.

It can be read without httpcore once the head of an answer is here, and serves no second request unless the answer to
the first has been read to its last byte.
"""

import re
import socket
import ssl
from contextlib import suppress
from typing import Any

import httpcore

from provider.service_api import deadline, framing

PIECE = 64 * 1024  # bytes that are read at once
INTERIM = 16  # heads of 1xx before the one that counts; read as fast as they come, they give no other request a turn
_END_OF_HEAD = re.compile(rb"\n\r?\n")


class Tap(httpcore.NetworkStream):
    """One connection, which gives httpcore no more than the head of an answer at first.

    So whoever takes the head may take the body here, without httpcore's parser between.
    """

    def __init__(self, inner: httpcore.NetworkStream, *, layers: int = 0) -> None:
        """Take the stream itself and how many layers of TLS lie over its socket."""
        self._inner = inner
        self._layers = layers
        self._head: bytearray | None = None  # of the answer, until its end
        self._interim = 0  # heads of 1xx since the request
        self._held = b""  # read, and given to nobody yet
        self._body: framing.Framing | None = None  # of the last answer
        self._socket: socket.socket

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self.receive(timeout, max_bytes)
        if self._head is None:
            self._measure(data)
            return data
        before = len(self._head)
        self._head += data
        if not (end := _END_OF_HEAD.search(self._head, max(before - 3, 0))):
            return data
        self._held = bytes(self._head[end.end() :])
        data = bytes(self._head[before : end.end()])
        if self._head[8:10] != b" 1":  # behind "HTTP/1.1", or whatever version
            self._head = None
            return data
        self._head = bytearray()  # another head follows such a one
        self._interim += 1
        if self._interim > INTERIM:
            raise httpcore.RemoteProtocolError("heads of 1xx without an end")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._head is None and self._body and self._has_ended():  # or an answer is here before its request
            raise httpcore.ConnectionNotAvailable  # the pool takes another
        self._head, self._interim = bytearray(), 0
        deadline.over(self)
        self._inner.write(buffer, deadline.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = deadline.left(timeout, httpcore.ConnectTimeout)
        return Tap(self._inner.start_tls(ssl_context, server_hostname, left), layers=self._layers + 1)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._has_ended()
        return self._inner.get_extra_info(info)

    def receive(self, timeout: float | None, most: int = PIECE) -> bytes:
        """Wait for the next bytes, b"" at the end. Raises httpcore's ReadTimeout and ReadError."""
        if self._held:
            data, self._held = self._held, b""
            return data
        return self._inner.read(most, deadline.left(timeout, httpcore.ReadTimeout))

    @property
    def can_glance(self) -> bool:
        """Tell whether `glance` can be used: not through TLS within TLS, of an HTTPS proxy."""
        return self._layers <= 1

    @property
    def by_records(self) -> bool:
        """Tell whether each read gives one record of TLS, however many are here."""
        return self._layers > 0

    def begin_glancing(self) -> None:
        """Prepare for `glance`, until the next read that waits."""
        self._socket = self._inner.get_extra_info("socket")
        self._socket.settimeout(0)

    def glance(self) -> bytes | None:
        """Give what is here already, None for nothing and b"" at the end, without waiting. Raises ReadError."""
        try:
            return self._socket.recv(PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except (OSError, ValueError) as error:
            raise httpcore.ReadError from error

    def hand_back(self, rest: bytes) -> None:
        """Let httpcore have the last bytes of a body that was read here."""
        self._held = rest

    def expect(self, body: framing.Framing) -> None:
        """Hear, once the head is here, how to tell where the body ends."""
        self._body = body

    def part(self) -> None:
        """Close the connection unless the answer has been read to its last byte and nothing stands behind it.

        httpcore would keep what stands there, and take it for the answer to the next request, of whatever owner.
        """
        if self._held or not self._body or not self._body.done or self._body.surplus:
            self.close()

    def cut(self) -> None:
        """End the connection under whoever waits for it, in whatever thread."""
        connection: socket.socket = self._inner.get_extra_info("socket")
        with suppress(OSError):  # it has ended
            socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not TLS's own, which is the reader's

    def _measure(self, data: bytes) -> None:
        if self._body:
            try:
                self._body.feed(data)
            except framing.Misframed:
                self._body = None

    def _has_ended(self) -> bool:
        """Tell whether something comes that nobody has asked for, mostly the end.

        httpcore asks it of each idle connection, twice for each request; gevent's `poll` takes ten times as long.
        """
        connection: socket.socket = self._inner.get_extra_info("socket")
        if self._held or (isinstance(connection, ssl.SSLSocket) and connection.pending()):
            return True
        try:
            connection.settimeout(0)
            socket.socket.recv(connection, 1, socket.MSG_PEEK)  # below TLS
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
