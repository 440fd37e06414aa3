"""The workspace's own API, for tests and scripts: JSON in, JSON out.

PUT    /workspace/endpoints/{hook_id}   {"settings": {...}, "enabled": true, "faults": {...}}
                                        creates or replaces an endpoint, whose id stays; answers {"url", "id"}.
                                        `settings` reach the plugin as they are, `faults`: workspace/faults.py
DELETE /workspace/endpoints/{hook_id}
GET    /workspace/endpoints             {"<hook_id>": {"settings", "enabled", "faults"}}
GET    /workspace/calls?hook=&app_id=   reverse invocations that reached Dify: workspace/calls.py
DELETE /workspace/calls
GET    /workspace/requests              the latest requests: hook, path, status, chunks sent and lost
GET    /workspace/plugin                {"manifest", "endpoints", "pid", "pids"}: `pid` is the first of `pids`
POST   /workspace/plugin/restart        ends the plugin's processes and waits for the next ones
PUT    /workspace/plugin/frozen         {"seconds": 5}: its processes stand still for so long, as a serverless
                                        platform lets them between two requests; 0: no longer
GET    /workspace/storage               {"<key>": "<value as hex>"}
DELETE /workspace/storage
GET    /workspace/storage/rows          {"rows": 1}: where it is counted, workspace/counting.py
PUT    /workspace/storage/rows          {"rows": 3}
PUT    /workspace/held/{name}           let an app's last event through: workspace/apps/held.py
DELETE /workspace/held                  hold all of them back again
DELETE /workspace/conversations         forget those of the demo apps and the model

`/workspace/senders/…`: workspace/senders/management.py
`/workspace/instances/<number>/e/<hook_id>/…` is `/e/<hook_id>/…` through one process of the plugin, the first being
0: in a cluster each daemon has an address of its own.
"""

import asyncio
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workspace.apps.held import GATES
from workspace.calls import Journal
from workspace.counting import Counting
from workspace.endpoint import Endpoint, Endpoints
from workspace.faults import Faults
from workspace.gateway import Gateway
from workspace.runtime.runtime import Runtime
from workspace.storage import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Management:
    """The handlers below `/workspace`."""

    endpoints: Endpoints
    journal: Journal
    database: Database
    counting: Counting
    runtime: Runtime
    gateway: Gateway
    url: str

    def routes(self) -> list[Route]:
        return [
            Route("/endpoints", self.list_endpoints, methods=["GET"]),
            Route("/endpoints/{hook_id}", self.put_endpoint, methods=["PUT"]),
            Route("/endpoints/{hook_id}", self.delete_endpoint, methods=["DELETE"]),
            Route("/calls", self.list_calls, methods=["GET"]),
            Route("/calls", self.clear_calls, methods=["DELETE"]),
            Route("/requests", self.list_requests, methods=["GET"]),
            Route("/plugin", self.plugin, methods=["GET"]),
            Route("/plugin/restart", self.restart, methods=["POST"]),
            Route("/plugin/frozen", self.freeze, methods=["PUT"]),
            Route("/storage", self.list_storage, methods=["GET"]),
            Route("/storage", self.clear_storage, methods=["DELETE"]),
            Route("/storage/rows", self.list_rows, methods=["GET"]),
            Route("/storage/rows", self.put_rows, methods=["PUT"]),
            Route("/held/{name}", self.let_through, methods=["PUT"]),
            Route("/held", self.hold, methods=["DELETE"]),
            Route("/conversations", self.forget_conversations, methods=["DELETE"]),
        ]

    async def put_endpoint(self, request: Request) -> Response:
        try:
            body: dict[str, Any] = await request.json()
            hook_id = request.path_params["hook_id"]
            endpoint = replace(
                self.endpoints.get(hook_id) or Endpoint(hook_id=hook_id, settings={}),
                storage_calls={},
                settings=body.get("settings", {}),
                enabled=bool(body.get("enabled", True)),
                faults=Faults.parse(body.get("faults", {})),
            )
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        self.endpoints.put(endpoint)
        return JSONResponse({"url": f"{self.url}/e/{endpoint.hook_id}", "id": endpoint.id})

    async def delete_endpoint(self, request: Request) -> Response:
        known = self.endpoints.pop(request.path_params["hook_id"], None)
        return Response(status_code=404 if known is None else 204)

    async def list_endpoints(self, _request: Request) -> Response:
        return JSONResponse(
            {
                hook_id: {
                    "settings": endpoint.settings,
                    "enabled": endpoint.enabled,
                    "faults": asdict(endpoint.faults),
                }
                for hook_id, endpoint in self.endpoints.items()
            }
        )

    async def list_calls(self, request: Request) -> Response:
        query = request.query_params
        return JSONResponse(list(self.journal.find(hook=query.get("hook"), app_id=query.get("app_id"))))

    async def clear_calls(self, _request: Request) -> Response:
        self.journal.clear()
        return Response(status_code=204)

    async def list_requests(self, _request: Request) -> Response:
        return JSONResponse([asdict(exchange) for exchange in self.gateway.recent])

    async def plugin(self, _request: Request) -> Response:
        declaration = self.runtime.declaration
        return JSONResponse(
            {
                "manifest": dict(declaration.manifest),
                "endpoints": dict(declaration.endpoints),
                **self._processes(),
            }
        )

    def _processes(self) -> dict[str, Any]:
        pids = self.runtime.pids
        return {"pid": pids[0] if pids else None, "pids": pids}

    async def restart(self, _request: Request) -> Response:
        await self.runtime.restart()
        return JSONResponse(self._processes())

    async def freeze(self, request: Request) -> Response:
        try:
            seconds = float((await request.json())["seconds"])
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        pids = self.runtime.pids
        _signal(pids, signal.SIGSTOP)
        asyncio.get_running_loop().call_later(seconds, _signal, pids, signal.SIGCONT)
        return JSONResponse(self._processes())

    async def list_storage(self, _request: Request) -> Response:
        return JSONResponse(self.database.stored())

    async def list_rows(self, _request: Request) -> Response:
        return JSONResponse({"rows": self.counting.rows})

    async def put_rows(self, request: Request) -> Response:
        self.counting.rows = int((await request.json())["rows"])
        return await self.list_rows(request)

    async def let_through(self, request: Request) -> Response:
        GATES.open(request.path_params["name"])
        return Response(status_code=204)

    async def hold(self, _request: Request) -> Response:
        GATES.close()
        return Response(status_code=204)

    async def forget_conversations(self, _request: Request) -> Response:
        self.database.forget_conversations()
        return Response(status_code=204)

    async def clear_storage(self, _request: Request) -> Response:
        self.database.clear()
        return Response(status_code=204)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
