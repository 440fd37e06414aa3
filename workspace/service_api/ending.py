"""How Dify ends the stream of a run that does not come to its own end: stopped, or broken off.

Source: langgenius/dify, generate_task_pipeline.py of each kind of app: what becomes of QueueStopEvent and
QueueErrorEvent there. A chat ends with message_end, a workflow with workflow_finished, a chatflow with both.
"""

import time
from collections.abc import Iterator
from typing import Any

from workspace.apps.answer import MessageAnswer, usage
from workspace.apps.app import AppCall, Event, Mode

_MESSAGE_IDS = ("task_id", "message_id", "conversation_id", "created_at")
_BY_USER = "Stopped by user."


class Ending:
    """Keeps what an end needs of the events before it. Feed it every event, once, in order."""

    def __init__(self, call: AppCall, mode: Mode) -> None:
        self._call = call
        self._mode: Mode = mode
        self._ids: dict[str, Any] = {}
        self._workflow: Event = {}
        self._begun = time.time()
        self._steps = 0

    def see(self, event: Event) -> None:
        if not self._ids and "message_id" in event:
            self._ids = {name: event[name] for name in _MESSAGE_IDS if name in event}
        match event.get("event"):
            case "workflow_started":
                self._workflow = event
            case "node_finished":
                self._steps += 1

    def stopped(self, answer: str) -> Iterator[Event]:
        """Give the events that end the run, which has said so much."""
        if self._workflow:
            yield self._workflow_finished()
        if self._ids:
            metadata = {"usage": usage(self._call.query, answer), "retriever_resources": []}
            ids = {**self._ids, "id": self._ids["message_id"]}
            yield {"event": "message_end", **ids, "metadata": metadata, "files": None}

    def _workflow_finished(self) -> Event:
        begun, now = self._workflow["data"], time.time()
        data = {
            **{name: begun.get(name) for name in ("id", "workflow_id", "created_at")},
            "status": "stopped",
            "outputs": {},
            "error": _BY_USER,
            "elapsed_time": round(now - self._begun, 3),
            "total_tokens": 0,
            "total_steps": self._steps,
            "created_by": {},
            "finished_at": int(now),
            "exceptions_count": 0,
            "files": [],
        }
        return {**self._workflow, "event": "workflow_finished", "data": data}

    def broken(self, status: int, code: str, message: str) -> Event:
        """Give the error event after which nothing comes; it has no task_id."""
        error = {"code": code, "message": message, "status": status}
        if self._mode == "workflow":
            return {"event": "error", "workflow_run_id": self._workflow.get("workflow_run_id"), **error}
        if not self._ids:
            answer = MessageAnswer(self._call.conversation_id, completion=self._mode == "completion")
            return answer.error(status, code, message)
        return {"event": "error", **{name: self._ids[name] for name in self._ids if name != "task_id"}, **error}
