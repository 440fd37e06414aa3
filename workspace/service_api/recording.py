"""Writes down what a run says, as its events go by."""

import json
from collections.abc import Mapping
from typing import Any

from workspace.apps.app import AppCall, Event
from workspace.service_api.records import Owner, Records


class Recording:
    """One run's message, and its workflow run. Feed it every event, once, in order."""

    def __init__(self, records: Records, call: AppCall, *, named: bool) -> None:
        """Take what is asked; `named`: a new conversation gets a name by its query."""
        self._records = records
        self._call = call
        self._owner = Owner(call.app_id, call.user)
        self._named = named
        self._message_id = ""
        self._conversation_id = ""
        self._texts: list[str] = []
        self._thoughts: dict[str, Event] = {}
        self._files: list[dict[str, Any]] = []
        self._sources: list[Any] = []
        self._error: str | None = None
        self._detail: dict[str, Any] = {}

    @property
    def answer(self) -> str:
        return "".join(self._texts)

    def see(self, event: Event) -> None:
        """Take one event in, which may be any JSON object."""
        if not self._message_id and isinstance(event.get("message_id"), str):
            self._begin(event)
        match event.get("event"):
            case "message" | "agent_message" if isinstance(event.get("answer"), str):
                self._texts.append(event["answer"])
            case "agent_thought":
                self._thoughts[str(event.get("id"))] = event
            case "message_file":
                self._files.append(_file(event))
            case "message_end" if isinstance(event.get("metadata"), Mapping):
                self._sources = event["metadata"].get("retriever_resources") or []
            case "error":
                self._error = str(event.get("message"))
            case "workflow_started" | "workflow_finished" if isinstance(event.get("data"), Mapping):
                self._run(event)

    def _begin(self, event: Event) -> None:
        self._message_id = event["message_id"]
        self._conversation_id = str(event.get("conversation_id") or "")
        self._records.begin_message(
            self._message_id, self._conversation_id, self._owner, self._told(), named=self._named
        )

    def _run(self, event: Event) -> None:
        data = event["data"]
        self._detail |= {name: data[name] for name in ("id", "workflow_id", *_OF_RUN) if name in data}
        self._detail |= {"inputs": json.dumps(dict(self._call.inputs), ensure_ascii=False)}
        self._records.save_run(
            str(data.get("id")), self._call.app_id, {"status": "running", **dict.fromkeys(_OF_RUN), **self._detail}
        )

    def end(self) -> None:
        """Write down what the run came to, however it ended."""
        if self._message_id:
            self._records.end_message(self._message_id, self._told())

    def _told(self) -> dict[str, Any]:
        return {
            "query": self._call.query,
            "inputs": dict(self._call.inputs),
            "answer": self.answer,
            "message_files": [*map(_file, self._call.files), *self._files],
            "retriever_resources": self._sources,
            "agent_thoughts": [_thought(event) for event in self._thoughts.values()],
            "status": "error" if self._error else "normal",
            "error": self._error,
        }


_OF_RUN = ("status", "outputs", "error", "total_steps", "total_tokens", "created_at", "finished_at", "elapsed_time")


def _file(told: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a file of the answer, or one that stood beside the inputs."""
    return {
        "id": told.get("id"),
        "filename": told.get("filename"),
        "type": told.get("type"),
        "url": told.get("url"),
        "mime_type": told.get("mime_type"),
        "size": told.get("size"),
        "transfer_method": told.get("transfer_method"),
        "belongs_to": told.get("belongs_to", "user"),
        "upload_file_id": told.get("upload_file_id"),
    }


def _thought(event: Event) -> dict[str, Any]:
    names = (
        "id",
        "message_id",
        "position",
        "thought",
        "observation",
        "tool",
        "tool_labels",
        "tool_input",
        "created_at",
    )
    return {"chain_id": None, **{name: event.get(name) for name in names}, "files": event.get("message_files", [])}
