"""How Dify ends the stream of a run that was stopped: a plugin that leaves a run is not told."""

from collections.abc import Callable, Iterator
from typing import Any

from relay.event import Event, detail, kind

REASON = "Stopped by user."  # Dify's own words
_IDS = ("task_id", "id", "message_id", "conversation_id", "created_at")


class Stopped:
    """Keeps what the end of a run needs of the events before it. Feed it every event, once, in order.

    A chat ends with `message_end`, a workflow with `workflow_finished` and status "stopped", a chatflow with both.
    Sources: langgenius/dify, `QueueStopEvent` in the generate_task_pipeline.py of each kind of app.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take what gives seconds since 1970."""
        self._clock = clock
        self._message: Event = {}
        self._started: Event = {}
        self._begun = 0.0
        self._steps = 0
        self._tokens = 0
        self._last: Event = {}

    def see(self, event: Event) -> None:
        """Take one event in."""
        self._last = event
        if not self._message and "message_id" in event:
            self._message = event
        match kind(event):
            case "workflow_started":
                self._started, self._begun = event, self._clock()
            case "node_finished":
                self._steps += 1
                self._tokens += _tokens(event)

    def ending(self) -> Iterator[Event]:
        """Give the events that end the run."""
        if self._started or not self._message:
            yield self._workflow_finished()
        if self._message:
            yield self._message_end()

    def _message_end(self) -> Event:
        ids = {name: self._message[name] for name in _IDS if name in self._message}
        return {"event": "message_end", **ids, "id": self._message["message_id"], "metadata": {}, "files": None}

    def _workflow_finished(self) -> Event:
        begun = self._started or self._last
        told, now = detail(begun), self._clock()
        return {
            **{name: value for name, value in begun.items() if name not in {"event", "data"}},
            "event": "workflow_finished",
            "data": {
                "id": told.get("id"),
                "workflow_id": told.get("workflow_id"),
                "status": "stopped",
                "outputs": {},
                "error": REASON,
                "elapsed_time": round(max(now - self._begun, 0), 3) if self._started else 0,
                "total_tokens": self._tokens,
                "total_steps": self._steps,
                "created_by": {},
                "created_at": told.get("created_at"),
                "finished_at": int(now),
                "exceptions_count": 0,
                "files": [],
            },
        }


def _tokens(event: Event) -> int:
    metadata: Any = detail(event).get("execution_metadata")
    tokens = metadata.get("total_tokens") if isinstance(metadata, dict) else 0
    return tokens if isinstance(tokens, int) else 0
