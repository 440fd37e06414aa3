"""Ids of files that this endpoint has handed to Dify: each says what it stands for, and proves that we said so.

So nothing has to be kept: every process knows them all, and nobody can overwrite or use up any. An id is
`file-<JSON in base64url>.<HMAC-SHA256, its first 128 bits, in base64url>`, keyed from the api_key and the endpoint:
the key itself is what ends them. Dify's own ids are good in a whole workspace: no caller may name one of those.
"""

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from relay.incoming.settings import Settings

PREFIX = "file-"
LONGEST = 4096  # characters of an id
LONGEST_NAME = 255  # characters of a file's name
PROOF = 16  # bytes

# for nothing else an api_key may sign: a token of another kind is none of these
_LABEL = b"duck relay: id of a file\0"
_ID = re.compile(r"file-(?P<told>[A-Za-z0-9_-]{1,4000})\.(?P<proof>[A-Za-z0-9_-]{22})", re.ASCII)
_ID_NAMES = {"tool_file": "tool_file_id", "local_file": "upload_file_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A file in Dify."""

    id: str  # Dify's own
    transfer_method: str  # tool_file or local_file
    type: str  # one of FILE_TYPES
    name: str
    size: int  # bytes
    mime_type: str
    created_at: int  # seconds since 1970

    @property
    def extension(self) -> str:
        """The name's, lower case and without its dot; "" for none."""
        return PurePosixPath(self.name).suffix[1:].lower()

    def as_input(self, type_: str = "") -> dict[str, Any]:
        """Give what stands for the file in an app's inputs, or beside them."""
        id_name = _ID_NAMES[self.transfer_method]
        return {"type": type_ or self.type, "transfer_method": self.transfer_method, id_name: self.id}


_TOLD = TypeAdapter(tuple[str, str, str, str, int, str, int])


def issue(upload: Issued, key: str, endpoint_id: str) -> str:
    """Give the id under which a caller may name the file. `key` is one of the endpoint's api_keys."""
    fields = [
        upload.id,
        upload.transfer_method,
        upload.type,
        _cut(upload.name),
        upload.size,
        upload.mime_type[:LONGEST_NAME],
        upload.created_at,
    ]
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    told = _text(text.encode("utf-8", "replace"))
    return f"{PREFIX}{told}.{_proof(told, key, endpoint_id)}"


def find(id_: str, settings: Settings, endpoint_id: str) -> Issued | None:
    """Give the file that an id of this endpoint stands for; None for any other text. Raises nothing.

    Every key is tried, so that time tells neither which of them fits nor how much of the proof was right.
    """
    if len(id_) > LONGEST or not (parts := _ID.fullmatch(id_)):
        return None
    proven = False
    for key in settings.api_keys:
        proven |= hmac.compare_digest(parts["proof"], _proof(parts["told"], key, endpoint_id))
    if not proven:
        return None
    try:
        told = _TOLD.validate_json(urlsafe_b64decode(parts["told"] + "=" * (-len(parts["told"]) % 4)))
    except (ValueError, ValidationError):  # that proof stands for another shape: another version's
        return None
    names = ("id", "transfer_method", "type", "name", "size", "mime_type", "created_at")
    found = Issued(**dict(zip(names, told, strict=True)))  # type: ignore[arg-type]  # the adapter has checked them
    return found if found.transfer_method in _ID_NAMES else None


def _cut(name: str) -> str:
    """Shorten a name, and keep its extension."""
    if len(name) <= LONGEST_NAME:
        return name
    suffix = PurePosixPath(name).suffix[:32]
    return name[: LONGEST_NAME - len(suffix)] + suffix


def _proof(told: str, key: str, endpoint_id: str) -> str:
    derived = hmac.digest(key.encode("utf-8", "surrogatepass"), _LABEL + endpoint_id.encode(), "sha256")
    return _text(hmac.digest(derived, told.encode(), "sha256")[:PROOF])


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
