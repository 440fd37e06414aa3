"""What an app has said so far: the text, the results, and how to answer in one piece."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from relay import wire
from relay.errors import AppFailed
from relay.event import Event, detail, kind
from relay.foreign import presentable


class Said(NamedTuple):
    """Text that one event adds; `instead` of all before it when Dify takes an answer back."""

    text: str = ""
    instead: bool = False


NOTHING = Said()
ANSWERS = frozenset({"message", "agent_message", "message_replace"})  # text under `answer`
CHUNKS = frozenset({"text_chunk", "text_replace"})  # text under `data.text`
# no set: what is asked for may be a list, which has no hash
ENDED_BADLY = ("failed", "exception", "stopped")  # status of a workflow or one of its nodes


class Transcript:
    """Folds events into text and into Dify's blocking answer. Feed it every event, once, in order."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._agent = False
        self._first: Event = {}  # the first event with a message: its ids are the answer's
        self._files: list[Event] = []
        self._message_end: Event | None = None
        self._workflow_end: Event | None = None
        self._chatflow = False
        self.events = 0

    def add(self, event: Event) -> Said:
        """Take one event in and say what text it adds."""
        self.events += 1
        self._remember(event)
        said = self._say(event)
        if said.instead:
            self._parts.clear()
            self._length = 0
        if said.text:
            self._parts.append(said.text)
            self._length += len(said.text)
        return said

    def _say(self, event: Event) -> Said:
        name = kind(event)
        if name in ANSWERS:
            text = _text(event.get("answer"))
            # newer agents close with a message that says all of it once more
            repeated = name == "message" and self._agent and len(text) == self._length and text == self.text
            return NOTHING if repeated else Said(text, instead=name == "message_replace")
        if name in CHUNKS:
            return Said(_text(detail(event).get("text")), instead=name == "text_replace")
        if name == "workflow_finished" and not self._parts:
            return Said(outputs_text(detail(event).get("outputs")))
        return NOTHING

    def _remember(self, event: Event) -> None:
        if "message_id" in event and not self._first:
            self._first = event
        match kind(event):
            case "agent_message" | "agent_thought":
                self._agent = True
            case "message_file":
                self._files.append(event)
            case "message_end":
                self._message_end = event
            case "workflow_started":
                self._chatflow = "conversation_id" in event
            case "workflow_finished" | "workflow_paused":
                self._workflow_end = event

    @property
    def has_text(self) -> bool:
        """Whether anything was said."""
        return self._length > 0

    @property
    def text(self) -> str:
        """The whole answer so far."""
        return "".join(self._parts)

    def extras(self) -> dict[str, Any]:
        """Give what stands beside the text: `retriever_resources` and `message_files`, as far as there are any."""
        end = self._message_end or self._workflow_end or {}
        metadata = end.get("metadata")
        resources = metadata.get("retriever_resources") if isinstance(metadata, Mapping) else None
        return {"retriever_resources": resources, "message_files": [dict(file) for file in self._files]}

    def results(self) -> dict[str, Any]:
        """Give what a template may say of the answer: `answer`, `outputs`, `conversation_id`."""
        outputs = detail(self._workflow_end or {}).get("outputs")
        return {
            "answer": self.text,
            "outputs": outputs if isinstance(outputs, Mapping) else {},
            "conversation_id": self._first.get("conversation_id"),
        }

    def blocking(self) -> dict[str, Any]:
        """Give the answer as Dify's Service API does with `response_mode: blocking`.

        A chat or completion: `{event, task_id, id, message_id, conversation_id, mode, answer, metadata, created_at}`
        and `message_files` when there are any; a workflow: `{task_id, workflow_run_id, data}`.
        Raises AppFailed for a chatflow whose workflow failed.
        """
        if self._message_end is None and self._workflow_end is not None:
            if self._chatflow and detail(self._workflow_end).get("status") == "failed":
                raise AppFailed(failure_of(self._workflow_end))
            if not self._chatflow:
                return {
                    "task_id": self._workflow_end.get("task_id"),
                    "workflow_run_id": self._workflow_end.get("workflow_run_id"),
                    "data": dict(detail(self._workflow_end)),
                }
        return self._message()

    def _message(self) -> dict[str, Any]:
        end = self._message_end or self._workflow_end or {}
        ids = {**self._first, **end}
        answer = {
            "event": "message" if self._message_end is not None else kind(end),
            "task_id": ids.get("task_id"),
            "id": ids.get("id") or ids.get("message_id"),
            "message_id": ids.get("message_id"),
            "conversation_id": ids.get("conversation_id"),
            "mode": self._mode(ids),
            "answer": self.text,
            "metadata": end.get("metadata") or {},
            "created_at": ids.get("created_at"),
        }
        return {**answer, "message_files": [dict(file) for file in self._files]} if self._files else answer

    def _mode(self, ids: Event) -> str:
        if self._chatflow:
            return "advanced-chat"
        if self._agent:
            return "agent-chat"
        return "chat" if ids.get("conversation_id") else "completion"


def outputs_text(outputs: object) -> str:
    """Give a workflow's outputs as text: the one that is text, or all as JSON."""
    if not isinstance(outputs, Mapping) or not outputs:
        return ""
    values = list(outputs.values())
    return values[0] if len(values) == 1 and isinstance(values[0], str) else wire.dump(outputs, indent=2)


def failure_of(event: Event) -> str:
    """Say why a workflow or one of its nodes failed, "" when it did not."""
    data = detail(event)
    if data.get("status") not in ENDED_BADLY:
        return ""
    return presentable(str(data.get("error") or "")) or f"It ended as {data.get('status')}."


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
