"""The input form of a demo app, and the inputs and files a call brings for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from workspace.apps.app import AppCall, invalid_param
from workspace.storage import Database

Kind = Literal["text-input", "paragraph", "number", "file", "file-list"]

_FILES = frozenset({"file", "file-list"})
FILE_TYPES = ("image", "document", "audio", "video", "custom")
FILE_METHODS = ("local_file", "remote_url")
_LIMITS = {"image_": 10, "audio_": 50, "video_": 100, "": 15}  # MiB, as Dify's configuration has them
_REFERENCES = {"tool_file": "tool_file_id", "local_file": "upload_file_id", "remote_url": "url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an app's input form."""

    kind: Kind
    name: str
    label: str
    default: str = ""
    required: bool = False
    types: tuple[str, ...] = FILE_TYPES
    extensions: tuple[str, ...] = ()  # of custom files
    methods: tuple[str, ...] = FILE_METHODS
    most: int = 5  # files of a list

    def declared(self) -> dict[str, Any]:
        """Return the field as fetch_app's user_input_form tells it."""
        field: dict[str, Any] = {"variable": self.name, "label": self.label, "required": self.required}
        if self.kind in _FILES:
            field |= {
                "allowed_file_types": [*self.types],
                "allowed_file_extensions": [*self.extensions],
                "allowed_file_upload_methods": [*self.methods],
            }
            if self.kind == "file-list":
                field["max_length"] = self.most
        else:
            field |= {"default": self.default, "max_length": 2000}
        return {self.kind: field}

    def check_number(self, number: int) -> None:
        """Raise Refused for more files than a list takes."""
        if self.kind == "file-list" and number > self.most:
            raise invalid_param(f"{self.name} in input form must be less than {self.most} files")

    def check(self, reference: Mapping[str, Any]) -> None:
        """Raise Refused for a file that the field does not allow.

        Files of tools, as those of plugins are, may be anything.
        Source: Dify's api/factories/file_factory/validation.py, `is_file_valid_with_config`.
        """
        if reference["transfer_method"] == "tool_file":
            return
        path = PurePosixPath(urlsplit(str(reference.get("url") or "")).path)
        kind = reference.get("type", "custom")
        by_extension = "custom" in self.types and path.suffix.lower() in {
            f".{extension.lstrip('.').lower()}" for extension in self.extensions
        }
        taken = by_extension if kind == "custom" or kind not in self.types else True
        # what an image's method may be is no matter of an input's
        if not taken or (kind != "image" and reference["transfer_method"] not in self.methods):
            raise invalid_param(f"File validation failed for file: {path.name}")


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
        value = call.inputs.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str | None):
            raise invalid_param(f"{name} in input form must be a string")
        return value or field.default

    def taken(self, call: AppCall) -> dict[str, Any]:
        """Return the declared inputs that a call brings.

        Raises Refused when a required one is missing, or one is no text, number or file although it should be.
        Source: Dify's api/core/app/apps/base_app_generator.py, `_validate_inputs`.
        """
        for field in self._fields:
            if field.required and call.inputs.get(field.name) is None:
                raise invalid_param(f"{field.name} is required in input form")
            if field.kind not in _FILES:
                self.text(call, field.name)
        for field, reference in self._references(call):
            _check(field.name, reference)
            field.check(reference)
        return {field.name: call.inputs[field.name] for field in self._fields if field.name in call.inputs}

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
            if not value or field.kind not in _FILES:
                continue
            if isinstance(value, list) != (field.kind == "file-list"):
                raise invalid_param(f"{field.name} in input form must be a {field.kind.replace('-', ' ')}")
            references = value if isinstance(value, list) else [value]
            field.check_number(len(references))
            for reference in references:
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
