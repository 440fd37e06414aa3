"""Reverse invocations: what the plugin asks of Dify, and whoever waits for the replies."""

import queue
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from dify_plugin.core.entities.invocation import InvokeType
from dify_plugin.core.runtime import BackwardsInvocation, Session
from pydantic_core import from_json

from provider.lines.lines import Lines
from relay.run.inbox import Inbox

type Reply = Mapping[str, Any]  # {"backwards_request_id", "event": "response" | "error" | "end", "message", "data"}
type Take = Callable[[Reply], None]

LOST = "the connection to Dify's daemon was lost"
PATH = "/backwards-invocation/transaction"  # of the daemon, for a plugin that it doesn't hold by a pipe


class Exchanges:
    """Who waits for the replies to which request."""

    def __init__(self) -> None:
        self._waiting: dict[str, Take] = {}

    def wait(self, request_id: str, take: Take) -> None:
        self._waiting[request_id] = take

    def forget(self, request_id: str) -> bool:
        """Wait no longer; tell whether anyone did."""
        return self._waiting.pop(request_id, None) is not None

    def hand_over(self, reply: Reply) -> None:
        """Give a reply to whoever waits for it; one that nobody waits for any more is dropped."""
        if take := self._waiting.get(reply["backwards_request_id"]):
            take(reply)

    def break_off(self) -> None:
        """Tell all who wait that no reply will come: over a new connection the daemon answers nothing old."""
        waiting, self._waiting = self._waiting, {}
        for request_id, take in waiting.items():
            take({"backwards_request_id": request_id, "event": "error", "message": LOST, "data": None})


class Exchange[T]:
    """One reverse invocation over the plugin's own lines; it is asked when somebody wants to hear the answer.

    It is what the SDK gets for its own generator: iterated, it gives the same and raises the same.
    """

    def __init__(self, exchanges: Exchanges, session: Session, asked: dict[str, Any], *, data_type: type[T]) -> None:
        """`asked` is `{"type", "backwards_request_id", "request"}`; each reply becomes a `data_type`."""
        self._exchanges = exchanges
        self._session = session
        self._asked = asked
        self._request_id = str(asked["backwards_request_id"])
        self._data_type = data_type

    def into(self, inbox: Inbox, *, failed: Callable[[Exception], None]) -> None:
        """Ask, and let each event of the answer go straight into an inbox; `failed` hears of an error at once."""

        def take(reply: Reply) -> None:
            if reply["event"] == "response" and reply["data"] is not None:
                inbox.put(reply["data"])
                return
            self._exchanges.forget(self._request_id)
            if reply["event"] != "error":
                inbox.end()
                return
            error = Exception(reply["message"])
            failed(error)
            inbox.end(error)

        self._ask(take)

    def leave(self) -> None:
        """Wait no longer."""
        self._exchanges.forget(self._request_id)

    def __iter__(self) -> Iterator[T]:
        replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        longest = self._session.max_invocation_timeout
        try:
            self._ask(replies.put)
            while True:
                try:
                    reply = replies.get(timeout=longest)
                except queue.Empty:
                    raise Exception(f"invocation exited without response after {longest} seconds") from None  # noqa: TRY002
                if reply["event"] == "error":
                    raise Exception(reply["message"])  # noqa: TRY002 - what the SDK raises, and `failure` reads
                if reply["event"] != "response" or reply["data"] is None:
                    return
                yield _made(self._data_type, reply["data"])
        finally:
            self.leave()

    def _ask(self, take: Take) -> None:
        self._exchanges.wait(self._request_id, take)
        writer = self._session.writer
        writer.session_message(self._session.session_id, writer.stream_invoke_object(self._asked))


def start(exchanges: Exchanges) -> None:
    """Put both ways to Dify in the place of the SDK's."""

    def over_lines[T: Any](
        invocation: BackwardsInvocation[Any], request_id: str, kind: InvokeType, data_type: type[T], data: Any
    ) -> Exchange[T]:
        return Exchange(exchanges, _session(invocation), _asked(request_id, kind, data), data_type=data_type)

    BackwardsInvocation._full_duplex_backwards_invoke = over_lines  # type: ignore[assignment, method-assign]
    BackwardsInvocation._http_backwards_invoke = _over_http  # type: ignore[assignment, method-assign]


def _over_http(
    invocation: BackwardsInvocation[Any], request_id: str, kind: InvokeType, data_type: type[Any], data: Any
) -> Iterator[Any]:
    session = _session(invocation)
    if not session.dify_plugin_daemon_url:
        raise Exception("current tool runtime does not support backwards invoke")  # noqa: TRY002 - the SDK's own
    asked = _asked(request_id, kind, data)
    with _client().stream(
        "POST",
        session.dify_plugin_daemon_url.rstrip("/") + PATH,
        headers={"Dify-Plugin-Session-ID": session.session_id},
        content=session.writer.session_message_text(session.session_id, session.writer.stream_invoke_object(asked)),
        timeout=session.max_invocation_timeout,
    ) as response:
        for line in _lines(response):
            reply = from_json(line)["data"]
            if reply["event"] == "error":
                raise Exception(reply["message"])  # noqa: TRY002 - as above
            if reply["event"] != "response" or reply["data"] is None:
                return
            yield _made(data_type, reply["data"])


def _lines(response: httpx.Response) -> Iterator[bytes]:
    """Give an answer's lines that are not blank; httpx's own end at U+0085, too, which JSON holds as it is."""
    lines = Lines()
    for data in response.iter_bytes():
        yield from (line for line in lines.add(data) if line and not line.isspace())
    if last := b"".join(lines.add(b"\n")).strip():
        yield last


@cache
def _client() -> httpx.Client:
    """Make the one client, which keeps nothing from one request to the next.

    A connection that has died meanwhile would take a request with it; a balancer's cookie would lead every request of
    the process to the same daemon.
    """
    return httpx.Client(
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def _asked(request_id: str, kind: InvokeType, data: Any) -> dict[str, Any]:
    return {"type": kind.value, "backwards_request_id": request_id, "request": data}


def _session(invocation: BackwardsInvocation[Any]) -> Session:
    if invocation.session is None:
        raise Exception("current tool runtime does not support backwards invoke")  # noqa: TRY002 - the SDK's own
    return invocation.session


def _made(data_type: type[Any], data: Any) -> Any:
    if data_type is dict:
        return data
    try:
        return data_type(**data)
    except Exception as error:
        raise Exception(f"Failed to parse response: {error}") from error  # noqa: TRY002 - the SDK's own
