"""What a person wrote, and what a sender posts of it: the parts that all senders have in common."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SECRET = "quack-quack-secret"  # of the workspace's own endpoints
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a person wrote."""

    text: str
    place: str
    user: str
    thread: str
    mention: bool
    kind: str
    secret: str
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the sender posts."""

    headers: Mapping[str, str]
    body: bytes
    id: str = ""  # of the person's message
    handle: str = ""  # what is good for the answer alone: Discord's interaction token


def hub(
    written: Written, payload: Mapping[str, Any], number: str, headers: Mapping[str, str] | None = None
) -> Delivery:
    body = encode(payload)
    proof = f"sha256={digest(written.secret, body).hex()}"
    return Delivery(headers={**JSON, **(headers or {}), "X-Hub-Signature-256": proof}, body=body, id=number)


def digest(secret: str, text: bytes) -> bytes:
    return hmac.digest(secret.encode(), text, "sha256")


def encode(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
