"""The input form of a demo app, and the inputs and files a call brings for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from workspace.apps.app import AppCall, invalid_param
from workspace.apps.field import FILES, Field
from workspace.storage import Database

_LIMITS = {"image_": 10, "audio_": 50, "video_": 100, "": 15}  # MiB, as Dify's configuration has them
_REFERENCES = {"tool_file": "tool_file_id", "local_file": "upload_file_id", "remote_url": "url"}


def system_parameters(mib: int | None = None) -> dict[str, int]:
    """Return Dify's limits as fetch_app tells them: MiB of a file of each type, or the same for all."""
    return {f"{kind}file_size_limit": mib or limit for kind, limit in _LIMITS.items()} | {
        "workflow_file_upload_limit": 10
    }


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


_BESIDE = Field(kind="file-list", name="files", label="Files beside the inputs")


class Form:
    """Reads a call's inputs by the declared fields; what is not declared is dropped, as Dify does."""

    def __init__(self, *fields: Field) -> None:
        self._fields = fields

    def declared(self) -> list[dict[str, Any]]:
        return [field.declared() for field in self._fields]

    def text(self, call: AppCall, name: str) -> str:
        """Return a text input, or its default. Raises Refused when it is no text."""
        field = next(field for field in self._fields if field.name == name)
        return field.value(call.inputs.get(name)) or str(field.default)

    def values(self, call: AppCall) -> dict[str, Any]:
        """Return every declared input as the app gets it; None for what is neither given nor has a default.

        Raises Refused when a required one is missing, or one is not what it should be.
        """
        values = {field.name: field.value(call.inputs.get(field.name)) for field in self._fields}
        for field, reference in self._references(call):
            _check(field.name, reference)
            field.check(reference)
        return values

    def taken(self, call: AppCall) -> dict[str, Any]:
        """Return the declared inputs that a call brings. Raises Refused as `values` does."""
        return {name: value for name, value in self.values(call).items() if name in call.inputs}

    def files(self, call: AppCall, database: Database) -> Iterator[tuple[str, InputFile]]:
        """Yield the name of the input and the file, for every file. Raises Refused for a wrong one."""
        for field, reference in self._references(call):
            yield field.name, _resolve(field, reference, database)

    def beside(self, call: AppCall, database: Database) -> Iterator[InputFile]:
        """Yield the files beside the inputs, which Dify has checked before. Raises Refused for one that is gone."""
        for reference in call.files:
            yield _resolve(_BESIDE, reference, database)

    def _references(self, call: AppCall) -> Iterator[tuple[Field, Any]]:
        for field in self._fields:
            value = call.inputs.get(field.name)
            if not value or field.kind not in FILES:
                continue
            field.value(value)
            for reference in value if isinstance(value, list) else [value]:
                yield field, reference


def _check(name: str, reference: Any) -> tuple[str, str]:
    """Return how a file is referred to, and by what: its id or address. Raises Refused."""
    if not isinstance(reference, Mapping) or reference.get("transfer_method") not in _REFERENCES:
        raise invalid_param(f"{name} in input form must be a file")
    method = str(reference["transfer_method"])
    target = reference.get(_REFERENCES[method])
    if not isinstance(target, str) or not target:
        raise invalid_param("Invalid file url" if method == "remote_url" else "Invalid upload file")
    return method, target


def _resolve(field: Field, reference: Any, database: Database) -> InputFile:
    method, target = _check(field.name, reference)
    field.check(reference)
    kind = str(reference.get("type", "custom"))
    if method == "remote_url":
        return InputFile(PurePosixPath(urlsplit(target).path).name or target, kind, target, None)
    file = database.file(target)
    if file is None:
        raise invalid_param("Invalid upload file")
    return InputFile(file.name, kind, f"/files/{target}", len(file.body))
