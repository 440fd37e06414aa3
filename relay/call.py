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
    """A file whose bytes a caller sent."""

    name: str = (
        ""  # of the app's input that is meant, or of a form's field, which may be one; "": whichever takes files
    )
    exact: bool = False  # that input or none
    filename: str = ""  # this and the media type are "" where nobody told: `run.media` settles both
    mimetype: str = ""
    type: str = ""  # as a caller calls it, and once its place is found, as Dify is told: one of FILE_TYPES
    content: bytes = field(repr=False)
    # its place among the files of its input, once found; None: the input takes one. Once it is found, an upload
    # without a name goes beside the inputs
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A file that somebody else holds: at an address, from where Dify fetches it, or in Dify, by an id."""

    name: str = ""  # as an Upload's
    exact: bool = False
    type: str = ""
    url: str = ""  # or
    id: str = ""  # as this endpoint issued it


type File = Upload | Reference

FILE_TYPES = ("image", "document", "audio", "video", "custom")  # as Dify names them


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One run of one app."""

    app_id: str
    interface: Interface = Interface.ANY
    query: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Upload | Reference, ...] = ()  # in the caller's order, until they are placed
    uploads: tuple[Upload, ...] = ()  # whose places are found; none once they are uploaded
    beside: tuple[Mapping[str, Any], ...] = ()  # files beside the inputs, as Dify's Service API takes them
    conversation_id: str | None = None
    fresh: bool = False  # the caller asks for a new conversation
    user: str | None = None
