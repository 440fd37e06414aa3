"""Connections that lead nowhere inside: the address that was checked is the one that is connected to.

Whatever a URL's host looks like (a number, a name that changes, an address in another spelling), it has to be
resolved before anything can be sent, and here that happens once: nothing resolves it again between the check and the
use. Host header and TLS go on to mean the name.
"""

import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

MOST = 4  # addresses of one name that are tried

_UNICAST = IPv6Network("2000::/3")  # RFC 4291, section 2.4: all of the public internet's so far
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address behind a translator

type Resolve = Callable[
    ..., Sequence[Any]
]  # as socket.getaddrinfo: (host, port, type=) to rows whose last is an address


class NotPublic(httpcore.ConnectError):
    """The host has no address that is public."""


def is_public(address: str) -> bool:
    """Tell whether an address is no private, loopback, link-local (a cloud's metadata), shared or multicast one.

    An IPv6 address that stands for an IPv4 one (mapped, 6to4, NAT64) is as public as that. Raises nothing.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return _is_global(found)
    if (inner := found.ipv4_mapped) or (found in _NAT64 and (inner := IPv4Address(int(found) & 0xFFFF_FFFF))):
        return _is_global(inner)
    if inner := found.sixtofour:
        return _is_global(inner)
    return found in _UNICAST and _is_global(found)


def is_loopback(host: str) -> bool:
    """Tell whether a URL's host is this machine by its name or address. Raises nothing."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


class PublicBackend(httpcore.NetworkBackend):
    """Resolves a host, and connects to those of its addresses alone that are public."""

    def __init__(self, resolve: Resolve, behind: httpcore.NetworkBackend) -> None:
        """Take what resolves names and what connects, which is given addresses only."""
        self._resolve = resolve
        self._behind = behind

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect within `timeout` seconds. Raises NotPublic, ConnectError and ConnectTimeout."""
        end = None if timeout is None else time.monotonic() + timeout
        failed: Exception = httpcore.ConnectError("no address could be connected to")
        for address in self._addresses(host, port):
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise httpcore.ConnectTimeout("no address answered in time")
            try:
                return self._behind.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            rows = self._resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name can't be resolved") from error
        addresses = list(dict.fromkeys(str(row[-1][0]) for row in rows))
        if not (public := [address for address in addresses if is_public(address)]):
            raise NotPublic("none of its addresses is public")
        return public[:MOST]


class _Body(httpx.SyncByteStream):
    """A response's bytes, as httpx takes them from a transport."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class PublicTransport(httpx.BaseTransport):
    """Carries httpx's requests over such connections.

    By httpcore's public means: httpx's own transport takes no backend, and one that had to be put into it behind its
    back would be gone without a word after an upgrade. Raises httpcore's errors, not httpx's.
    """

    def __init__(
        self,
        *,
        context: SSLContext,
        limits: httpx.Limits,
        resolve: Resolve | None = None,
        behind: httpcore.NetworkBackend | None = None,
    ) -> None:
        """Take what TLS is checked by; `resolve` is socket.getaddrinfo unless given, `behind` plain sockets."""
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=PublicBackend(resolve or socket.getaddrinfo, behind or httpcore.SyncBackend()),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its URL's host may be anything that resolves."""
        url = request.url
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()
