"""The endpoints of the workspace: a hook id, its settings and what goes wrong there."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workspace.faults import NONE, Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One endpoint, as its owner set it up."""

    hook_id: str
    settings: Mapping[str, Any]
    """Handed to the plugin as they are. Dify stores what its form sent: no default is filled in."""
    enabled: bool = True
    faults: Faults = NONE
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    storage_calls: dict[str, int] = field(default_factory=dict)
    """How many calls of each storage operation came through this endpoint."""


class Endpoints(dict[str, Endpoint]):
    """Endpoints by hook id."""

    def put(self, endpoint: Endpoint) -> Endpoint:
        self[endpoint.hook_id] = endpoint
        return endpoint
