"""A request that its key has let in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from workspace.apps.app import App, Mode
from workspace.calls import Call
from workspace.faults import Faults

NOBODY = "DEFAULT-USER"
"""Who asks when no user is named where none needs to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a handler needs of a request."""

    request: Request
    app_id: str
    app: App
    mode: Mode
    user: str
    body: Mapping[str, Any]
    """The JSON object; empty for a request that brings none."""
    call: Call
    """How the journal has it."""
    faults: Faults

    def id(self, name: str) -> str:
        """Return an id in the path."""
        return str(self.request.path_params[name])
