"""The connections to Dify's Service API: one pool for the whole process.

By httpcore's public means, as in `provider.public`: a network backend whose streams (`Tap`) keep a deadline for the
whole of a request, and can be read without httpcore once the head of an answer is here.
"""

import logging
import re
import socket
import ssl
from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from provider.service_api import deadline, framing
from provider.service_api.shares import Share, Shares
from relay.openapi import VERSION
from relay.outward import BY_KEY, SENT_BY_RELAY

for library in ("httpx", "httpcore"):  # they log URLs and headers, and keys stand there
    logging.getLogger(library).setLevel(logging.WARNING)

CONNECT = 5.0  # seconds
MOST = 3200  # connections, of eight apps that have all of theirs
IDLE = 32  # connections that are kept for the next request,
EXPIRY = 30.0  # for so many seconds
PIECE = 64 * 1024  # bytes that are read at once
HEADERS = {
    "User-Agent": f"Duck-relay/{VERSION}",
    "Accept-Encoding": "identity",  # a few bytes that are gigabytes once they are unpacked are never read
    SENT_BY_RELAY: BY_KEY,  # a relay that gets it asks nobody by a key: no circles
}
EMPTY = frozenset({204, 304})  # no body follows, whatever the head says: RFC 9112, section 6.3
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


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = deadline.left(timeout, httpcore.ConnectTimeout)
        return Tap(self._sockets.connect_tcp(host, port, left, local_address, socket_options))


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response, tap: Tap | None, share: Share | None) -> None:
        self._response = response
        self._tap = tap
        self._share = share

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        try:
            if self._tap:
                self._tap.part()
            self._response.close()
        finally:
            if self._share:
                self._share.give_back()


class _Transport(httpx.BaseTransport):
    """Carries httpx's requests over such connections. Raises httpcore's errors, not httpx's.

    A request's extension "share" is given back once its answer is closed.
    """

    def __init__(self, context: ssl.SSLContext, proxy: httpx.Proxy | None = None) -> None:
        options: dict[str, Any] = {
            "ssl_context": context,
            "max_connections": MOST,
            "max_keepalive_connections": IDLE,
            "keepalive_expiry": EXPIRY,
            "network_backend": _Backend(),
        }
        if proxy:
            options["proxy"] = httpcore.Proxy(_url(proxy.url), auth=proxy.raw_auth, headers=proxy.headers.raw)
        self._pool = httpcore.ConnectionPool(**options)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        share: Share | None = request.extensions.get("share")
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                _Url(_url(request.url), share.app if share else None),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        headers = httpx.Headers(response.headers)
        tap = response.extensions["network_stream"]
        if isinstance(tap, Tap):  # not after 101, whose connection is none of HTTP's any more
            tap.expect(framing.Counted(0) if response.status in EMPTY else framing.of(headers))
        return httpx.Response(
            response.status,
            headers=headers,
            stream=_Body(response, tap if isinstance(tap, Tap) else None, share),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._pool.close()


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


class _Origin(httpcore.Origin):
    """Where one app's requests go: no other's go over its connections, whose server may answer when it likes."""

    def __init__(self, origin: httpcore.Origin, app: Hashable) -> None:
        super().__init__(origin.scheme, origin.host, origin.port)
        self._app = app

    __hash__ = None  # type: ignore[assignment]  # as httpcore's

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Origin) and super().__eq__(other) and self._app == other._app


class _Url(httpcore.URL):
    def __init__(self, url: httpcore.URL, app: Hashable) -> None:
        super().__init__(scheme=url.scheme, host=url.host, port=url.port, target=url.target)
        self._app = app

    @property
    def origin(self) -> httpcore.Origin:
        return _Origin(super().origin, self._app)


class Connections:
    """The clients of this process, made at first need: for each proxy one, and one that takes none."""

    def __init__(self) -> None:
        self._clients: dict[str, httpx.Client] = {}
        self.shares = Shares()

    def of(self, url: httpx.URL) -> httpx.Client:
        """Give the client for an address: to this machine without any proxy, else by the environment's."""
        proxy = _proxy(url)
        if not (client := self._clients.get(proxy)):
            client = self._clients.setdefault(proxy, self._client(proxy))
        return client

    def close(self) -> None:
        """Close all that were made."""
        while self._clients:
            self._clients.popitem()[1].close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()  # reads some hundred certificates: once

    def _client(self, proxy: str) -> httpx.Client:
        return httpx.Client(
            transport=_Transport(self._context, httpx.Proxy(proxy) if proxy else None),
            headers=HEADERS,
            # apps of several owners share the client: a cookie of one's answer would go with another's request
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,  # a .netrc's password must not take the key's place
        )


CONNECTIONS = Connections()


def _proxy(url: httpx.URL) -> str:
    """Name the environment's proxy for an address, "" for none."""
    if _is_loopback(url.host):
        return ""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(url.host):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
