"""The input form of a demo app, and the inputs and files a call brings for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from workspace.apps.app import AppCall, invalid_param
from workspace.storage import Database

_REFERENCES = {"tool_file": "tool_file_id", "local_file": "upload_file_id", "remote_url": "url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an app's input form."""

    kind: Literal["text-input", "paragraph", "number", "file", "file-list"]
    name: str
    label: str
    default: str = ""

    def declared(self) -> dict[str, Any]:
        """Return the field as fetch_app's user_input_form tells it."""
        field: dict[str, Any] = {"variable": self.name, "label": self.label, "required": False}
        if self.kind in {"file", "file-list"}:
            field |= {
                "allowed_file_types": ["image", "document", "audio", "video", "custom"],
                "allowed_file_extensions": [],
                "allowed_file_upload_methods": ["local_file", "remote_url"],
            }
            if self.kind == "file-list":
                field["max_length"] = 5
        else:
            field |= {"default": self.default, "max_length": 2000}
        return {self.kind: field}


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file as an app sees it."""

    name: str
    type: str
    url: str
    size: int | None  # bytes, None when nobody knows

    def described(self) -> str:
        size = "size unknown" if self.size is None else f"{self.size} bytes"
        return f"{self.name} ({self.type}, {size}, {self.url})"


class Form:
    """Reads a call's inputs by the declared fields; what is not declared is dropped, as Dify does."""

    def __init__(self, *fields: Field) -> None:
        self._fields = fields

    def declared(self) -> list[dict[str, Any]]:
        return [field.declared() for field in self._fields]

    def text(self, call: AppCall, name: str) -> str:
        """Return a text input, or its default. Raises Refused when it is no text."""
        field = next(field for field in self._fields if field.name == name)
        value = call.inputs.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str | None):
            raise invalid_param(f"{name} in input form must be a string")
        return value or field.default

    def files(self, call: AppCall, database: Database) -> Iterator[tuple[str, InputFile]]:
        """Yield the name of the input and the file, for every file. Raises Refused for a wrong one."""
        for field in self._fields:
            value = call.inputs.get(field.name)
            if not value or field.kind not in {"file", "file-list"}:
                continue
            if isinstance(value, list) != (field.kind == "file-list"):
                raise invalid_param(f"{field.name} in input form must be a {field.kind.replace('-', ' ')}")
            for reference in value if isinstance(value, list) else [value]:
                yield field.name, _resolve(field.name, reference, database)


def _resolve(name: str, reference: Any, database: Database) -> InputFile:
    if not isinstance(reference, Mapping) or reference.get("transfer_method") not in _REFERENCES:
        raise invalid_param(f"{name} in input form must be a file")
    method = str(reference["transfer_method"])
    target = reference.get(_REFERENCES[method])
    kind = str(reference.get("type", "custom"))
    if not isinstance(target, str) or not target:
        raise invalid_param("Invalid file url" if method == "remote_url" else "Invalid upload file")
    if method == "remote_url":
        return InputFile(PurePosixPath(urlsplit(target).path).name or target, kind, target, None)
    file = database.file(target)
    if file is None:
        raise invalid_param("Invalid upload file")
    return InputFile(file.name, kind, f"/files/{target}", len(file.body))
