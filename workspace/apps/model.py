"""A chat app on top of any OpenAI-compatible model.

Source: OpenAI's API reference, *Create chat completion*, streamed.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from workspace.apps.answer import MessageAnswer, usage
from workspace.apps.app import AppCall, Broken, Event, Mode, invalid_param, unknown
from workspace.storage import Database

_TIMEOUT = httpx.Timeout(10, read=None)
_SYSTEM = "You are a helpful duck."


class ModelApp:
    """Hands the conversation to the model and its answer back as Dify's events."""

    def __init__(self, *, base_url: str, key: str, model: str, database: Database) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.AsyncClient(base_url=base_url.rstrip("/"), headers=headers, timeout=_TIMEOUT)
        self._model = model
        self._database = database

    async def aclose(self) -> None:
        await self._client.aclose()

    async def mode(self) -> Mode:
        return "chat"

    async def parameters(self) -> dict[str, Any]:
        return {"user_input_form": [], "file_upload": {"enabled": False}, "opening_statement": ""}

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        turns = []
        if call.conversation_id:
            known = self._database.turns(call.conversation_id, call.app_id, call.user)
            if known is None:
                raise invalid_param("")  # Dify says no more of a conversation that it does not know
            turns = known
        messages = [{"role": "system", "content": _SYSTEM}]
        for turn in turns:
            messages.append({"role": "user", "content": turn["query"]})
            messages.append({"role": "assistant", "content": turn["answer"]})
        messages.append({"role": "user", "content": call.query})
        answer = MessageAnswer(call.conversation_id)
        text = ""
        async for piece in self._complete(messages):
            text += piece
            yield answer.message(piece)
        turns.append({"query": call.query, "answer": text})
        self._database.save_turns(answer.conversation_id, call.app_id, call.user, turns)
        yield answer.end(usage(call.query, text))

    async def _complete(self, messages: list[dict[str, str]]) -> AsyncIterator[str]:
        body = {"model": self._model, "messages": messages, "stream": True}
        begun = False
        try:
            async with self._client.stream("POST", "/chat/completions", json=body) as response:
                if not response.is_success:
                    text = (await response.aread()).decode(errors="replace")
                    raise unknown(f"the model answered with status {response.status_code}: {text[:500]}")
                async for line in response.aiter_lines():
                    data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
                    if data and data != "[DONE]" and (piece := _piece(json.loads(data))):
                        begun = True
                        yield piece
        except (httpx.HTTPError, ValueError) as error:
            if begun:
                raise Broken(str(error)) from error
            raise unknown(f"the model cannot be reached: {error}") from error


def _piece(chunk: dict[str, Any]) -> str:
    """Return the text of one `chat.completion.chunk`, empty for those without any."""
    choices = chunk.get("choices") or [{}]
    return (choices[0].get("delta") or {}).get("content") or ""
