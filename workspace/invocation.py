"""Reverse invocation: what the plugin asks of Dify, answered line by line.

Source of the texts: the daemon's io_tunnel/backwards_invocation/task.go and recorded traffic.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from workspace.apps.app import AppCall, Broken, Event, Refused
from workspace.apps.catalogue import Catalogue
from workspace.calls import Call, Journal
from workspace.counting import Counting
from workspace.declaration import Declaration
from workspace.endpoint import Endpoints
from workspace.files import address
from workspace.session import Session, Write
from workspace.storage import Database, StorageError
from workspace.stream import Stream, StreamEnd

_CANCELLED = "context canceled\nfailed to read system header"
_TIMED_OUT = (
    "read tcp 127.0.0.1:50022->127.0.0.1:5001: use of closed network connection\nfailed to read system header"
)


type Answers = AsyncGenerator[tuple[str, Event]]  # ("stream" | "struct", data)


class InvocationError(Exception):
    """The text of an `error` event for the plugin."""


class Invocations:
    """Answers reverse invocations from the workspace's apps, storage and files."""

    def __init__(
        self,
        *,
        apps: Catalogue,
        database: Database,
        journal: Journal,
        declaration: Callable[[], Declaration],
        endpoints: Endpoints,
        counting: Counting,
    ) -> None:
        self.url = ""  # the workspace's own, known once it listens
        self._apps = apps
        self._database = database
        self._journal = journal
        self._declaration = declaration
        self._endpoints = endpoints
        self._counting = counting
        self._handlers = {
            "app": self._app,
            "fetch_app": self._fetch_app,
            "storage": self._storage,
            "upload_file": self._upload_file,
        }

    async def invoke(self, session: Session, invocation: Mapping[str, Any], write: Write) -> None:
        """Answer `{"type", "backwards_request_id", "request"}` with events `response`, `error` and `end`."""
        request_id = str(invocation.get("backwards_request_id", ""))
        kind = str(invocation.get("type"))
        request = invocation.get("request")
        try:
            if denial := self._declaration().denial(kind):
                raise InvocationError(denial)
            if kind not in self._handlers or not isinstance(request, Mapping):
                raise InvocationError(f"unsupported invoke type: {kind}")
            async with aclosing(self._handlers[kind](session, request)) as answers:
                async for message, data in answers:
                    await write(session.response_line(request_id, "response", message, data))
        except InvocationError as error:
            await write(session.response_line(request_id, "error", str(error), None))
        except asyncio.CancelledError:  # the request has ended, or its caller is gone
            if session.endpoint.faults.cancellation == "silence" or kind == "storage":
                return
            await write(session.response_line(request_id, "error", f"read app failed: {_CANCELLED}", None))
        await write(session.response_line(request_id, "end", "", None))

    async def _app(self, session: Session, request: Mapping[str, Any]) -> Answers:
        try:
            app_call = AppCall.parse(request)
        except (TypeError, ValueError) as error:
            raise InvocationError(f"unmarshal backwards invoke request failed: {error}") from error
        call = self._journal.begin(kind="app", hook=session.endpoint.hook_id, request=app_call.body())
        faults = session.endpoint.faults
        arriving = Stream[Event](faults.inbound_queue)
        answering = asyncio.create_task(self._answer(app_call, call, arriving))
        limit = asyncio.get_running_loop().call_later(
            faults.invocation_limit_s, arriving.close, InvocationError(f"read app failed: {_TIMED_OUT}")
        )
        try:
            if faults.inbound_stall:
                await asyncio.wait({answering})
            while True:
                yield "stream", await arriving.read()
        except StreamEnd:
            return
        finally:
            limit.cancel()
            answering.cancel()
            call.end("aborted")

    async def _answer(self, app_call: AppCall, call: Call, arriving: Stream[Event]) -> None:
        """Let the app's events arrive: those that find the queue full are lost, and nobody is told."""
        try:
            async for event in self._apps.run(app_call):
                call.events += 1
                arriving.write(event)
                # Dify is another process: its events come while the plugin reads, not before.
                await asyncio.sleep(0)
        except Refused as refusal:
            call.end("failed")
            text = f"request failed with status code: {refusal.status} and respond with: {refusal.body}"
            arriving.close(InvocationError(f"invoke app failed: {text}"))
        except Broken as failure:
            call.end("failed")
            arriving.close(InvocationError(f"read app failed: request failed: {failure}"))
        else:
            call.end("finished")
            arriving.close()

    async def _fetch_app(self, session: Session, request: Mapping[str, Any]) -> Answers:
        app_id = str(request.get("app_id") or "")
        call = self._journal.begin(kind="fetch_app", hook=session.endpoint.hook_id, request={"app_id": app_id})
        try:
            parameters = await self._apps.parameters(app_id)
        except (Refused, Broken) as error:
            call.end("failed")
            raise InvocationError(f"fetch app failed: request failed: {error}") from error
        call.end("finished")
        yield "struct", parameters

    async def _storage(self, session: Session, request: Mapping[str, Any]) -> Answers:
        call = self._journal.begin(
            kind="storage",
            hook=session.endpoint.hook_id,
            request={"opt": request.get("opt"), "key": request.get("key")},
        )
        try:
            # as it is now: the storage is no session's own
            endpoint = self._endpoints.get(session.endpoint.hook_id) or session.endpoint
            answer = self._database.invoke(request, endpoint, self._declaration().storage_size)
            if request.get("opt") in {"set", "del"}:
                await self._counting.count(session.endpoint.faults.storage_write_ms / 1000)
        except StorageError as error:
            call.end("failed")
            raise InvocationError(str(error)) from error
        call.end("finished")
        yield "struct", answer

    async def _upload_file(self, session: Session, request: Mapping[str, Any]) -> Answers:
        """Tell where to POST the file to: the plugin's SDK does it over HTTP."""
        call = self._journal.begin(kind="upload_file", hook=session.endpoint.hook_id, request=dict(request))
        call.end("finished")
        name, media_type = str(request.get("filename") or ""), str(request.get("mimetype") or "")
        yield "struct", {"url": address(self.url, name, media_type)}
