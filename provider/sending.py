"""Sends requests to others' APIs: the only code of the relay that calls anybody but Dify."""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ssl import SSLContext
from typing import Any

import gevent
import httpcore
import httpx

from provider.public import NotPublic, PublicTransport, Resolve, is_loopback
from relay import wire
from relay.errors import RelayError
from relay.outward import INSIDE, Request, Response
from relay.version import VERSION

log = logging.getLogger("duck_relay")
for library in ("httpx", "httpcore"):  # they log URLs and headers, and tokens stand in both
    logging.getLogger(library).setLevel(logging.WARNING)

CONNECT = 5.0  # seconds
TOTAL = 15.0  # seconds, of everything: resolving, connecting, sending, and the whole response
LARGEST = 256 * 1024  # bytes of a response's body that are read
LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=32, keepalive_expiry=30)
HEADERS: Mapping[str, str] = {
    "User-Agent": f"Duck-relay/{VERSION}",
    "Accept": "application/json, */*;q=0.5",
    "Accept-Encoding": "identity",  # a few bytes that are gigabytes once they are unpacked are never read
}
SENDERS = frozenset({"slack", "discord", "telegram", "line", "meta", "github", "gitlab"})
BASES = "DUCK_SENDER_URLS"

NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
)


class Clients:
    """The connections of this process, which all senders share; made when the first is needed."""

    def __init__(self, *, resolve: Resolve | None = None, behind: httpcore.NetworkBackend | None = None) -> None:
        """Take how public addresses are resolved and connected to; by default as everything else is."""
        self._resolve = resolve
        self._behind = behind

    def of(self, url: httpx.URL, *, public: bool) -> httpx.Client:
        """Give the client for an address: only to public ones, by the environment's proxies, or to this machine."""
        if public:
            return self._public
        return self._direct if is_loopback(url.host) else self._proxied

    def close(self) -> None:
        """Close all that were made."""
        for name in ("_public", "_direct", "_proxied"):
            if client := self.__dict__.pop(name, None):
                client.close()

    @cached_property
    def _context(self) -> SSLContext:
        return httpx.create_ssl_context()  # reads some hundred certificates: once

    @cached_property
    def _public(self) -> httpx.Client:
        transport = PublicTransport(context=self._context, limits=LIMITS, resolve=self._resolve, behind=self._behind)
        return self._client(transport=transport, trust_env=False)  # a proxy would resolve the name once more

    @cached_property
    def _direct(self) -> httpx.Client:
        return self._client(trust_env=False)

    @cached_property
    def _proxied(self) -> httpx.Client:
        return self._client(trust_env=True)

    def _client(self, **options: Any) -> httpx.Client:
        return httpx.Client(
            verify=self._context,
            limits=LIMITS,
            timeout=httpx.Timeout(TOTAL, connect=CONNECT),
            headers=HEADERS,
            # endpoints of several owners share the client: a cookie of one's answer would go with another's request
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            **options,
        )


CLIENTS = Clients()


@dataclass(frozen=True, slots=True)
class Sending:
    """Sends for one sender of the table, or for "callback": see `relay.outward.Post`.

    The log says the sender, the request's `what` and what came of it: an address may hold a token.
    """

    sender: str
    clients: Clients = field(default=CLIENTS, repr=False)

    def __call__(self, request: Request, *, base: str = "", public: bool = False) -> Response:
        """Send a request to its path below `base` or to its own address. Raises nothing."""
        response = self._send(request, base, public=public)
        if not 200 <= response.status < 300:
            log.warning("%s/%s: %s", self.sender, request.what, response.status or response.problem)
        return response

    def _send(self, request: Request, base: str, *, public: bool) -> Response:
        on_its_way = False

        def trace(step: str, _: object) -> None:
            nonlocal on_its_way
            on_its_way = on_its_way or step.endswith("send_request_headers.started")

        late = gevent.Timeout(TOTAL)  # type: ignore[no-untyped-call]  # gevent's own
        try:
            with late:
                url = httpx.URL(replaced(self.sender, request.url) if request.url else base + request.path)
                # the client's timeouts are for each read; `late` is for all
                with self.clients.of(url, public=public).stream(
                    request.method,
                    url,
                    headers=_headers(request),
                    content=_content(request),
                    extensions={"trace": trace},
                ) as response:
                    return _read(response)
        except gevent.Timeout as timeout:
            if timeout is not late:
                raise
            return Response(arrived=on_its_way, problem=f"nothing came back within {TOTAL:.0f} s")
        except NotPublic:
            return Response(arrived=False, problem=INSIDE)
        except NOT_SENT:
            return Response(arrived=False, problem="it could not be connected to")
        except (httpx.TimeoutException, httpcore.TimeoutException):
            return Response(arrived=on_its_way, problem="it did not answer in time")
        except (httpx.LocalProtocolError, httpcore.LocalProtocolError):
            return Response(arrived=False, problem="a header of it can't be written")
        except (httpx.TransportError, httpcore.NetworkError, httpcore.ProtocolError):
            return Response(arrived=on_its_way, problem="the connection broke off")
        except Exception as error:  # noqa: BLE001 - a header that can't be written, or what nobody thought of
            return Response(arrived=on_its_way, problem=f"it could not be sent: {type(error).__name__}")


def base_of(channel_sender: str, default: str, sender_url: str | None) -> str:
    """Give the base of a sender's API: the environment's for tests, the owner's, or the usual one."""
    return (_bases().get(channel_sender) or sender_url or default).rstrip("/")


def replaced(channel_sender: str, url: str) -> str:
    """Give a whole address that a sender has named, or where the environment has it go: below the base, as it stands.

    The row has checked by then that its host is the sender's own.
    """
    if not (base := _bases().get(channel_sender)):
        return url
    return base + httpx.URL(url).raw_path.decode()


@cache
def _bases() -> Mapping[str, str]:
    return read_bases(os.environ.get(BASES, ""))


def read_bases(text: str) -> Mapping[str, str]:
    """Read a JSON object of senders and their APIs' bases: https, or http to this machine.

    What does not fit is told and left out.
    """
    if not text.strip():
        return {}
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        log.warning("%s is no JSON object: it is ignored", BASES)
        return {}
    known = {name: base for name in sorted(SENDERS & given.keys()) if (base := _base(given[name]))}
    for name in sorted(given.keys() - known.keys()):
        log.warning("%s: %s is ignored", BASES, name if name in SENDERS else "a sender that there is not")
    return known


def _base(value: object) -> str:
    try:
        url = httpx.URL(value if isinstance(value, str) else "")
    except httpx.InvalidURL:
        return ""
    if url.userinfo or url.query or url.fragment or not url.host:
        return ""
    fits = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))
    return str(url).rstrip("/") if fits else ""


def _headers(request: Request) -> httpx.Headers:
    headers = httpx.Headers({"Content-Type": "application/json; charset=utf-8"} if _content(request) else {})
    headers.update(request.headers)
    headers["Duck-Relay"] = "1"  # a relay that gets it starts no later run: no circles
    return headers


def _content(request: Request) -> bytes:
    return wire.encode(wire.dump(request.body)) if request.body is not None else request.content


def _read(response: httpx.Response) -> Response:
    status, headers = response.status_code, dict(response.headers)
    read = bytearray()
    try:
        for chunk in response.iter_raw():
            read += chunk
            if len(read) > LARGEST:
                return Response(status=status, headers=headers)
    except (httpx.TransportError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        if 200 <= status < 300:
            raise  # a success without the word that says what became of it: nobody knows
    return Response(status=status, headers=headers, body=_json(bytes(read)))


def _json(body: bytes) -> Any:
    try:
        return wire.parse(body.decode(), "The response")
    except (ValueError, RelayError):
        return None
