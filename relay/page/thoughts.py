"""What an agent thinks and which tools it calls, each once and when it is complete.

Sources: Dify's API reference, "Send Chat Message: agent_thought", and AgentLogStreamResponse in its
api/core/app/entities/task_entities.py. A thought comes several times with one id: when its round begins, with the
tool that is called, and with what that gave back. What it thinks may be what it has just said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from relay.event import Event, detail
from relay.page import plain

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """One that is complete."""

    title: str = ""  # the tool's name, or what a log is about
    tool: bool = False
    text: str = ""
    given: str = ""  # to the tool
    result: str = ""  # of the tool
    failed: bool = False


class Thoughts:
    """Folds the events of thoughts. Feed it each of them once, in order, and the text that is said between."""

    def __init__(self) -> None:
        self._id: object = None
        self._open: dict[str, str] = {}
        self._said: list[str] = []  # since the last thought
        self._parents: set[str] = set()
        self.count = 0

    @property
    def tool(self) -> str:
        """The tool that is being called, "" for none."""
        return "" if self._open.get("observation") else plain.name(self._open.get("tool"))

    def said(self, text: str) -> Thought | None:
        """Take text in that the agent says; give what is complete by that."""
        complete = self.end()
        self._said.append(text)
        return complete

    def take(self, event: Event) -> Thought | None:
        """Take an `agent_thought` in; give the one before it when that is complete."""
        complete = None if event.get("id") == self._id else self.end()
        self._id = event.get("id")
        self._open |= {
            field: found
            for field in ("thought", "tool", "tool_input", "observation")
            if (found := plain.text(event.get(field), plain.LONGEST_TEXT))
        }
        return complete

    def end(self) -> Thought | None:
        """Give the one that is complete because something else comes; None when there is nothing to show."""
        told, self._open = self._open, {}
        if not told:
            return None
        text = told.get("thought", "").strip()
        if text and text in "".join(self._said):
            text = ""
        self._said.clear()
        thought = Thought(
            title=plain.name(told.get("tool")),
            tool=bool(plain.name(told.get("tool"))),
            text=text,
            given=_readable(told.get("tool_input", "")),
            result=_readable(told.get("observation", "")),
        )
        return self._counted(thought) if thought != Thought() else None

    def log(self, event: Event) -> Thought | None:
        """Give what an `agent_log` says: of those that hold others only the inner ones, each when it is done."""
        data = detail(event)
        if data.get("status") == "start":
            return None
        parent = plain.name(data.get("parent_id"))
        if parent and len(self._parents) < MOST_SHOWN:
            self._parents.add(parent)
        elif {plain.name(data.get(one)) for one in ("id", "message_id")} & self._parents:
            return None
        said: Any = data.get("data")
        return self._counted(
            Thought(
                title=plain.name(data.get("label")),
                result=plain.json(said) if isinstance(said, Mapping | list) and said else plain.text(said),
                text=plain.text(data.get("error")),
                failed=bool(data.get("error")) or data.get("status") == "error",
            )
        )

    def _counted(self, thought: Thought) -> Thought | None:
        self.count += 1
        return thought if self.count <= MOST_SHOWN else None


def _readable(said: str) -> str:
    """Give JSON over several lines, anything else as it is."""
    if not said.startswith(("{", "[")):
        return said
    try:
        return plain.json(from_json(said))
    except ValueError:
        return said
