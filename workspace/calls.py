"""The journal of reverse invocations: what reached "Dify", and how it ended."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["running", "finished", "aborted", "failed"]

_KEPT = 10_000


@dataclass(slots=True, kw_only=True)
class Call:
    """One reverse invocation that reached Dify."""

    type: str
    hook: str
    request: dict[str, Any]
    """The request as Dify received it: for an app without what the daemon drops on the way."""
    started: float = field(default_factory=time.time)  # seconds since 1970
    ended: float | None = None
    outcome: Outcome = "running"
    """finished: Dify answered to the end; aborted: cancelled or timed out; failed: Dify refused or broke off."""
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
