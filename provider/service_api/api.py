"""A client of Dify's Service API: one app, by its key.

Source: Dify's `api/controllers/service_api/app/*.py`. Whatever goes wrong is a Problem, whose words are this client's
own. No repr of anything here shows the key.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx
from pydantic_core import from_json

from provider.service_api.connections import CONNECT, CONNECTIONS, Connections
from provider.service_api.deadline import Line, within
from provider.service_api.problems import Kind, Problem
from provider.service_api.sse import with_surrogates
from provider.service_api.stream import SILENCE, Stream
from relay import wire
from relay.errors import PayloadTooLarge

TOTAL = 15.0  # seconds, of a request that runs no app
UPLOAD = 60.0  # seconds, of one that carries a file
LONGEST = 590.0  # seconds, of a run: the plugin's daemon ends an answer after 600
LARGEST = 8 * 1024 * 1024  # bytes of an answer
LARGEST_ERROR = 64 * 1024
PIECES = 16_384  # that an answer may come in: each costs a moment, however small it is
TURN = 128  # pieces, after which others have theirs: they may all be here already
ALONE = frozenset({413, 415, 429})  # what a proxy may say in Dify's place, and what says enough without a word

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class ServiceApi:
    """One app of a Dify."""

    base_url: str  # as "https://dify.example.org/v1", without a slash at its end
    key: str = field(repr=False)
    longest: float = field(default=LONGEST, repr=False)
    connections: Connections = field(default=CONNECTIONS, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        largest: int = LARGEST,
    ) -> Any:
        """Ask for a resource; `path` percent-encoded, from its first "/". Give its JSON value, None for an empty one.

        Raises Problem, FOREIGN for an answer of more than `largest` bytes.
        """
        content: dict[str, Any] = {} if body is None else _json(body)
        try:
            return self._ask(method, path, TOTAL, largest=largest, params=query, **content)
        except Problem as problem:
            if method != "GET" or problem.kind is not Kind.LOST:
                raise
        return self._ask(
            method, path, TOTAL, largest=largest, params=query
        )  # a connection that was kept for too long

    def upload(self, filename: str, content: bytes, mimetype: str, user: str) -> Mapping[str, Any]:
        """Hand a file to Dify: `{"id", "name", "size", "extension", "mime_type", …}`. Raises Problem."""
        stored = self._ask(
            "POST", "/files/upload", UPLOAD, files={"file": (filename, content, mimetype)}, data={"user": user}
        )
        if not isinstance(stored, Mapping) or not isinstance(stored.get("id"), str):
            raise Problem(Kind.FOREIGN, "it stores no file")
        return stored

    def stream(self, path: str, body: Mapping[str, Any], line: Line | None = None) -> Stream:
        """Begin a run, and wait for the head of its answer, until which `line` can be cut. Raises Problem."""
        until = time.monotonic() + self.longest
        with _problems() as trace, within(self.longest, line):
            response = self._send("POST", path, SILENCE, trace, runs=True, **_json(body))
            try:
                _check(response)
                status = response.status_code
                if not response.headers.get("content-type", "").lower().startswith("text/event-stream"):
                    raise Problem(Kind.FOREIGN, f"{status} without an event stream", status=status)
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise Problem(Kind.FOREIGN, "it sends the stream compressed, unasked", status=status)
                return Stream(response, until=until)
            except BaseException:
                response.close()
                raise

    def _ask(self, method: str, path: str, seconds: float, *, largest: int = LARGEST, **content: Any) -> Any:
        with _problems() as trace, within(seconds):
            response = self._send(method, path, seconds, trace, **content)
            try:
                _check(response)
                read = _read(response, largest)
            finally:
                response.close()
            if read is None:
                raise Problem(Kind.FOREIGN, "its answer is too large")
            if not read.strip():
                return None
            try:
                wire.check_size(read, "The answer")
                return from_json(read)
            except PayloadTooLarge:
                raise Problem(Kind.FOREIGN, "its answer holds too many values") from None
            except ValueError:
                value = with_surrogates(read)
            if value is None or wire.depth(value) > wire.DEEPEST:
                raise Problem(Kind.FOREIGN, f"{response.status_code} without JSON")
            return value

    def _send(
        self, method: str, path: str, seconds: float, trace: "_Trace", *, runs: bool = False, **content: Any
    ) -> httpx.Response:
        url = httpx.URL(self.base_url + path)
        client = self.connections.of(url)
        if not (share := self.connections.shares.take((self.base_url, self.key), runs=runs)):
            raise Problem(Kind.CROWDED, sent=False)
        try:
            request = client.build_request(
                method,
                url,
                timeout=httpx.Timeout(seconds, connect=CONNECT, pool=CONNECT),
                extensions={"trace": trace, "share": share},
                **content,
            )
            request.headers["Authorization"] = f"Bearer {self.key}"
            return client.send(request, stream=True)
        except BaseException:
            share.give_back()
            raise


class _Trace:
    """Notes whether a request has left."""

    sent = False

    def __call__(self, step: str, _: object) -> None:
        self.sent = self.sent or step.endswith("http11.send_request_headers.started")


@contextmanager
def _problems() -> Iterator[_Trace]:
    """Turn whatever goes wrong into a Problem."""
    trace = _Trace()
    try:
        yield trace
    except Problem:
        raise
    except (httpx.PoolTimeout, httpcore.PoolTimeout):
        raise Problem(Kind.BUSY, sent=False) from None
    except _NOT_SENT as error:
        kind = Kind.UNTRUSTED if isinstance(error.__context__, ssl.SSLError) else Kind.UNREACHABLE
        raise Problem(kind, sent=False) from None
    except (httpx.TimeoutException, httpcore.TimeoutException):
        raise Problem(Kind.LATE, sent=trace.sent) from None
    except Exception as error:  # noqa: BLE001 - a connection that breaks, a header that can't be written, or the unforeseen
        if trace.sent:
            raise Problem(Kind.LOST) from None
        raise Problem(Kind.UNREACHABLE, type(error).__name__, sent=False) from None


def _check(response: httpx.Response) -> None:
    """Raise Problem for whatever is no success."""
    status = response.status_code
    if 200 <= status < 300:
        return
    envelope = _envelope(_read(response, LARGEST_ERROR) or b"")
    if envelope or status in ALONE:
        raise Problem(Kind.REFUSED, str(status), status=status, envelope=envelope)
    if status >= 500:
        raise Problem(Kind.NOT_READY, str(status), status=status)
    detail = "a redirect" if 300 <= status < 400 else f"{status} without Dify's words"
    raise Problem(Kind.FOREIGN, detail, status=status)


def _read(response: httpx.Response, most: int) -> bytes | None:
    """Read a body, None for one that is too large, or cut too small."""
    read = bytearray()
    for number, piece in enumerate(response.iter_raw(), 1):
        read += piece
        if len(read) > most or number > PIECES:
            return None
        if not number % TURN:
            time.sleep(0)
    return bytes(read)


def _envelope(body: bytes) -> Mapping[str, Any] | None:
    """Read Dify's own words: `{"code", "message", "status"}`. Source: its `libs/external_api.py`."""
    try:
        given = from_json(body)
    except ValueError:
        return None
    if isinstance(given, dict) and isinstance(given.get("code"), str) and isinstance(given.get("message"), str):
        return given
    return None


def _json(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": wire.encode(wire.dump(body)), "headers": {"Content-Type": "application/json"}}
