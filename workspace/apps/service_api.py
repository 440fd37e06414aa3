"""Apps of a real Dify, through its Service API.

Source: Dify's Service API: GET /info, GET /parameters, POST /chat-messages, /completion-messages, /workflows/run.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast, get_args

import httpx

from workspace.apps.app import AppCall, Broken, Event, Mode, Refused, unknown

_PATHS: Mapping[Mode, str] = {
    "workflow": "/workflows/run",
    "completion": "/completion-messages",
    "chat": "/chat-messages",
    "agent-chat": "/chat-messages",
    "advanced-chat": "/chat-messages",
}
_TIMEOUT = httpx.Timeout(10, read=None)


class ServiceApiApp:
    """One app, behind its Service API key."""

    def __init__(self, base_url: str, key: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/"), headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT
        )
        self._mode: Mode | None = None

    async def aclose(self) -> None:
        await self._client.aclose()

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
            response = await self._client.get(path)
            if response.is_success:
                return dict(response.json())
        except (httpx.HTTPError, ValueError) as error:
            raise unknown(f"Dify cannot be reached: {error}") from error
        raise _refusal(response)

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
            async with self._client.stream("POST", path, json=body) as response:
                if not response.is_success:
                    await response.aread()
                    raise _refusal(response)
                async for line in response.aiter_lines():
                    if line.startswith("data:"):  # pings are `event: ping` and dropped, as on the way to a plugin
                        yield json.loads(line.removeprefix("data:"))
        except (httpx.HTTPError, ValueError) as error:
            raise Broken(str(error)) from error


def _refusal(response: httpx.Response) -> Refused:
    """Pass on Dify's `{"code", "message", "status"}`."""
    try:
        error = response.json()
        return Refused(response.status_code, str(error["code"]), str(error["message"]))
    except (ValueError, KeyError, TypeError):
        return Refused(response.status_code, "unknown", response.text)
