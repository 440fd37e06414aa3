"""What an app is to the workspace: one call in, Dify's events out."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

type Event = dict[str, Any]
Mode = Literal["chat", "agent-chat", "advanced-chat", "workflow", "completion"]
Way = Literal["reverse_invocation", "service_api"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCall:
    """A call as Dify's inner API or its Service API receives it."""

    app_id: str
    inputs: Mapping[str, Any]
    query: str = ""
    response_mode: str = ""
    conversation_id: str = ""
    user: str = ""
    files: tuple[Mapping[str, Any], ...] = ()
    """What stands beside the inputs. By reverse invocation it is dropped on the way, as whatever else was sent."""
    way: Way = "reverse_invocation"

    @classmethod
    def parse(cls, request: Mapping[str, Any]) -> Self:
        """Read a plugin's request.

        Raises TypeError for a field of the wrong type, ValueError without app_id.
        Source: InvokeAppSchema in the daemon's dify_invocation/types.go.
        """
        texts: dict[str, Any] = {}
        for name in ("app_id", "query", "response_mode", "conversation_id", "user"):
            value = request.get(name)
            if not isinstance(value, str | None):
                raise TypeError(f"'{name}' expected type 'string', got unconvertible type '{type(value).__name__}'")
            texts[name] = value or ""
        inputs = request.get("inputs")
        if not isinstance(inputs, dict | None):
            raise TypeError(f"'inputs' expected a map, got '{type(inputs).__name__}'")
        if not texts["app_id"]:
            raise ValueError("Field validation for 'AppId' failed on the 'required' tag")
        return cls(inputs=inputs or {}, **texts)

    def body(self) -> dict[str, Any]:
        """Return the JSON body that reaches Dify; the app's id stands there too where the key tells it."""
        if self.way == "service_api":
            return {
                "app_id": self.app_id,
                "inputs": dict(self.inputs),
                "query": self.query,
                "files": [dict(file) for file in self.files],
                "response_mode": self.response_mode,
                "conversation_id": self.conversation_id,
                "user": self.user,
            }
        return {
            "tenant_id": "workspace",
            "user_id": "",
            "type": "app",
            "app_id": self.app_id,
            "inputs": dict(self.inputs),
            "query": self.query,
            "response_mode": self.response_mode,
            "conversation_id": self.conversation_id,
            "user": self.user,
        }


class App(Protocol):
    """One app of the workspace."""

    async def mode(self) -> Mode:
        """Return the app's mode, by which Dify picks the interface."""
        ...

    async def parameters(self) -> dict[str, Any]:
        """Return what fetch_app tells: user_input_form, file_upload, opening_statement and so on."""
        ...

    def run(self, call: AppCall) -> AsyncIterator[Event]:
        """Yield the events of one streamed answer. Raises Refused before the first one, Broken at any time."""
        ...


class Refused(Exception):
    """Dify answers with a status instead of a stream."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"code": code, "message": message, "status": status}, separators=(",", ":"))


class Broken(Exception):
    """Dify breaks the stream off with this text."""


def invalid_param(message: str) -> Refused:
    """Return Dify's refusal of a wrong call."""
    return Refused(400, "invalid_param", message)


def unknown(message: str) -> Refused:
    """Return Dify's answer to whatever it did not foresee."""
    return Refused(500, "unknown", message)
