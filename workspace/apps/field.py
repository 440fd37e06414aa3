"""One field of an app's input form, as strict as Dify is.

Source: its api/core/app/apps/base_app_generator.py, `_validate_inputs`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from workspace.apps.app import Refused, invalid_param, unknown

Kind = Literal["text-input", "paragraph", "select", "number", "checkbox", "json_object", "file", "file-list"]

FILES = frozenset({"file", "file-list"})
_TEXTS = frozenset({"text-input", "paragraph"})
_MOST: Mapping[str, int] = {"text-input": 2000, "paragraph": 2000, "file-list": 5}
_TRUTH = {**dict.fromkeys(("true", "1", "yes", "on"), True), **dict.fromkeys(("false", "0", "no", "off"), False)}
FILE_TYPES = ("image", "document", "audio", "video", "custom")
FILE_METHODS = ("local_file", "remote_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an app's input form."""

    kind: Kind
    name: str
    label: str
    default: Any = ""
    required: bool = False
    options: tuple[str, ...] = ()
    types: tuple[str, ...] = FILE_TYPES
    extensions: tuple[str, ...] = ()  # of custom files
    methods: tuple[str, ...] = FILE_METHODS
    most: int = 0  # characters of a text, files of a list; 0: as many as usual

    def declared(self) -> dict[str, Any]:
        """Return the field as fetch_app's user_input_form tells it."""
        field: dict[str, Any] = {"variable": self.name, "label": self.label, "required": self.required}
        if self.kind in FILES:
            field |= {
                "allowed_file_types": [*self.types],
                "allowed_file_extensions": [*self.extensions],
                "allowed_file_upload_methods": [*self.methods],
            }
        else:
            # what is not filled in there is missing, not empty: Dify refuses an empty text that is no option
            field["default"] = self.default if self.kind in _TEXTS else self.default or None
        if self.limit:
            field["max_length"] = self.limit
        if self.kind == "select":
            field["options"] = [*self.options]
        return {self.kind: field}

    @property
    def limit(self) -> int:
        return self.most or _MOST.get(self.kind, 0)

    def value(self, given: Any) -> Any:
        """Return an input as the app gets it, with its default where nothing is given. Raises Refused."""
        if given is None:
            if self.required:
                raise invalid_param(f"{self.name} is required in input form")
            if self.kind in FILES or (self.default == "" and self.kind not in _TEXTS):
                return None
            given = self.default
        return _CHECKS[self.kind](self, given)

    def refused(self, must_be: str) -> Refused:
        return invalid_param(f"{self.name} in input form must be {must_be}")

    def check_number(self, number: int) -> None:
        """Raise Refused for more files than a list takes."""
        if self.kind == "file-list" and number > self.limit:
            raise self.refused(f"less than {self.limit} files")

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


def _text(field: Field, given: Any) -> str:
    if not isinstance(given, str):
        raise invalid_param(f"(type '{field.kind}') {field.name} in input form must be a string")
    if field.limit and len(given) > field.limit:
        raise field.refused(f"less than {field.limit} characters")
    return given


def _option(field: Field, given: Any) -> str:
    if _text(field, given) not in field.options:
        raise field.refused(f"one of the following: {[*field.options]}")
    return str(given)


def _number(field: Field, given: Any) -> int | float | None:
    if isinstance(given, int | float):
        return given
    if not isinstance(given, str):
        raise unknown(f"expected value type int, float or str, got {type(given)}, value: {given}")
    if not given.strip():
        return None
    try:
        return float(given) if "." in given else int(given)
    except ValueError:
        raise field.refused("a valid number") from None


def _checkbox(_field: Field, given: Any) -> Any:
    return _TRUTH.get(str(given).strip().lower(), given)


def _object(field: Field, given: Any) -> Any:
    if given and not isinstance(given, dict):
        raise field.refused("a dict")
    return given


def _file(field: Field, given: Any) -> Any:
    if given == "" and not field.required:
        return None
    if not isinstance(given, Mapping):
        raise field.refused("a file")
    return given


def _list(field: Field, given: Any) -> Any:
    if given == "" and not field.required:
        return None
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise field.refused("a list of files")
    field.check_number(len(given))
    return given


_CHECKS: Mapping[Kind, Callable[[Field, Any], Any]] = {
    "text-input": _text,
    "paragraph": _text,
    "select": _option,
    "number": _number,
    "checkbox": _checkbox,
    "json_object": _object,
    "file": _file,
    "file-list": _list,
}
