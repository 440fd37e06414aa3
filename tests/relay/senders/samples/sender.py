"""Webhook senders: each signs with its vendor's own library, or is checked by it where that only verifies."""

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nacl.signing import SigningKey

from relay.senders import Delivery, Preset, Reply, Scheme

NOW = 1_790_000_000  # seconds since 1970
BODY = '{"hello":"wörld"}'.encode()
JSON = {"content-type": "application/json"}
WORDS = ("first-words", "other-words")
SHARED_KEYS = ("whsec_" + base64.b64encode(b"1" * 24).decode(), "whsec_" + base64.b64encode(b"2" * 24).decode())
KEYS = [SigningKey(bytes([seed]) * 32) for seed in (1, 2)]

EMPTY = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"  # SHA-256 of {}

# each begins with the scheme's name
type Sent = tuple[str, Delivery]
type Read = tuple[str, Delivery, Preset]
type Identified = tuple[str, Delivery, str | None]
type Answered = tuple[str, Delivery, Reply]


@dataclass(frozen=True, kw_only=True)
class Sender:
    scheme: Scheme
    secrets: tuple[str, str]  # the first signs
    sign: Callable[[bytes, int, str], Mapping[str, str]]  # body, seconds since 1970, secret
    body: bytes = BODY
    timed: bool = False
    signs_body: bool = True
    malformed: tuple[str, ...] = ("", "x", "=", "\x00", "ü", "sha256=", "sha256=zz", "v0=zz", "t=,v1=", "t=x,v1=x")

    def deliver(self, *, now: int = NOW, body: bytes | None = None) -> Delivery:
        sent = self.body if body is None else body
        return Delivery(headers={**JSON, **self.sign(sent, now, self.secrets[0])}, body=sent)

    @property
    def proving_headers(self) -> list[str]:
        return list(self.sign(self.body, NOW, self.secrets[0]))


def hexadecimal(body: bytes, secret: str, digest: str = "sha256") -> str:
    return hmac.digest(secret.encode(), body, digest).hex()


def in_base64(body: bytes, secret: str, digest: str = "sha256") -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, digest)).decode()
