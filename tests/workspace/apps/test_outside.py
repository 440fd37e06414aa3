"""Apps outside the workspace, played by a small server."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from workspace.apps.app import AppCall, Refused
from workspace.apps.model import ModelApp
from workspace.apps.named import named_apps
from workspace.apps.service_api import ServiceApiApp
from workspace.settings import Settings
from workspace.storage import Database
from workspace.workspace import listen


class Outside:
    """Plays Dify's Service API and a model, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def info(self, request: Request) -> Response:
        if request.headers["authorization"] != "Bearer app-duck":
            refusal = {"code": "unauthorized", "message": "Access token is invalid", "status": 401}
            return JSONResponse(refusal, 401)
        return JSONResponse({"name": "Duck", "mode": "advanced-chat"})

    async def parameters(self, _request: Request) -> Response:
        return JSONResponse({"user_input_form": []})

    async def chat(self, request: Request) -> Response:
        self.asked.append(await request.json())

        async def events() -> AsyncIterator[str]:
            yield "event: ping\n\n"
            yield 'data: {"event": "message", "answer": "quack"}\n\n'
            yield 'data: {"event": "message_end"}\n\n'

        return StreamingResponse(events(), media_type="text/event-stream")

    async def complete(self, request: Request) -> Response:
        self.asked.append(await request.json())

        async def chunks() -> AsyncIterator[str]:
            for piece in ("qu", "ack", None):
                yield f"data: {json.dumps({'choices': [{'delta': {'content': piece}}]})}\n\n"
            yield 'data: {"choices": []}\n\ndata: [DONE]\n\n'

        return StreamingResponse(chunks(), media_type="text/event-stream")


@pytest.fixture
def outside() -> Iterator[tuple[str, Outside]]:
    outside = Outside()
    routes = [
        Route("/v1/info", outside.info),
        Route("/v1/parameters", outside.parameters),
        Route("/v1/chat-messages", outside.chat, methods=["POST"]),
        Route("/v1/chat/completions", outside.complete, methods=["POST"]),
    ]
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", outside
    server.should_exit = True
    thread.join()
    listener.close()


async def collect(app: ServiceApiApp | ModelApp, **call: Any) -> list[dict[str, Any]]:
    """Run one call; the caller closes the app."""
    return [event async for event in app.run(AppCall(app_id="duck", **call))]


def test_an_app_of_a_real_dify_answers_through_its_service_api(outside: tuple[str, Outside]) -> None:
    url, server = outside

    async def use() -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
        async with aclosing(ServiceApiApp(url, "app-duck")) as app:
            events = await collect(app, query="hi", inputs={"a": 1}, user="alice")
            return await app.mode(), events, await app.parameters()

    mode, events, parameters = asyncio.run(use())
    assert mode == "advanced-chat"
    assert events == [{"event": "message", "answer": "quack"}, {"event": "message_end"}]
    assert parameters == {"user_input_form": []}
    assert server.asked == [
        {"inputs": {"a": 1}, "query": "hi", "response_mode": "streaming", "conversation_id": "", "user": "alice"}
    ]


def test_a_refusal_of_a_real_dify_is_passed_on(outside: tuple[str, Outside]) -> None:
    async def use() -> None:
        async with aclosing(ServiceApiApp(outside[0], "wrong")) as app:
            await collect(app, query="hi", inputs={})

    with pytest.raises(Refused, match="Access token is invalid") as refused:
        asyncio.run(use())
    assert refused.value.status == 401


def test_a_model_gets_the_conversation_and_its_answer_becomes_events(
    outside: tuple[str, Outside], database: Database
) -> None:
    url, server = outside

    async def talk() -> list[dict[str, Any]]:
        async with aclosing(ModelApp(base_url=url, key="k", model="duck-1", database=database)) as app:
            first = await collect(app, query="hi", inputs={})
            await collect(app, query="again", inputs={}, conversation_id=first[0]["conversation_id"])
            return first

    events = asyncio.run(talk())
    assert [(event["event"], event.get("answer")) for event in events] == [
        ("message", "qu"),
        ("message", "ack"),
        ("message_end", None),
    ]
    assert [message["content"] for message in server.asked[1]["messages"][1:]] == ["hi", "quack", "again"]
    assert (server.asked[1]["model"], server.asked[1]["stream"]) == ("duck-1", True)


def test_a_model_that_cannot_be_reached_is_a_refusal(database: Database) -> None:
    with listen("127.0.0.1", 0) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"

    async def use() -> None:
        async with aclosing(ModelApp(base_url=url, key="", model="m", database=database)) as app:
            await collect(app, query="hi", inputs={})

    with pytest.raises(Refused, match="the model cannot be reached"):
        asyncio.run(use())


def test_the_settings_name_the_apps(database: Database) -> None:
    settings = Settings(
        _env_file=None,
        dify_api_url="http://dify/v1",
        dify_api_keys={"support": "app-1"},
        openai_base_url="http://model/v1",
        openai_model="m",
    )
    assert sorted(named_apps(settings, database)) == [
        "demo-agent",
        "demo-approval",
        "demo-chat",
        "demo-completion",
        "demo-guide",
        "demo-model",
        "demo-report",
        "demo-workflow",
        "support",
    ]
