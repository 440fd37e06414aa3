"""The routes below `/dify/<hook_id>/v1`: who may ask, who asks, which kind of app, and what the journal keeps."""

import json
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from workspace.apps.app import App, Mode, Refused, invalid_param, unknown
from workspace.apps.catalogue import Catalogue
from workspace.calls import Call, Journal
from workspace.endpoint import Endpoints
from workspace.faults import NONE, Faults
from workspace.service_api import about, failing, refusals, uploading
from workspace.service_api.answering import Answering
from workspace.service_api.asked import NOBODY, Asked
from workspace.service_api.records import Records
from workspace.service_api.remembered import Remembered
from workspace.storage import Database

PATH = "/dify/{hook_id}/v1"
_PREFIX = "app-"  # of every key
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """Which apps a route is for, and how Dify refuses the others."""

    modes: frozenset[Mode]
    refusal: Callable[[], Refused]


_CHATS = _Kind(frozenset({"chat", "agent-chat", "advanced-chat"}), refusals.not_chat_app)
_COMPLETIONS = _Kind(frozenset({"completion"}), refusals.app_unavailable)
_WORKFLOWS = _Kind(frozenset({"workflow"}), refusals.not_workflow_app)
_WITH_WORKFLOWS = _Kind(frozenset({"workflow", "advanced-chat"}), refusals.not_workflow_app)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One route."""

    method: str
    path: str
    handler: Callable[[Asked], Awaitable[Response]]
    kind: _Kind | None = None
    user: Literal["json", "query"] | None = None
    """Where the user is named; None where Dify asks for none, or the handler finds it."""
    required: bool = False
    runs: bool = False


class ServiceApi:
    """Dify's Service API for the apps of a workspace."""

    def __init__(self, *, apps: Catalogue, database: Database, journal: Journal, endpoints: Endpoints) -> None:
        self._apps = apps
        self._journal = journal
        self._endpoints = endpoints
        self._records = Records(database)
        self._answering = Answering(self._records)
        self._remembered = Remembered(self._records)

    def routes(self) -> list[BaseRoute]:
        rows = [
            Route(row.path, partial(self._serve, row), methods=[row.method])
            for row in [*self._runs(), *self._others()]
        ]
        nowhere = _Row(method="", path="/{rest:path}", handler=_nowhere)
        return [*rows, Route(nowhere.path, partial(self._serve, nowhere), methods=_METHODS)]

    def _runs(self) -> list[_Row]:
        answering = self._answering
        run = partial(_Row, method="POST", user="json", required=True)
        return [
            run(path="/chat-messages", handler=answering.chat, kind=_CHATS, runs=True),
            run(path="/completion-messages", handler=answering.completion, kind=_COMPLETIONS, runs=True),
            run(path="/workflows/run", handler=answering.workflow, kind=_WORKFLOWS, runs=True),
            run(path="/chat-messages/{task_id}/stop", handler=answering.stop, kind=_CHATS),
            run(path="/completion-messages/{task_id}/stop", handler=answering.stop, kind=_COMPLETIONS),
            run(path="/workflows/tasks/{task_id}/stop", handler=answering.stop, kind=_WORKFLOWS),
        ]

    def _others(self) -> list[_Row]:
        remembered = self._remembered
        get = partial(_Row, method="GET")
        post = partial(_Row, method="POST", user="json")
        conversation, message = "/conversations/{conversation_id:uuid}", "/messages/{message_id:uuid}"
        return [
            post(path="/files/upload", handler=partial(uploading.upload, records=self._records), user=None),
            get(path="/parameters", handler=about.parameters),
            get(path="/info", handler=about.info),
            get(path="/meta", handler=about.meta),
            get(path="/site", handler=about.site),
            get(path="/conversations", handler=remembered.conversations, kind=_CHATS, user="query"),
            _Row(method="DELETE", path=conversation, handler=remembered.delete, kind=_CHATS, user="json"),
            post(path=f"{conversation}/name", handler=remembered.rename, kind=_CHATS),
            get(path=f"{conversation}/variables", handler=remembered.variables, kind=_CHATS, user="query"),
            get(path="/messages", handler=remembered.messages, kind=_CHATS, user="query"),
            post(path=f"{message}/feedbacks", handler=remembered.feedback, required=True),
            get(path=f"{message}/suggested", handler=remembered.suggested, kind=_CHATS, user="query", required=True),
            get(path="/workflows/run/{run_id}", handler=remembered.workflow_run, kind=_WITH_WORKFLOWS),
        ]

    async def _serve(self, row: _Row, request: Request) -> Response:
        endpoint = self._endpoints.get(request.path_params["hook_id"])
        faults = NONE if endpoint is None else endpoint.faults
        body = await _json(request) if row.user == "json" else None
        app_id = self._app_id(request)
        call = self._begin(row, request, app_id, body)
        if fault := _fault(row, faults):
            call.request["fault"] = fault
            if fault in failing.ANSWERS:
                call.end("failed")
                return failing.ANSWERS[fault](request)
        try:
            response = await self._answer(row, request, call, faults)
        except Refused as refusal:
            call.end("failed")
            return refusals.envelope(refusal)
        except Exception:  # noqa: BLE001 - Dify says no more of it, and logs it
            traceback.print_exc()
            call.end("failed")
            return refusals.envelope(unknown("Internal Server Error"))
        if not row.runs:
            call.end("finished")
        return response

    def _begin(self, row: _Row, request: Request, app_id: str | None, body: Any) -> Call:
        """Write down what came, without the key."""
        told: dict[str, Any] = {"way": "service_api", "app_id": app_id}
        hook = request.path_params["hook_id"]
        if row.runs:
            received = body if isinstance(body, Mapping) else {}
            return self._journal.begin(kind="app", hook=hook, request={**received, **told})
        path = request.scope["path"].removeprefix(request.scope["root_path"])
        query = dict(request.query_params)
        asked = {**told, "method": request.method, "path": path, "query": query, "body": body}
        return self._journal.begin(kind="service_api", hook=hook, request=asked)

    async def _answer(self, row: _Row, request: Request, call: Call, faults: Faults) -> Response:
        app = self._app(request)
        body = await _object(request) if row.user == "json" else {}
        user = (body if row.user == "json" else request.query_params).get("user")
        if row.required and not user:
            raise invalid_param("Arg user must be provided.")
        mode = await app.mode()
        if row.kind is not None and mode not in row.kind.modes:
            raise row.kind.refusal()
        asked = Asked(
            request=request,
            app_id=call.request["app_id"],
            app=app,
            mode=mode,
            user=str(user or NOBODY),
            body=body,
            call=call,
            faults=faults,
        )
        return await row.handler(asked)

    def _app(self, request: Request) -> App:
        """Return the app whose key came. Raises Refused."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if not key:
            raise refusals.unauthorized("Authorization header must be provided and start with 'Bearer'")
        if scheme.lower() != "bearer":
            raise refusals.unauthorized("Authorization scheme must be 'Bearer'")
        app_id = self._app_id(request)
        if app_id is None:
            raise refusals.unauthorized()
        return self._apps.find(app_id)

    def _app_id(self, request: Request) -> str | None:
        """Return the id of the app whose key came; None for the key of none, of which nothing is written down."""
        key = request.headers.get("authorization", "").partition(" ")[2].strip()
        if not key.startswith(_PREFIX):
            return None
        app_id = key.removeprefix(_PREFIX)
        try:
            self._apps.find(app_id)
        except Refused:
            return None
        return app_id


def _fault(row: _Row, faults: Faults) -> str:
    only_runs = faults.service_api_only == "run" or faults.service_api in failing.OF_RUNS
    return "" if only_runs and not row.runs else faults.service_api


async def _json(request: Request) -> Any:
    """Return a body's JSON; None for what is none."""
    try:
        return json.loads(await request.body())
    except ValueError:
        return None


async def _object(request: Request) -> Mapping[str, Any]:
    """Return the JSON object of a body, as Flask reads it. Raises Refused."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise refusals.not_json()
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise refusals.bad_request() from error
    if not isinstance(body, Mapping):
        raise unknown("Internal Server Error")
    return body


async def _nowhere(_asked: Asked) -> Response:
    raise refusals.not_found(
        "The requested URL was not found on the server. If you entered the URL manually please check your spelling "
        "and try again."
    )
