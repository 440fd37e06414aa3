"""Puts the workspace together: the plugin's runtime, the apps and the web server around them."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from workspace import trial
from workspace.apps.catalogue import Catalogue
from workspace.apps.model import ModelApp
from workspace.apps.named import named_apps
from workspace.apps.service_api import ServiceApiApp
from workspace.calls import Journal
from workspace.counting import Counting
from workspace.endpoint import Endpoint, Endpoints
from workspace.files import Files
from workspace.gateway import Gateway
from workspace.invocation import Invocations
from workspace.management import Management
from workspace.page import StartPage
from workspace.runtime.instances import Instances
from workspace.runtime.local import LocalRuntime
from workspace.runtime.remote import RemoteRuntime
from workspace.runtime.runtime import Runtime
from workspace.runtime.serverless import ServerlessRuntime
from workspace.senders import table, talk
from workspace.senders.management import Senders
from workspace.senders.serving import PATH as SENDERS_PATH
from workspace.senders.serving import Serving
from workspace.service_api.serving import PATH as SERVICE_API_PATH
from workspace.service_api.serving import ServiceApi
from workspace.settings import DEMO_APPS, DEMO_KEY, DEMO_MODELS, Settings
from workspace.storage import Database

_DEBUG_KEY = "quack-quack-debug"

RuntimeName = Literal["local", "remote", "serverless"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the workspace is started."""

    host: str
    port: int
    plugin: Path
    runtime: RuntimeName
    instances: int
    """Processes of the plugin. Remote debugging knows but one."""
    debug_port: int
    data: Path | None
    launch: bool
    settings: Settings


class Workspace:
    """One running workspace."""

    def __init__(self, options: Options, listener: socket.socket) -> None:
        self._options = options
        self._listener = listener
        host, port = listener.getsockname()[:2]
        self.url = f"http://{host}:{port}"
        self.database = Database(options.data)
        self.counting = Counting(rows=1 if self.database.allocated() else 0)
        self.endpoints = Endpoints()
        self.journal = Journal()
        self.senders = Senders(table.standins())
        self.runtime_name = options.runtime
        self.instances = [self._instance(number, port) for number in range(options.instances)]
        self.runtime = Instances(self.instances) if len(self.instances) > 1 else self.instances[0]
        self.apps = Catalogue(named_apps(options.settings, self.database, url=self.url))
        self.invocations = Invocations(
            apps=self.apps,
            database=self.database,
            journal=self.journal,
            declaration=lambda: self.runtime.declaration,
            endpoints=self.endpoints,
            counting=self.counting,
        )
        self.invocations.url = self.url
        self.gateway = Gateway(endpoints=self.endpoints, runtime=self.runtime, dify=self.invocations)
        self.endpoints.put(Endpoint(hook_id="duck", settings=options.settings.duck_settings))
        for endpoint in talk.endpoints(self.senders, url=None if options.runtime == "local" else self.url):
            self.endpoints.put(endpoint)
        self.endpoints.put(
            Endpoint(hook_id="open", settings={"access": "public", "allowed_apps": ", ".join(DEMO_APPS)})
        )
        models = ", ".join(f"{name}={app_id}" for name, app_id in DEMO_MODELS.items())
        self.endpoints.put(Endpoint(hook_id="clients", settings={"api_key": DEMO_KEY, "allowed_apps": models}))
        keys = ", ".join(f"{app_id}=app-{app_id}" for app_id in DEMO_APPS)
        by_key = {"app_keys": keys, "service_api_url": f"{self.url}/dify/keyed/v1"}
        self.endpoints.put(Endpoint(hook_id="keyed", settings={"api_key": DEMO_KEY, **by_key}))

    def _instance(self, number: int, port: int) -> Runtime:
        options = self._options
        # whoever has set it wants it so, be it empty
        environment = {} if table.VARIABLE in os.environ else {table.VARIABLE: table.bases(self.url)}
        if options.runtime == "remote":
            return RemoteRuntime(
                options.plugin,
                host=options.host,
                port=options.debug_port,
                key=_DEBUG_KEY,
                launch=options.launch,
                environment=environment,
            )
        if options.runtime == "serverless":
            return ServerlessRuntime(options.plugin, workspace_url=self.url + _below(number), environment=environment)
        return LocalRuntime(options.plugin, workspace_port=port, environment=environment)

    def application(self) -> Starlette:
        management = Management(
            endpoints=self.endpoints,
            journal=self.journal,
            database=self.database,
            counting=self.counting,
            runtime=self.runtime,
            gateway=self.gateway,
            url=self.url,
        )
        service_api = ServiceApi(
            apps=self.apps, database=self.database, journal=self.journal, endpoints=self.endpoints
        )
        return Starlette(
            routes=[
                Mount("/e", app=self.gateway),
                *(Mount(_below(number), routes=self._through(one)) for number, one in enumerate(self.instances)),
                Mount("/workspace", routes=[*management.routes(), *self.senders.routes()]),
                Mount(SENDERS_PATH, app=Serving(self.senders.standins)),
                Mount(SERVICE_API_PATH, routes=service_api.routes()),
                Mount("/files", routes=Files(self.database).routes()),
                Route("/", self._start_page().show),
                *talk.Talk(senders=self.senders, url=self.url).routes(),
                Route("/try", trial.show, methods=["GET", "POST"]),
            ]
        )

    def _start_page(self) -> StartPage:
        return StartPage(
            endpoints=self.endpoints,
            apps=self.apps,
            runtime=self.runtime,
            runtime_name=self.runtime_name,
            gateway=self.gateway,
            url=self.url,
        )

    def _through(self, instance: Runtime) -> list[BaseRoute]:
        """Give the routes of one process: its callers', and its own to Dify where it is serverless."""
        gateway = Gateway(endpoints=self.endpoints, runtime=instance, dify=self.invocations)
        gateway.recent = self.gateway.recent
        routes: list[BaseRoute] = [Mount("/e", app=gateway)]
        if isinstance(instance, ServerlessRuntime):
            routes.append(Route("/backwards-invocation/transaction", instance.transaction, methods=["POST"]))
        return routes

    async def serve(self) -> None:
        """Run until SIGINT or SIGTERM."""
        server = _Server(
            uvicorn.Config(
                self.application(),
                log_level="warning",
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=1 << 20,  # bytes of headers, as many as Go takes
            )
        )
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(self._serve(server))
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    async def _serve(self, server: "_Server") -> None:
        serving = asyncio.create_task(server.serve(sockets=[self._listener]))
        try:
            async with self._running():
                await server.listening.wait()
                for line in self._start_page().lines():
                    print(line, flush=True)
                await asyncio.Event().wait()
        finally:
            server.should_exit = True
            await serving
            self.database.close()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        try:
            await self.runtime.start()
            yield
        finally:
            await self.runtime.stop()
            for app in self.apps.named.values():
                if isinstance(app, ServiceApiApp | ModelApp):
                    await app.aclose()


def _below(number: int) -> str:
    """Where the addresses of one process begin."""
    return f"/workspace/instances/{number}"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the workspace handles them: the plugin has to end first


def listen(host: str, port: int) -> socket.socket:
    """Bind the workspace's port, so that it is known before the plugin starts. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # naming TCP is what makes asyncio switch off Nagle's delay on accepted connections
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)
    return listener
