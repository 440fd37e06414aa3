"""The files of a call: those beside the inputs by the app's own rules, and whose uploads they are.

Source: langgenius/dify, api/factories/file_factory and api/core/app/app_config/features/file_upload.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from workspace.apps.app import Mode, invalid_param
from workspace.service_api.records import Owner, Records

_METHODS = frozenset({"local_file", "remote_url", "tool_file"})


class Attached:
    """Checks the files of calls."""

    def __init__(self, records: Records, owner: Owner, parameters: Mapping[str, Any]) -> None:
        """Take the app's `parameters`: `file_upload` is the rule beside the inputs."""
        self._records = records
        self._owner = owner
        self._rule: Mapping[str, Any] = parameters.get("file_upload") or {}
        fields = (field for declared in parameters.get("user_input_form") or [] for field in declared.items())
        self._inputs = {str(field.get("variable")) for kind, field in fields if kind in {"file", "file-list"}}

    def beside(self, files: Sequence[Mapping[str, Any]], mode: Mode) -> tuple[Mapping[str, Any], ...]:
        """Return what reaches the app of the files beside the inputs. Raises Refused."""
        enabled = bool(self._rule.get("enabled"))
        if not enabled and mode != "workflow":
            return ()  # Dify drops them without a word
        for file in files:
            name = self._existing(file)
            if enabled and not _allowed(file, name, self._rule):
                raise invalid_param(f"File validation failed for file: {name}")
        if enabled:
            self._count(files)
        return tuple(files)

    def _count(self, files: Sequence[Mapping[str, Any]]) -> None:
        images = self._rule.get("number_limits", 1)
        if sum(file.get("type") == "image" for file in files) > images:
            raise invalid_param(f"Number of image files exceeds the maximum limit {images}")
        most = self._rule.get("number_limits", 0)
        if most and len(files) > most:
            raise invalid_param(f"Number of files exceeds the maximum limit {most}")

    def check_inputs(self, inputs: Mapping[str, Any]) -> None:
        """Raise Refused for an input that is an upload of someone else. What the app declares it checks itself."""
        for name in self._inputs & set(inputs):
            for file in _references(inputs[name]):
                if file.get("transfer_method") == "local_file":
                    self._existing(file)

    def _existing(self, file: Mapping[str, Any]) -> str:
        """Return a file's name. Raises Refused when it is not there for this user of this app."""
        method = file.get("transfer_method")
        if method not in _METHODS:
            raise invalid_param(f"invalid transfer method {method}")
        if method == "remote_url":
            if not file.get("url"):
                raise invalid_param("Invalid file url")
            return PurePosixPath(urlsplit(str(file["url"])).path).name
        if method == "tool_file":
            return str(file.get("tool_file_id"))
        stored = self._records.uploaded(str(file.get("upload_file_id")), self._owner)
        if stored is None:
            raise invalid_param("Invalid upload file")
        return stored.name


def _references(value: Any) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            yield item


def _allowed(file: Mapping[str, Any], name: str, rule: Mapping[str, Any]) -> bool:
    method, kind = file["transfer_method"], file.get("type", "custom")
    if method == "tool_file":
        return True
    types = rule.get("allowed_file_types") or []
    if types and kind not in {*types, "custom"}:
        return False
    extensions = {f".{extension.lstrip('.').lower()}" for extension in rule.get("allowed_file_extensions") or []}
    if kind == "custom" and PurePosixPath(name).suffix.lower() not in extensions:
        return False
    methods = rule.get("allowed_file_upload_methods") or []
    return not methods or method in methods
