"""One run of one app: what Dify is asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Interface(StrEnum):
    """By which of Dify's app interfaces to call; with ANY Dify picks it by the app's mode."""

    ANY = "any"
    CHAT = "chat"
    WORKFLOW = "workflow"
    COMPLETION = "completion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file part of a form."""

    name: str  # of the form's field, and once its place is found, of the app's input
    filename: str
    mimetype: str
    content: bytes = field(repr=False)
    among_others: bool = False  # its input takes a list of files


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One run of one app."""

    app_id: str
    interface: Interface = Interface.ANY
    query: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()  # as in Dify's Service API: {"type", "transfer_method", …}
    uploads: tuple[Upload, ...] = ()
    conversation_id: str | None = None
    fresh: bool = False  # the caller asks for a new conversation
    user: str | None = None
