"""What a sender gives away with an event for one answer: a reply token, an interaction's token, a response_url.

A stand-in has to know how old one is and what it is for, and a test may make one in another process: so it is written
into the handle itself, and proven.
"""

import base64
import hmac
import json
import secrets
from dataclasses import dataclass

_KEY = b"a stand-in's own"
_PROOF = 12  # bytes


@dataclass(frozen=True, slots=True)
class Handle:
    """What a handle is for."""

    place: str
    thread: str
    user: str
    issued: float  # seconds since 1970
    id: str


class Unknown(ValueError):
    """Nobody gave this handle away."""


def issue(kind: str, *, place: str, user: str, thread: str = "", now: float) -> str:
    """Make a handle of letters, digits, `-` and `_`."""
    about = json.dumps([kind, place, thread, user, now, secrets.token_hex(6)]).encode()
    return base64.urlsafe_b64encode(_proof(about) + about).decode().rstrip("=")


def read(kind: str, token: str) -> Handle:
    """Tell what a handle is for. Raises Unknown."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        proof, about = raw[:_PROOF], raw[_PROOF:]
        if not hmac.compare_digest(proof, _proof(about)):
            raise Unknown(token)
        of, place, thread, user, issued, name = json.loads(about)
    except ValueError as error:
        raise Unknown(token) from error
    if of != kind:
        raise Unknown(token)
    return Handle(place, thread, user, issued, name)


def _proof(about: bytes) -> bytes:
    return hmac.digest(_KEY, about, "sha256")[:_PROOF]
