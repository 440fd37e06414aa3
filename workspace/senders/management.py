"""The senders' part of the workspace's own API.

GET    /workspace/senders                  the names of the stand-ins, with the token that each wants
GET    /workspace/senders/{name}           {"requests", "messages", "status", "faults"}: what was received, in order
                                           (method, path, headers, body, answer), and the chat as a person sees it
DELETE /workspace/senders/{name}           forget all that, faults too
PUT    /workspace/senders/{name}/faults    workspace/senders/faults.py
POST   /workspace/senders/{name}/post      {"url", "text", "place", "user", "thread", "mention", "kind", "secret",
                                           "deadline", "headers"}: sign and post as that sender does, to an endpoint;
                                           answers {"status", "body", "headers", "seconds", "gave_up", "id", "handle"}
POST   /workspace/senders/{name}/acknowledged
                                           {"token", "response"}: what an endpoint answered to a delivery that was
                                           posted from elsewhere; Discord edits nothing before

`{name}` is a stand-in's, in `post` a sender's: WhatsApp and Messenger have the stand-in `meta` in common.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workspace.senders import handles
from workspace.senders.chat import Message
from workspace.senders.delivery import Delivery
from workspace.senders.discord import Discord
from workspace.senders.faults import Faults
from workspace.senders.posting import POSTERS, compose
from workspace.senders.standin import StandIn

_WRITTEN = ("place", "user", "thread", "mention", "kind", "secret")


@dataclass(frozen=True, slots=True)
class Senders:
    """The handlers below `/workspace/senders`."""

    standins: Mapping[str, StandIn]

    def routes(self) -> list[Route]:
        return [
            Route("/senders", self.names, methods=["GET"]),
            Route("/senders/{name}", self.show, methods=["GET"]),
            Route("/senders/{name}", self.clear, methods=["DELETE"]),
            Route("/senders/{name}/faults", self.put_faults, methods=["PUT"]),
            Route("/senders/{name}/post", self.post, methods=["POST"]),
            Route("/senders/{name}/acknowledged", self.acknowledged, methods=["POST"]),
        ]

    async def names(self, _request: Request) -> Response:
        return JSONResponse({name: {"token": standin.token} for name, standin in self.standins.items()})

    async def show(self, request: Request) -> Response:
        standin = self.standins.get(request.path_params["name"])
        if standin is None:
            return _unknown()
        # JSON has no infinity: how often a fault still happens may be without end
        faults = json.loads(json.dumps(asdict(standin.faults)).replace("Infinity", "null"))
        return JSONResponse({**standin.dump(), "faults": faults})

    async def clear(self, request: Request) -> Response:
        standin = self.standins.get(request.path_params["name"])
        if standin is None:
            return _unknown()
        standin.clear()
        return Response(status_code=204)

    async def put_faults(self, request: Request) -> Response:
        standin = self.standins.get(request.path_params["name"])
        if standin is None:
            return _unknown()
        try:
            standin.faults = Faults.parse(await request.json())
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return Response(status_code=204)

    async def post(self, request: Request) -> Response:
        try:
            given: dict[str, Any] = await request.json()
            name = request.path_params["name"]
            written = {key: given[key] for key in _WRITTEN if key in given}
            return JSONResponse(
                await self.deliver(
                    name,
                    given["url"],
                    given["text"],
                    deadline=given.get("deadline"),
                    headers=given.get("headers", {}),
                    **written,
                )
            )
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    async def acknowledged(self, request: Request) -> Response:
        standin = self.standins.get(request.path_params["name"])
        if not isinstance(standin, Discord):
            return _unknown()
        try:
            body = await request.json()
            standin.acknowledged(body["token"], body["response"])
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        return Response(status_code=204)

    async def deliver(
        self,
        name: str,
        url: str,
        text: str,
        *,
        deadline: float | None = None,
        headers: Mapping[str, str] | None = None,
        **written: Any,
    ) -> dict[str, Any]:
        """Post what a person wrote to an endpoint, and hang up when the sender would.

        Gives {"status", "body", "headers", "seconds", "gave_up", "id", "handle"}; status 0: nothing came back.
        Raises KeyError for a sender or kind that there is not.
        """
        poster = POSTERS[name]
        delivery = compose(name, text, **written)
        self._write(name, text, delivery, written)
        limit = poster.deadline if deadline is None else deadline
        started = time.monotonic()
        status, body, answered = 0, "", {}
        gave_up = False
        try:
            async with httpx.AsyncClient(timeout=limit, trust_env=False) as client:
                answer = await client.post(
                    url, content=delivery.body, headers={**delivery.headers, **(headers or {})}
                )
            status, body, answered = answer.status_code, answer.text, dict(answer.headers)
        except httpx.TimeoutException:
            gave_up = True
        except httpx.TransportError as error:
            body = f"{type(error).__name__}"
        if status and delivery.handle:
            self._acknowledge(name, delivery.handle, body)
        return {
            "status": status,
            "body": body,
            "headers": answered,
            "seconds": round(time.monotonic() - started, 3),
            "gave_up": gave_up,
            "deadline": limit,
            "id": delivery.id,
            "handle": delivery.handle,
        }

    def _write(self, name: str, text: str, delivery: Delivery, written: Mapping[str, Any]) -> None:
        """Show the person's message in the chat."""
        poster = POSTERS[name]
        standin = self.standins[poster.standin]
        place = str(written.get("place") or poster.place)
        thread = str(written.get("thread") or "")
        standin.chat.add(
            Message(
                id=delivery.id,
                place=place,
                thread=thread,
                text=text,
                by="person",
                dialect="plain",
                at=standin.clock(),
            )
        )

    def _acknowledge(self, name: str, token: str, body: str) -> None:
        standin = self.standins[POSTERS[name].standin]
        if isinstance(standin, Discord):
            try:
                standin.acknowledged(token, json.loads(body))
            except (ValueError, handles.Unknown):
                return


def _unknown() -> Response:
    return JSONResponse({"error": "no such sender"}, 404)
