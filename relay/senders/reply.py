"""An answer to a sender that no app was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from relay import wire

TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole response. What it echoes is the sender's own: only text/plain and nosniff keep that harmless."""

    status: int = HTTPStatus.OK
    media_type: str = TEXT  # "" for none
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def text(words: str) -> Reply:
    return Reply(body=wire.encode(words))


def json(value: Any) -> Reply:
    return Reply(media_type="application/json", body=wire.encode(wire.dump(value)))
