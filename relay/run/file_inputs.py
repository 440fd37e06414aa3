"""What an app says of the files that it takes, in its inputs and beside them, and whether a file is one of them.

Sources: Dify's `user_input_form`, `file_upload` and `system_parameters` (API reference, "Get Application
Parameters"), and its api/factories/file_factory (builders.py, validation.py), api/services/file_service.py and
api/core/app/apps/base_app_generator.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from relay.call import FILE_TYPES
from relay.errors import InvalidParam, PayloadTooLarge, UnsupportedMediaType
from relay.run import media

KINDS = frozenset({"file", "file-list"})
BESIDE = ""  # the name of what takes files beside the inputs
MIB = 1024 * 1024
# MiB of a file of each type, where the app does not say: Dify's own defaults
SIZES: Mapping[str, int] = {"image": 10, "audio": 50, "video": 100}
LARGEST_OTHER = 15
_LONGEST_TOLD = 80  # characters of a filename in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A file, as far as an app asks about it."""

    name: str  # its filename, or its address
    extension: str  # lower case, without its dot; "" when nobody knows
    media_type: str = ""
    size: int | None = None  # bytes; None when nobody knows
    type: str = ""  # what the caller calls it: one of FILE_TYPES
    method: str = "local_file"  # tool_file, or remote_url: it stays where it is, and Dify fetches it
    # by its Service API Dify refuses a file that it finds to be of another type than it is told: `build_from_mapping`
    keyed: bool = False

    @property
    def uploaded(self) -> bool:
        """Whether Dify has it, or will have it before the app runs."""
        return self.method != "remote_url"

    @property
    def kind(self) -> str:
        """As what Dify takes it."""
        return media.kind_of(self.extension, self.media_type, keyed=self.keyed)

    @property
    def is_unknown(self) -> bool:
        """Whether only Dify finds out what it is."""
        return not self.uploaded and not self.extension

    def __str__(self) -> str:
        return self.name if len(self.name) <= _LONGEST_TOLD else f"{self.name[:_LONGEST_TOLD]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileInput:
    """An input of type File or File List, or what an app takes beside its inputs."""

    name: str  # BESIDE for the latter
    several: bool = False
    types: tuple[str, ...] = ()  # of FILE_TYPES; empty for all
    extensions: frozenset[str] = frozenset()  # of custom files, lower case, without their dot; empty for all
    methods: frozenset[str] = frozenset()  # local_file, remote_url; empty for both
    most: int = 0  # files of a list; 0: as many as come
    most_images: int = 0  # likewise

    @classmethod
    def read(cls, kind: str, field: Mapping[str, Any]) -> Self:
        """Read a field of `user_input_form`. What is not of the expected shape restricts nothing."""
        most = field.get("max_length")
        return cls(
            name=str(field.get("variable")),
            several=kind == "file-list",
            types=tuple(one for one in _texts(field, "allowed_file_types") if one in FILE_TYPES),
            extensions=frozenset(one.strip().lstrip(".").lower() for one in _texts(field, "allowed_file_extensions")),
            methods=frozenset(_texts(field, "allowed_file_upload_methods")),
            most=most if kind == "file-list" and isinstance(most, int) else 0,
        )

    def type_for(self, file: Described) -> str:
        """Tell as what the app is given a file. Raises InvalidParam, or UnsupportedMediaType for what it can't be.

        What a caller calls its file counts where the file itself does not tell.
        """
        if self.methods and not self._may_come(file):
            other = "a URL, not as an upload" if file.uploaded else "an upload, not as a URL"
            raise InvalidParam(f"{self} takes a file as {other}.")
        kind = file.kind
        if file.type and (kind == "custom" or not file.uploaded):
            kind = file.type
        elif kind == "custom" and file.is_unknown:
            kind = next((one for one in self.types if one != "custom"), "custom")
        if not self.types:
            return "document" if kind == "custom" else kind
        if kind != "custom" and kind in self.types:
            return kind
        if "custom" in self.types and (not self.extensions or file.is_unknown or file.extension in self.extensions):
            return "custom"
        raise UnsupportedMediaType(f"{self} takes {self._taken()}: {file} is {_told(file)}.")

    def has_room(self, number: int) -> bool:
        """Tell whether one more fits beside so many files."""
        return (not self.most or number < self.most) if self.several else not number

    def check_number(self, types: Sequence[str]) -> None:
        """Raise InvalidParam for more files, given the type of each, than the input takes."""
        number, images = len(types), types.count("image")
        if number > 1 and not self.several:
            raise InvalidParam(f"{self} takes one file.")
        if self.most and number > self.most:
            raise InvalidParam(f"{self} takes at most {self.most} files: {number} were sent.")
        if self.most_images and images > self.most_images:
            raise InvalidParam(f"{self} takes at most {self.most_images} of type image: {images} were sent.")

    def __str__(self) -> str:
        return f"The app's input {self.name}" if self.name else "Beside its inputs the app"

    def _may_come(self, file: Described) -> bool:
        # a tool's file is let through beside the inputs, whatever it says there
        free = not self.name and file.method == "tool_file"
        return free or ("local_file" if file.uploaded else "remote_url") in self.methods

    def _taken(self) -> str:
        told = [f"{one} files" for one in self.types if one != "custom"]
        if "custom" in self.types:
            told.append(f"files named {', '.join(f'.{one}' for one in sorted(self.extensions))}")
        return " and ".join(told)


def inputs_of(parameters: Mapping[str, Any]) -> dict[str, FileInput]:
    """Give the inputs of an app that take files, by their names."""
    declared = [FileInput.read(kind, field) for kind, field in form_of(parameters) if kind in KINDS]
    return {one.name: one for one in declared if one.name}


def beside_of(parameters: Mapping[str, Any]) -> FileInput | None:
    """Give what an app takes beside its inputs, by its own key; None for nothing. Its methods hold for images, too.

    `file_upload` is `{"enabled", "allowed_file_types", "allowed_file_extensions", "allowed_file_upload_methods",
    "number_limits"}`. An older form, for pictures, `{"image": {"enabled", "number_limits", "transfer_methods"}}`, may
    stand in it, and counts where the newer one is missing.
    Source: Dify's api/core/app/app_config/features/file_upload/manager.py, its versions before and since 0.10.
    """
    told = parameters.get("file_upload")
    if not isinstance(told, Mapping):
        return None
    image = told.get("image")
    if "enabled" not in told and isinstance(image, Mapping):
        methods = image.get("transfer_methods")
        told = {**image, "allowed_file_types": ["image"], "allowed_file_upload_methods": methods}
    if not told.get("enabled"):
        return None
    most = told.get("number_limits")
    beside = FileInput.read("file-list", {**told, "variable": BESIDE, "max_length": most})
    # where no number stands, Dify takes one image, and of others as many as come
    return beside if isinstance(most, int) else replace(beside, most_images=1)


def form_of(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give each input that an app declares, and its kind: `user_input_form` lists `{<kind>: {"variable", …}}`.

    What is not of that shape is none.
    """
    entries = parameters.get("user_input_form")
    for entry in entries if isinstance(entries, list) else ():
        for kind, field in entry.items() if isinstance(entry, Mapping) else ():
            if isinstance(kind, str) and isinstance(field, Mapping):
                yield kind, field


def check_size(file: Described, parameters: Mapping[str, Any]) -> None:
    """Raise InvalidParam for an empty file, PayloadTooLarge for one over what Dify takes (`system_parameters`)."""
    if file.size == 0:
        raise InvalidParam(f"{file} is empty.")
    kind = file.kind if file.kind in SIZES else ""
    limits = parameters.get("system_parameters")
    told = (
        limits.get(f"{kind}_file_size_limit" if kind else "file_size_limit") if isinstance(limits, Mapping) else None
    )
    most = told if isinstance(told, int) and told > 0 else SIZES.get(kind, LARGEST_OTHER)
    if file.size is not None and file.size > most * MIB:
        raise PayloadTooLarge(
            f"{file} is too large: Dify takes {kind or 'such'} files of at most {most} MiB, and it has"
            f" {file.size / MIB:.1f}."
        )


def _texts(field: Mapping[str, Any], name: str) -> list[str]:
    values = field.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _told(file: Described) -> str:
    named = f".{file.extension}" if file.extension else "without an extension"
    return f"{file.type or file.kind} ({file.media_type or named})"
