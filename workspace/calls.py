"""The journal of calls: what reached "Dify" by either way, and how it ended."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["running", "finished", "aborted", "failed"]

_KEPT = 10_000


@dataclass(slots=True, kw_only=True)
class Call:
    """One reverse invocation, or one request to the Service API, that reached Dify."""

    type: str
    """`app` for a run by either way; `service_api` for the rest of the Service API, else what the plugin invoked."""
    hook: str
    request: dict[str, Any]
    """The request as Dify received it: for an app without what the daemon drops on the way.

    By the Service API never the key. A run: the body, with `app_id` and `"way": "service_api"`; another request:
    `{"way", "app_id", "method", "path", "query", "body"}`. `app_id` is null for a wrong key, `fault` names one.
    """
    started: float = field(default_factory=time.time)  # seconds since 1970
    ended: float | None = None
    outcome: Outcome = "running"
    """finished: Dify came to the end; aborted: cancelled, stopped or timed out; failed: Dify refused or broke off."""
    events: int = 0
    """Events Dify sent, those included that were lost on the way."""

    def end(self, outcome: Outcome) -> None:
        if self.outcome == "running":
            self.outcome = outcome
            self.ended = time.time()


class Journal:
    """The latest calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_KEPT)

    def begin(self, *, kind: str, hook: str, request: dict[str, Any]) -> Call:
        call = Call(type=kind, hook=hook, request=request)
        self._calls.append(call)
        return call

    def find(self, *, hook: str | None = None, app_id: str | None = None) -> Iterator[dict[str, Any]]:
        for call in self._calls:
            if hook in {None, call.hook} and app_id in {None, call.request.get("app_id")}:
                yield asdict(call)

    def clear(self) -> None:
        self._calls.clear()
