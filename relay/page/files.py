"""Files that an app gives: among the outputs of a workflow, or beside an answer.

Source: langgenius/dify, `File.to_dict` in its api/core/file/models.py, and "message_file" in its API reference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.page import plain
from relay.page.markdown import links
from relay.run.media import extension_of
from relay.texts import url

IDENTITY = "__dify__file__"
_PICTURES = frozenset({"jpg", "jpeg", "png", "gif", "webp", "svg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file, as a page shows it."""

    name: str  # "" for none
    url: str = ""  # "" where it can't be reached
    size: str = ""
    picture: bool = False  # it may be shown


def is_file(value: object) -> bool:
    """Tell whether an output is a file."""
    return isinstance(value, Mapping) and value.get("dify_model_identity") == IDENTITY


def of(value: Mapping[str, Any], image_hosts: Sequence[str]) -> File:
    """Read Dify's description of a file."""
    targets = (plain.text(value.get(field), url.LONGEST + 1).strip() for field in ("url", "remote_url"))
    link = next((one for one in targets if url.web(one)), "")
    name = plain.name(value.get("filename"))
    extension = extension_of(name, plain.name(value.get("mime_type")))
    picture = value.get("type") == "image" or extension in _PICTURES
    return File(
        name=name or plain.name(value.get("type")),
        url=link,
        size=plain.size(value.get("size")),
        picture=picture and bool(link) and links.shown(link, image_hosts),
    )
