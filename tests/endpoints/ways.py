"""The two ways to an app, for tests that have to hold by both."""

import re
import threading
import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import httpx

from workspace.testing import Workspace

_IN_PATH = re.compile(r"/(?:duck|chat|workflow|completion)/([^/?]+)")


class Way(StrEnum):
    """By what the relay reaches Dify's apps."""

    REVERSE = "reverse invocation"
    KEY = "service api"


class KeyedWorkspace(Workspace):
    """A workspace in which every app is reached by its key: each endpoint's owner has entered those that are asked.

    The stand-in of Dify's Service API tells by its address for which endpoint a call is, so `calls` finds it there.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._given: dict[str, dict[str, Any]] = {}  # what each endpoint was made of, by its hook
        self._held: dict[str, frozenset[str]] = {}  # and the apps whose keys it holds
        self._apps: set[str] = set()
        self._lock = threading.RLock()

    def endpoint(
        self,
        *,
        settings: Mapping[str, Any] | None = None,
        faults: Mapping[str, Any] | None = None,
        hook: str | None = None,
        enabled: bool = True,
    ) -> str:
        """Create an endpoint whose settings hold the keys of all apps that were asked so far."""
        settings, hook = dict(settings or {}), hook or uuid.uuid4().hex[:16]
        with self._lock:
            picked = settings.get("app")
            if isinstance(picked, Mapping) and picked.get("app_id"):
                self._apps.add(picked["app_id"])
            held = frozenset(self._apps)
            self._held[hook] = held
            self._given[hook] = {"settings": settings, "faults": faults, "enabled": enabled}
            keyed = {
                **settings,
                "app_keys": ", ".join(f"{app_id}=app-{app_id}" for app_id in sorted(held)),
                "service_api_url": self.service_api(hook),
            }
            return super().endpoint(settings=keyed, faults=faults, hook=hook, enabled=enabled)

    def admit(self, url: httpx.URL | str) -> None:
        """Let the app that an address names be reached by its key."""
        path = httpx.URL(str(url)).path
        hook = path.split("/")[2]
        found = _IN_PATH.search(path)
        with self._lock:
            if found and hook in self._given and found[1] not in self._held[hook]:
                self._apps.add(found[1])
                self.endpoint(hook=hook, **self._given[hook])

    def caller(self, url: str, **options: Any) -> httpx.Client:
        """Give a client of an endpoint, whose apps are all reached by their keys."""
        return httpx.Client(
            base_url=url, event_hooks={"request": [lambda request: self.admit(request.url)]}, **options
        )
