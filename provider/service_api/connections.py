"""The connections to Dify's Service API: one pool for the whole process.

By httpcore's public means, as in `provider.public`: a network backend whose streams are `tap.Tap`.
"""

import logging
import ssl
from collections.abc import Hashable, Iterable, Iterator
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from provider.public import is_loopback
from provider.service_api import deadline, framing
from provider.service_api.shares import Share, Shares
from provider.service_api.tap import Tap
from relay.outward import BY_KEY, SENT_BY_RELAY
from relay.version import VERSION

for library in ("httpx", "httpcore"):  # they log URLs and headers, and keys stand there
    logging.getLogger(library).setLevel(logging.WARNING)

CONNECT = 5.0  # seconds
MOST = 3200  # connections, of eight apps that have all of theirs
IDLE = 32  # connections that are kept for the next request,
EXPIRY = 30.0  # for so many seconds
HEADERS = {
    "User-Agent": f"Duck-relay/{VERSION}",
    "Accept-Encoding": "identity",  # a few bytes that are gigabytes once they are unpacked are never read
    SENT_BY_RELAY: BY_KEY,  # a relay that gets it asks nobody by a key: no circles
}
EMPTY = frozenset({204, 304})  # no body follows, whatever the head says: RFC 9112, section 6.3


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
    if is_loopback(url.host):
        return ""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(url.host):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"
