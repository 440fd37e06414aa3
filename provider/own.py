"""The plugin's own address, and the requests that it makes to it.

A request is the only thing that may run an app, and the one that a delivery came by has to end within its sender's
deadline. So the plugin asks itself, by Dify: that is a request with a session of its own.
"""

import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import gevent
import httpx
from dify_plugin.config.config import DifyPluginEnv, InstallMethod
from gevent.event import AsyncResult

from provider import watchdog
from relay.log import unforeseen
from relay.outward import Started
from relay.version import VERSION

log = logging.getLogger("duck_relay")

HOOK = re.compile(r"[A-Za-z0-9_-]{1,128}")
PORT = re.compile(r"[0-9]{1,5}")

CONNECT = 1.0  # seconds, for each address of the name
RESOLVE = 3.0  # seconds in all, to resolve the name and to connect
SILENCE = 60.0  # seconds between two bytes; the run sends a sign of life each 10 s
PIECE = 64 * 1024  # bytes

IN_VAIN = frozenset({Started.REFUSED, Started.UNREACHABLE})


def address(hook_id: str, relay_url: str | None) -> str | None:
    """Give the address of the endpoint as the plugin itself reaches it, None for none; then `why_not` says why."""
    return _address(hook_id, relay_url)[0]


def why_not(hook_id: str, relay_url: str | None) -> str:
    """Say why there is no own address and what to set, "" if there is one."""
    return _address(hook_id, relay_url)[1]


def _address(hook_id: str, relay_url: str | None) -> tuple[str | None, str]:
    if not HOOK.fullmatch(hook_id):
        return None, "Dify has not told which endpoint was called"
    if relay_url:
        # another endpoint's would run there, with its settings
        if urlsplit(relay_url).path.endswith(f"/e/{hook_id}"):
            return relay_url, ""
        return None, f"relay_url does not end in /e/{hook_id}"
    if not (port := _daemons_port()):
        return None, "relay_url is not set, and Dify does not run the plugin beside itself"
    return f"http://127.0.0.1:{port}/e/{hook_id}", ""


@cache
def _daemons_port() -> str:
    """Give the port of the daemon that has started this process and listens on the same machine, "" for none."""
    port = os.environ.get("SERVER_PORT", "")
    local = DifyPluginEnv().INSTALL_METHOD is InstallMethod.Local
    return port if local and PORT.fullmatch(port) and 0 < int(port) < 65536 else ""


@cache
def _context() -> SSLContext:
    return httpx.create_ssl_context()


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Asks the plugin itself to run, and does things later. A `relay.outward.Own`.

    By the standard library's client: there is neither a proxy nor a redirect, cookie or pool in it, and for 200 runs
    that begin at once a request of it takes half of what one of httpx does (0.55 ms of CPU to 1.2 ms).
    """

    silence: float = SILENCE

    def start(
        self, base: str, delivery_id: str, token: str, *, patience: float, ended: Callable[[bool], None]
    ) -> Started:
        """Ask for the run of a delivery below `base`, and tell within `patience` seconds what came of it.

        Unless this says that it is REFUSED or UNREACHABLE, `ended` is called exactly once, by another greenlet,
        perhaps before this returns: true if a 200 came whole. It may come late: the request stands as long as the
        run.
        """
        began: Any = AsyncResult()  # type: ignore[no-untyped-call]  # gevent's own
        given_up: list[Started] = []
        gevent.spawn(self._see_through, base, delivery_id, token, began, given_up, ended)  # type: ignore[no-untyped-call]
        if (started := began.wait(timeout=patience)) is None:
            given_up.append(started := Started.UNKNOWN)
        return Started(started)

    def address(self, hook_id: str, relay_url: str | None) -> str | None:
        """Give the address of an endpoint as the plugin reaches it, None for none."""
        return address(hook_id, relay_url)

    def reaches(self, base: str) -> bool:
        """Tell whether this endpoint answers at that address: an unknown delivery is one that it does not know."""
        url = urlsplit(base)
        connection = _connection(url.scheme, url.hostname or "", url.port)
        try:
            if not _connect(connection):
                return False
            connection.sock.settimeout(RESOLVE)
            connection.request("POST", f"{url.path}/deliveries/none/run", headers={"Duck-Relay": "1"})
            return b"delivery_not_found" in connection.getresponse().read(PIECE)
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after so many seconds. What it raises is logged."""
        gevent.spawn_later(seconds, _act, act)  # type: ignore[no-untyped-call]

    def _see_through(  # noqa: PLR0917 - as gevent hands them on
        self,
        base: str,
        delivery_id: str,
        token: str,
        began: Any,
        given_up: Sequence[Started],
        ended: Callable[[bool], None],
    ) -> None:
        watchdog.mark(delivery_id)
        clean = False
        try:
            clean = self._ask(base, delivery_id, token, began)
        except Exception as error:  # noqa: BLE001 - none of the standard library's must keep `ended` from being called
            unforeseen(delivery_id, error)
        finally:
            if not began.ready():
                began.set(Started.UNKNOWN)
            try:
                if given_up or began.value not in IN_VAIN:
                    ended(clean)
            except Exception as error:  # noqa: BLE001 - nobody is above this
                unforeseen(delivery_id, error)

    def _ask(self, base: str, delivery_id: str, token: str, began: Any) -> bool:
        url = urlsplit(base)
        connection = _connection(url.scheme, url.hostname or "", url.port)
        try:
            if not _connect(connection):
                began.set(Started.UNREACHABLE)
                return False
            connection.sock.settimeout(self.silence)
            headers = {
                "X-Duck-Run": token,
                "Duck-Relay": "1",
                "User-Agent": f"Duck-relay/{VERSION}",
                "Accept-Encoding": "identity",
            }
            connection.request("POST", f"{url.path}/deliveries/{delivery_id}/run", headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                began.set(Started.REFUSED)
                return False
            began.set(Started.RUNNING)
            return _drain(response)
        except (OSError, HTTPException) as error:
            log.warning("%s: the request for its run broke off: %s", delivery_id, type(error).__name__)
            return False
        finally:
            connection.close()


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme.lower() == "https":
        return HTTPSConnection(host, port, timeout=CONNECT, context=_context())
    return HTTPConnection(host, port, timeout=CONNECT)


def _connect(connection: HTTPConnection) -> bool:
    """Connect, TLS included; tell whether that was possible. Nothing of the request has been sent by then."""
    try:
        with gevent.Timeout(RESOLVE, TimeoutError):  # type: ignore[no-untyped-call]  # gevent's own
            connection.connect()
    except (OSError, ValueError):  # a name that can't be one is a ValueError
        return False
    return True


def _drain(response: HTTPResponse) -> bool:
    """Read to the end; tell whether that was the end, and not the connection's alone."""
    while response.read1(PIECE):
        pass
    return not response.length  # what is missing; None where only the connection's end tells


def _act(act: Callable[[], None]) -> None:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - nobody is above this
        unforeseen("a timer", error)
