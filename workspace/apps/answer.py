"""Dify's events, field for field, for the apps that make their own answers.

Source: Dify's Service API ("Send chat message", "Run workflow") and recorded traffic.
"""

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from workspace.apps.app import Event, Mode, Refused, unknown
from workspace.storage import StoredFile

USAGE: Mapping[str, Any] = {
    "prompt_tokens": 10,
    "prompt_unit_price": "0.001",
    "prompt_price_unit": "0.001",
    "prompt_price": "0.0000100",
    "completion_tokens": 20,
    "completion_unit_price": "0.002",
    "completion_price_unit": "0.001",
    "completion_price": "0.0000400",
    "total_tokens": 30,
    "total_price": "0.0000500",
    "currency": "USD",
    "latency": 0.5,
}


def usage(prompt: str, answer: str) -> dict[str, Any]:
    """Return the usage of an answer, a token being a word."""
    spent, made = len(prompt.split()), len(answer.split())
    return {**USAGE, "prompt_tokens": spent, "completion_tokens": made, "total_tokens": spent + made}


class MessageAnswer:
    """The events of one answer of a chat, agent or completion app."""

    def __init__(self, conversation_id: str = "", *, completion: bool = False) -> None:
        self.message_id = str(uuid.uuid4())
        self._ids: dict[str, Any] = {
            "task_id": str(uuid.uuid4()),
            "id": self.message_id,
            "message_id": self.message_id,
            "created_at": int(time.time()),
        }
        if not completion:
            self._ids["conversation_id"] = conversation_id or str(uuid.uuid4())

    @property
    def conversation_id(self) -> str:
        return str(self._ids["conversation_id"])

    def message(self, text: str) -> Event:
        return {"event": "message", **self._ids, "answer": text, "from_variable_selector": None}

    def agent_message(self, text: str) -> Event:
        return {"event": "agent_message", **self._ids, "answer": text}

    def agent_thought(
        self,
        position: int,
        thought: str,
        *,
        tool: str = "",
        tool_input: str = "",
        observation: str = "",
        thought_id: str | None = None,
    ) -> Event:
        """Return a thought; Dify says it again under its id, each time with what has come since."""
        return {
            "event": "agent_thought",
            **self._ids,
            "id": thought_id or str(uuid.uuid4()),
            "position": position,
            "thought": thought,
            "observation": observation,
            "tool": tool,
            "tool_labels": {tool: {"en_US": tool}} if tool else {},
            "tool_input": tool_input,
            "message_files": [],
        }

    def other(self, event: str, **fields: Any) -> Event:
        return {"event": event, **self._ids, **fields}

    def error(self, status: int, code: str, message: str) -> Event:
        """Return the event after which nothing comes; Dify gives it the message's ids and no task_id."""
        ids = {name: value for name, value in self._ids.items() if name not in {"id", "task_id"}}
        return {"event": "error", **ids, "code": code, "message": message, "status": status}

    def end(self, spent: Mapping[str, Any] = USAGE, *, sources: Iterable[Mapping[str, Any]] = ()) -> Event:
        resources = [dict(source) for source in sources]
        return self.other(
            "message_end", metadata={"usage": dict(spent), "retriever_resources": resources}, files=None
        )


class WorkflowRun:
    """The events of one run of a workflow, or of a chatflow when they carry a message's ids as well."""

    def __init__(self, inputs: Mapping[str, Any], message: MessageAnswer | None = None) -> None:
        self._inputs = dict(inputs)
        self._run_id = str(uuid.uuid4())
        self._workflow_id = str(uuid.uuid4())
        self._begun = time.time()
        self._ids: dict[str, Any] = {"task_id": str(uuid.uuid4()), "workflow_run_id": self._run_id}
        if message is not None:
            started = message.other("workflow_started")
            self._ids = {name: value for name, value in started.items() if name not in {"event", "id"}}
            self._ids["workflow_run_id"] = self._run_id
        self._steps = 0

    def other(self, event: str, data: Mapping[str, Any]) -> Event:
        return {"event": event, **self._ids, "data": dict(data)}

    def started(self) -> Event:
        return self.other(
            "workflow_started",
            {
                "id": self._run_id,
                "workflow_id": self._workflow_id,
                "inputs": self._inputs,
                "created_at": int(self._begun),
            },
        )

    def node(
        self,
        title: str,
        node_type: str,
        outputs: Mapping[str, Any] | None = None,
        *,
        error: str | None = None,
        elapsed: float = 0.1,
    ) -> tuple[Event, Event]:
        """Return node_started and node_finished of the next step, which is said to take `elapsed` seconds."""
        self._steps += 1
        node = {
            "id": str(uuid.uuid4()),
            "node_id": f"node-{self._steps}",
            "node_type": node_type,
            "title": title,
            "index": self._steps,
            "predecessor_node_id": f"node-{self._steps - 1}" if self._steps > 1 else None,
            "inputs": None,
            "created_at": int(time.time()),
        }
        finished = {
            **node,
            "process_data": None,
            "outputs": {} if error else dict(outputs or {}),
            "status": "failed" if error else "succeeded",
            "error": error,
            "elapsed_time": elapsed,
            "execution_metadata": None,
            "finished_at": int(time.time()),
            "files": [],
        }
        return self.other("node_started", node), self.other("node_finished", finished)

    def text_chunk(self, text: str) -> Event:
        return self.other(
            "text_chunk", {"text": text, "from_variable_selector": [f"node-{max(self._steps, 1)}", "text"]}
        )

    def human_input_required(self, title: str, content: str, actions: Mapping[str, str]) -> Event:
        """Return what Dify says when the next step is a person's: their form, and its buttons by their ids.

        Source: Dify's api/core/app/entities/task_entities.py, `HumanInputRequiredResponse`.
        """
        self._steps += 1
        return self.other(
            "human_input_required",
            {
                "form_id": str(uuid.uuid4()),
                "node_id": f"node-{self._steps}",
                "node_title": title,
                "form_content": content,
                "inputs": [],
                "actions": [{"id": one, "title": name, "button_style": "default"} for one, name in actions.items()],
                "display_in_ui": True,
                "form_token": str(uuid.uuid4()),
                "approval_channels": ["console"],
                "resolved_default_values": {},
                "expiration_time": int(self._begun) + 3 * 24 * 60 * 60,  # seconds since 1970
            },
        )

    def paused(self, required: Event) -> Event:
        """Return what ends a run that waits for a person."""
        form = required["data"]
        return self.other(
            "workflow_paused",
            {
                "paused_nodes": [form["node_id"]],
                "outputs": {},
                "reasons": [{"TYPE": "human_input_required", **form}],
                "status": "paused",
                "created_at": int(self._begun),
                "elapsed_time": round(time.time() - self._begun, 3),
                "total_tokens": 30,
                "total_steps": self._steps,
            },
        )

    def finished(
        self,
        outputs: Mapping[str, Any],
        *,
        status: str = "succeeded",
        error: str | None = None,
        files: Iterable[Mapping[str, Any]] = (),
    ) -> Event:
        return self.other(
            "workflow_finished",
            {
                "id": self._run_id,
                "workflow_id": self._workflow_id,
                "status": status,
                "outputs": dict(outputs),
                "error": error,
                "elapsed_time": round(time.time() - self._begun, 3),
                "total_tokens": 30,
                "total_steps": self._steps,
                "created_by": {},
                "created_at": int(self._begun),
                "finished_at": int(time.time()),
                "exceptions_count": 0,
                "files": [dict(file) for file in files],
            },
        )


def output_file(file_id: str, file: StoredFile, kind: str, base_url: str) -> dict[str, Any]:
    """Describe a file as Dify does among a workflow's outputs.

    Source: Dify's `File.to_dict`, whose address holds a signature.
    """
    return {
        "dify_model_identity": "__dify__file__",
        "id": None,
        "tenant_id": "workspace",
        "type": kind,
        "transfer_method": "tool_file",
        "remote_url": "",
        "related_id": file_id,
        "filename": file.name,
        "extension": PurePosixPath(file.name).suffix,
        "mime_type": file.media_type,
        "size": len(file.body),
        "url": f"{base_url}/files/{file_id}",
    }


def blocking(events: Sequence[Event], mode: Mode) -> Event:
    """Fold the events of a streamed answer into Dify's blocking one.

    Chat: `{event, task_id, id, message_id, conversation_id, mode, answer, metadata, created_at}`;
    workflow: `{workflow_run_id, task_id, data}`, whatever its status. Raises Refused with the error of an answer that
    sent one, or when it stopped before its end.
    """
    for event in events:
        if event.get("event") == "error":
            raise Refused(event["status"], event["code"], event["message"])
    kind = "workflow_finished" if mode == "workflow" else "message_end"
    end = next((event for event in reversed(events) if event.get("event") == kind), None)
    if end is None:
        raise unknown(f"the answer stopped without {kind}")
    if mode == "workflow":
        return {"workflow_run_id": end["workflow_run_id"], "task_id": end["task_id"], "data": end["data"]}
    texts = (event.get("answer") for event in events if event.get("event") in {"message", "agent_message"})
    return {
        **{name: value for name, value in end.items() if name != "files"},
        "event": "message",
        "mode": mode,
        "answer": "".join(text for text in texts if isinstance(text, str)),
    }


def words(text: str) -> Iterable[str]:
    """Cut a text into the pieces in which a model would send it."""
    piece = ""
    for character in text:
        piece += character
        if character in " \n":
            yield piece
            piece = ""
    if piece:
        yield piece
