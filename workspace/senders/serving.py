"""`/senders/<name>/…`: the stand-ins over HTTP, with what goes wrong there."""

import asyncio
from collections.abc import Mapping
from math import isfinite
from urllib.parse import unquote

from starlette.types import Receive, Scope, Send

from workspace.connection import cut
from workspace.senders.standin import Answer, Exchange, Received, StandIn

PATH = "/senders"
_BODY_LIMIT = 16 * 1024 * 1024  # bytes


class Serving:
    """The ASGI application below `/senders`."""

    def __init__(self, standins: Mapping[str, StandIn]) -> None:
        self._standins = standins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        # a path as it came: %2F in a project's name divides nothing
        raw = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
        name, slash, path = raw.removeprefix(f"{PATH}/").partition("/")
        standin = self._standins.get(unquote(name))
        if standin is None:
            await _send(send, Answer("no such sender", 404))
            return
        received = Received(
            method=scope["method"],
            path=slash + path,
            query=scope["query_string"].decode("latin-1"),
            headers={key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]},
            body=await _body(receive),
        )
        exchange = standin.record(received)
        answer = await self._answer(standin, received, exchange)
        if answer is None:
            if not await cut(receive):
                await _send(send, Answer("", 503))
        else:
            await _send(send, answer)

    async def _answer(self, standin: StandIn, received: Received, exchange: Exchange) -> Answer | None:
        """Answer a request, or what goes wrong instead; None: the connection is cut."""
        faults, name = standin.faults, received.name
        if stall := faults.first(faults.stall, name):
            exchange.fault = "stall"
            await asyncio.sleep(stall.seconds if isfinite(stall.seconds) else 3600)
        answer: Answer | None
        if faults.down:
            exchange.fault = "down"
            answer = None if faults.down is True else Answer("", int(faults.down))
        elif throttle := faults.first(faults.throttle, name):
            exchange.fault = "throttle"
            answer = standin.throttled(throttle.seconds)
        elif fail := faults.first(faults.fail, name):
            exchange.fault = "fail"
            answer = Answer(fail.body, fail.status, fail.headers)
        else:
            answer = standin.answer(received)
            standin.keep(exchange, answer)
            if answer.accepted and faults.first(faults.accept_then_fail, name):
                exchange.fault = "accept_then_fail"
                exchange.status = 0
                return None
            return answer
        if answer is not None:
            standin.keep(exchange, answer)
        return answer


async def _body(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if not message.get("more_body") or len(parts) > _BODY_LIMIT:
            return bytes(parts)


async def _send(send: Send, answer: Answer) -> None:
    raw = answer.raw
    headers = {"content-type": answer.media_type, "content-length": str(len(raw)), **_lower(answer.headers)}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": raw})


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
