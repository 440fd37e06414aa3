"""The start page: what runs, links that work by a click, and a curl command for each demo app."""

import json
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from workspace.apps.catalogue import Catalogue
from workspace.endpoint import Endpoints
from workspace.gateway import Gateway
from workspace.html import TEMPLATES
from workspace.runtime.remote import RemoteRuntime
from workspace.runtime.runtime import Runtime
from workspace.settings import DEMO_KEY, DEMO_MODELS

_FORMATS = ("html", "events", "sse", "json", "text", "ndjson")


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo app on the start page."""

    title: str
    path: str
    fields: Mapping[str, str]
    hook: str = "duck"


@dataclass(frozen=True, slots=True)
class Face:
    """A demo app as a person meets it in a browser."""

    title: str
    path: str
    what: str


_FACES = (
    Face("Chat with the guide", "/duck/demo-guide", "Opens with words of its own, takes an input of every kind."),
    Face("Ask for a report", "/workflow/demo-report", "A workflow: its form, its steps, outputs of every kind."),
    Face("Watch an agent", "/duck/demo-agent", "What it thinks, which tools it calls, where it found it."),
    Face("Wait for a person", "/workflow/demo-approval", "A workflow that stops until somebody decides."),
)
_DEMOS = (
    Demo("A chat", "/duck/demo-chat", {"query": "Why do ducks quack?"}),
    Demo("A workflow", "/workflow/demo-workflow", {"text": "Ducks swim. Ducks fly. Ducks quack all day."}),
    Demo("A completion", "/completion/demo-completion", {"topic": "a garden pond"}),
    # a text generator of a real Dify answers only so
    Demo("By its key", "/completion/demo-completion", {"topic": "a wild river"}, hook="keyed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPage:
    """Shows the workspace in the browser, and its addresses in the terminal."""

    endpoints: Endpoints
    apps: Catalogue
    runtime: Runtime
    runtime_name: str
    gateway: Gateway
    url: str

    def lines(self) -> Iterator[str]:
        """Yield what the terminal shows once everything runs; tests read the first line."""
        yield f"Workspace ready: {self.url}/"
        for face in _FACES:
            yield f"  {face.title + ':':21}{self.url}{self._page(face)}"
        for demo in _DEMOS:
            yield f"  {demo.title + ':':21}{self.url}{self._link(demo)}"
        yield f"  {'In a chat:':21}{self.url}/chat"
        model = next(iter(DEMO_MODELS))
        yield f"  {'In a client:':21}base URL {self.url}/e/clients/v1, key {DEMO_KEY}, model {model}"
        debugging = self._debugging()
        if debugging is not None:
            yield f"  Remote debugging: REMOTE_INSTALL_URL={debugging.address} REMOTE_INSTALL_KEY={debugging.key}"

    def _debugging(self) -> RemoteRuntime | None:
        return self.runtime if isinstance(self.runtime, RemoteRuntime) else None

    def _settings(self, hook: str = "duck") -> Mapping[str, Any]:
        endpoint = self.endpoints.get(hook)
        return endpoint.settings if endpoint else {}

    def _key(self, hook: str) -> str | None:
        settings = self._settings(hook)
        key = settings.get("api_key")
        return key if settings.get("access", "key") == "key" and isinstance(key, str) else None

    def _link(self, demo: Demo, **more: str) -> str:
        key = self._key(demo.hook)
        query = {**demo.fields, **more, **({"key": key} if key else {})}
        return f"/e/{demo.hook}{demo.path}?{urlencode(query)}"

    def _page(self, face: Face) -> str:
        key = self._key("duck")
        return f"/e/duck{face.path}" + (f"?{urlencode({'key': key})}" if key else "")

    def _curl(self, demo: Demo, base_url: str) -> str:
        key = self._key(demo.hook)
        return shlex.join(
            [
                *("curl", "-N", f"{base_url}/e/{demo.hook}{demo.path}"),
                *(("-H", f"Authorization: Bearer {key}") if key else ()),
                *("-H", "Content-Type: application/json", "-d", json.dumps(demo.fields)),
            ]
        )

    async def show(self, request: Request) -> Response:
        base_url = str(request.base_url).rstrip("/")
        declaration = self.runtime.declaration
        demos = [
            {
                "title": demo.title,
                "link": self._link(demo),
                "formats": [(name, self._link(demo, format=name)) for name in _FORMATS],
                "curl": self._curl(demo, base_url),
            }
            for demo in _DEMOS
        ]
        exchanges = [
            (time.strftime("%H:%M:%S", time.localtime(exchange.started)), exchange)
            for exchange in self.gateway.recent
        ]
        page = TEMPLATES.get_template("start.html").render(
            plugin=declaration.identity,
            runtime=self.runtime_name,
            pids=self.runtime.pids,
            base_url=base_url,
            faces=[(face, self._page(face)) for face in _FACES],
            demos=demos,
            apps=sorted(self.apps.named),
            client={"key": DEMO_KEY, "models": DEMO_MODELS},
            settings=sorted(self._settings().items()),
            routes=_routes(declaration.endpoints.get("endpoints", [])),
            debugging=self._debugging(),
            exchanges=exchanges,
        )
        return HTMLResponse(page)


def _routes(declared: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return the methods of every path that is not hidden."""
    routes: dict[str, list[str]] = {}
    for route in declared:
        if not route.get("hidden"):
            routes.setdefault(str(route["path"]), []).append(str(route["method"]))
    return routes
