"""What can be made to go wrong at one endpoint, and the daemon's own limits as defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, get_args

from workspace.request import BODY_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFault:
    """A storage call that fails: every call of `op`, or only the `call`-th of them (counted from 1)."""

    op: Literal["get", "set", "del", "exist", "*"] = "*"
    call: int | None = None
    message: str = "storage is not available"


ServiceApiFault = Literal["", "reset", "gateway", "page", "redirect", "disabled", "silent", "hang", "garbage", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The `faults` of an endpoint in the management API: whatever is not named behaves as on a real Dify."""

    invocation_limit_s: float = 240
    """Seconds one reverse invocation of an app may take in all (DIFY_BACKWARDS_INVOCATION_READ_TIMEOUT)."""
    kill_after_s: float = 600
    """Seconds a response may take after its first chunk (PLUGIN_MAX_EXECUTION_TIMEOUT)."""
    cancellation: Literal["error", "silence"] = "error"
    """What a running reverse invocation hears when its request ends: the daemon's error, or nothing more."""
    storage: tuple[StorageFault, ...] = ()
    storage_bytes: int | None = None
    """Size limit of the storage instead of the manifest's."""
    storage_write_ms: float = 0
    """How long a write takes, one after the other: the daemon counts all that a plugin stores in one row of its
    database. 1 to 2 ms on a real daemon, whose calls no caller hears of any more who has hung up."""
    inbound_queue: int = 1024
    """Events of an app that may wait for the plugin; further ones are lost."""
    inbound_stall: bool = False
    """Whether the daemon comes to an app's events only when the last of them has come."""
    session_queue: int = 128
    """The plugin's messages that may wait for the request's task; a full queue makes the plugin wait."""
    caller_queue: int = 128
    """Chunks that may wait for the caller; further ones are lost."""
    body_limit: int = BODY_LIMIT
    crash_after_chunks: int | None = None
    """Kill the plugin's process when it has sent this many chunks of an answer."""
    wakeup_ms: float = 0
    """How long the request's task takes to notice the first chunk, at least. An answer of several chunks
    that ends within this time is cut for certain; without it the early end is the race that it really is.
    On a real daemon an installed plugin's answer was cut up to 1 ms after its first chunk, a debugged one's
    up to 60 ms."""

    service_api: ServiceApiFault = ""
    """How Dify's Service API at `/dify/<hook_id>/v1` answers instead: `reset` closes the connection, `gateway` is a
    proxy's 502, `page` HTML with status 200, `redirect` a 302, `disabled` a 403, `hang` no answer at all. Of runs
    only: `silent` sends headers and nothing more, `garbage` a stream that is no JSON, `cut` closes after 3 events."""
    service_api_only: Literal["all", "run"] = "all"
    """Which requests of the Service API it hits."""
    service_api_ping_s: float = 10
    """Seconds between two pings of the Service API."""

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Self:
        """Read the `faults` object of the management API. Raises ValueError naming what is unknown."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(value) - known):
            raise ValueError(f"unknown faults: {', '.join(unknown)}")
        given = dict(value)
        for name, known_values in (("service_api", ServiceApiFault), ("service_api_only", Literal["all", "run"])):
            if name in given and given[name] not in get_args(known_values):
                raise ValueError(f"{name}: {given[name]} is none of {', '.join(get_args(known_values))}")
        if "storage" in given:
            try:
                given["storage"] = tuple(StorageFault(**fault) for fault in given["storage"])
            except TypeError as error:
                raise ValueError(f"storage faults: {error}") from error
        return cls(**given)


NONE = Faults()
