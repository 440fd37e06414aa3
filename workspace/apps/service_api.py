"""Apps of a real Dify, through its Service API: by the relay's own client, in threads."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, cast, get_args

from anyio.to_thread import run_sync
from starlette.concurrency import iterate_in_threadpool

from provider.service_api.api import ServiceApi
from provider.service_api.connections import Connections
from provider.service_api.problems import Problem
from provider.service_api.stream import Stream
from relay.run.inbox import Inbox
from workspace.apps.app import AppCall, Broken, Event, Mode, Refused, unknown

_PATHS: Mapping[Mode, str] = {
    "workflow": "/workflows/run",
    "completion": "/completion-messages",
    "chat": "/chat-messages",
    "agent-chat": "/chat-messages",
    "advanced-chat": "/chat-messages",
}
_MOMENT = 1.0  # seconds; a thread that is left waiting hears of it within


class ServiceApiApp:
    """One app, behind its Service API key."""

    def __init__(self, base_url: str, key: str) -> None:
        self._connections = Connections()
        self._api = ServiceApi(base_url.rstrip("/"), key, connections=self._connections)
        self._mode: Mode | None = None

    async def aclose(self) -> None:
        self._connections.close()

    async def mode(self) -> Mode:
        if self._mode is None:
            mode = (await self._get("/info")).get("mode")
            if mode not in get_args(Mode):
                raise unknown("unexpected app type")
            self._mode = cast("Mode", mode)
        return self._mode

    async def parameters(self) -> dict[str, Any]:
        return await self._get("/parameters")

    async def _get(self, path: str) -> dict[str, Any]:
        try:
            return dict(await run_sync(self._api.ask, "GET", path))
        except Problem as problem:
            raise _refusal(problem) from problem
        except (TypeError, ValueError) as error:
            raise unknown(f"Dify tells nothing at {path}") from error

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        body = {
            "inputs": dict(call.inputs),
            "query": call.query,
            "response_mode": "streaming",
            "conversation_id": call.conversation_id,
            "user": call.user or "workspace",
        }
        path = _PATHS[await self.mode()]
        try:
            stream = await run_sync(self._api.stream, path, body)
        except Problem as problem:
            raise _refusal(problem) from problem
        try:
            async for event in iterate_in_threadpool(_events(stream)):
                yield event
        except Problem as problem:
            raise Broken(str(problem)) from problem
        finally:
            stream.cut()


def _events(stream: Stream) -> Iterator[Event]:
    """Read a stream where it is read, and give its events here."""
    inbox = Inbox()

    def read() -> Iterator[Event]:
        stream.read(inbox.put, inbox.untaken)
        yield from ()

    inbox.feed(read())
    for event in inbox.events():
        if event is None:
            inbox.wait(_MOMENT)
        else:
            yield dict(event)


def _refusal(problem: Problem) -> Refused:
    """Pass on Dify's `{"code", "message", "status"}`."""
    if not (said := problem.envelope):
        return unknown(f"Dify cannot be used: {problem}")
    return Refused(problem.status, problem.code, str(said.get("message")))
