"""What the three runtimes have in common."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any, Protocol

from workspace.declaration import Declaration
from workspace.session import Session, Write
from workspace.wire import PluginError

LINE_LIMIT = 5 * 1024 * 1024
"""Bytes of one line that the daemon reads from a plugin (PLUGIN_RUNTIME_MAX_BUFFER_SIZE)."""
READY_WITHIN_S = 30
_MANIFEST = b'{"version":'  # an installed plugin prints it first; Dify reads the package instead
_ROUTES = "Installed endpoint"  # what the SDK's list of them begins with
WAIT_FOR_INSTANCE_S = 6
"""Seconds a request waits for a plugin that is being started again (the daemon's writeRetryBudget)."""


class PluginUnavailable(Exception):
    """No plugin takes the request: the daemon's text and the status it has for it."""

    def __init__(self, message: str, *, status: int = 500) -> None:
        super().__init__(message)
        self.status = status


class Runtime(Protocol):
    """Runs the plugin and carries sessions to it."""

    @property
    def declaration(self) -> Declaration: ...

    @property
    def pids(self) -> list[int]:
        """The plugin's processes; none where it was started elsewhere."""
        ...

    @property
    def ready(self) -> bool:
        """Whether a request would find the plugin at once."""
        ...

    async def start(self) -> None:
        """Return when the plugin is ready. Raises PluginUnavailable when it does not get there."""
        ...

    async def stop(self) -> None: ...

    async def open(self, session: Session, raw_request: bytes) -> None:
        """Hand a request to the plugin. Raises PluginUnavailable."""
        ...

    def release(self, session: Session) -> None:
        """Listen to the session no longer."""
        ...

    async def restart(self) -> None:
        """End the plugin and return when the next one is ready. Raises PluginUnavailable."""
        ...

    def kill(self, session: Session, /) -> None:
        """Kill the process that has the session, as a crash would."""
        ...


class Sessions:
    """The sessions of one plugin process, and the dispatch of its lines to them."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self.ready = asyncio.Event()  # set by the first heartbeat

    def add(self, session: Session) -> None:
        self._sessions[session.id] = session

    def remove(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def get(self, session_id: str) -> Session | None:
        return self._sessions.get(session_id)

    async def dispatch(self, line: bytes, write: Write | None) -> None:
        """Take one line: `{"event": "session" | "heartbeat" | "log" | "error", "session_id", "data"}`."""
        try:
            event = json.loads(line)
            kind, data = event["event"], event.get("data")
        except (ValueError, TypeError, KeyError):
            if not line.startswith(_MANIFEST):
                log("the plugin printed a line that is no event", line[:1024].decode(errors="replace"))
            return
        if kind == "session":
            session = self._sessions.get(event.get("session_id"))
            if session is not None and isinstance(data, Mapping):
                await session.receive(data, write)
        elif kind == "heartbeat":
            self.ready.set()
        elif kind == "log":
            log_plugin(data)
        elif kind == "error":
            log("the plugin reports an error", str(data))

    def fail(self, message: str = "Connection closed unexpectedly") -> None:
        """End every session with an error: the plugin is gone."""
        self.ready.clear()
        error = {"error_type": "ConnectionClosedError", "message": message, "args": {}}
        for session in list(self._sessions.values()):
            session.messages.close(PluginError(error))


def log(what: str, detail: str = "") -> None:
    """Show something on the workspace's stderr."""
    print(f"{what}: {detail}" if detail else what, file=sys.stderr, flush=True)


def log_plugin(data: Any) -> None:
    """Show a `log` event of the plugin, `{"level", "message", "timestamp"}`."""
    if isinstance(data, Mapping):
        message = str(data.get("message", "")).rstrip()
        if message.startswith(_ROUTES):  # the SDK names each with each of its methods: pages of them
            message = f"{_ROUTES}s: {message.count(',') + 1}, as in group/duck.yaml"
        log(f"plugin {data.get('level', 'INFO')}", message)
