"""The ways in which a sender proves that a delivery is its own.

A malformed header, key or body proves nothing, as a wrong one: no check here raises anything but SignatureError.
"""

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from relay.errors import Unauthorized
from relay.senders.delivery import Delivery

TOLERANCE = 300.0  # seconds
# a sender has one signature for each secret while it rotates them; one costs a caller nothing, us 40 ms for Ed25519
# on a body of 10 MiB
MOST_SIGNATURES = 8
SECONDS = re.compile(r"\d{1,12}", re.ASCII)

type Check = Callable[[bytes], bool]  # tells whether a signature is right
type Algorithm = Callable[[bytes, bytes], Check]  # from a key and the signed bytes


class SignatureError(Unauthorized):
    """No proof holds. The caller reads the same words whatever failed, the log reads `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__("The signature is missing or wrong.")
        self.reason = reason


class Proof(Protocol):
    """One way to prove a delivery."""

    def check(self, delivery: Delivery, secrets: Sequence[str], now: float) -> None:
        """Raise SignatureError unless the delivery is proven by one of the secrets; `now` in seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a header something stands: after a prefix, in one of several items or in the whole of it."""

    header: str  # lower case
    prefix: str = ""
    separator: str | None = None  # None: the header is one item

    def read(self, delivery: Delivery) -> list[str]:
        """Give what follows the prefix in each item that begins with it."""
        whole = delivery.header(self.header)
        items = [whole] if self.separator is None else whole.split(self.separator, 4 * MOST_SIGNATURES)
        found = [item.strip().removeprefix(self.prefix) for item in items if item.strip().startswith(self.prefix)]
        return [text for text in found if text][:MOST_SIGNATURES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature in a header, over bytes made of the delivery."""

    place: Place
    decode: Callable[[str], bytes]  # the signature's text; raises ValueError
    algorithm: Algorithm
    key: Callable[[str], bytes] = str.encode  # of a secret; raises ValueError
    signed: bytes = b"%(body)b"  # also %(timestamp)b and %(id)b
    timestamp: Place | None = None  # in seconds since 1970
    tolerance: float = TOLERANCE  # seconds, into the past and the future
    id_header: str = ""  # lower case; needed where %(id)b is signed

    def check(self, delivery: Delivery, secrets: Sequence[str], now: float) -> None:
        signatures = self._signatures(delivery)
        message = self.signed % {
            b"body": delivery.body,
            b"timestamp": self._timestamp(delivery, now),
            b"id": self._id(delivery),
        }
        keys = self._keys(secrets)
        # every key is tried on every signature, so that time tells nothing about which one was near
        right = [
            fits(signature) for fits in (self.algorithm(key, message) for key in keys) for signature in signatures
        ]
        if not any(right):
            raise SignatureError(f"{self.place.header} does not fit the body and the secret")

    def _signatures(self, delivery: Delivery) -> list[bytes]:
        if not delivery.header(self.place.header):
            raise SignatureError(f"no {self.place.header} header")
        signatures = _decode_all(self.decode, self.place.read(delivery))
        if not signatures:
            raise SignatureError(f"no signature can be read in {self.place.header}")
        return signatures

    def _timestamp(self, delivery: Delivery, now: float) -> bytes:
        if self.timestamp is None:
            return b""
        text = next(iter(self.timestamp.read(delivery)), "")
        if not SECONDS.fullmatch(text):
            raise SignatureError(f"no timestamp in {self.timestamp.header}")
        age = now - int(text)
        if abs(age) > self.tolerance:
            raise SignatureError("the timestamp is too old" if age > 0 else "the timestamp is in the future")
        return text.encode()

    def _id(self, delivery: Delivery) -> bytes:
        text = delivery.header(self.id_header)
        if self.id_header and not text:
            raise SignatureError(f"no {self.id_header} header")
        return _encode(text)

    def _keys(self, secrets: Sequence[str]) -> list[bytes]:
        keys = _decode_all(self.key, secrets)
        if not keys:
            raise SignatureError("no secret that is set can be a key of this scheme")
        return keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The secret itself, in a header."""

    header: str  # lower case

    def check(self, delivery: Delivery, secrets: Sequence[str], now: float) -> None:  # noqa: ARG002 - a Proof's shape
        token = delivery.header(self.header)
        if not token:
            raise SignatureError(f"no {self.header} header")
        if not _is_one_of(token, secrets):
            raise SignatureError(f"{self.header} is not the secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyToken:
    """The secret itself, in every object of a list in the body."""

    items: str  # the path of the list
    name: str

    def check(self, delivery: Delivery, secrets: Sequence[str], now: float) -> None:  # noqa: ARG002 - a Proof's shape
        items = delivery.find(self.items)
        if not isinstance(items, list) or not items:
            raise SignatureError(f"no {self.items} in the body")
        tokens = [item.get(self.name) if isinstance(item, dict) else None for item in items]
        right = [isinstance(token, str) and _is_one_of(token, secrets) for token in tokens]
        if not all(right):
            raise SignatureError(f"a {self.name} in the body is not the secret")


def hmac_of(digest: str) -> Algorithm:
    """Give HMAC with one of hashlib's digests."""

    def algorithm(key: bytes, message: bytes) -> Check:
        return partial(hmac.compare_digest, hmac.digest(key, message, digest))

    return algorithm


def ed25519(key: bytes, message: bytes) -> Check:
    """Give Ed25519 with a public key (RFC 8032)."""
    from nacl.exceptions import CryptoError  # noqa: PLC0415 - start-up does not pay for what few endpoints use
    from nacl.signing import VerifyKey  # noqa: PLC0415

    def fits(signature: bytes) -> bool:
        try:
            VerifyKey(key).verify(message, signature)
        except CryptoError:  # PyNaCl's error for a malformed key or signature is one too
            return False
        return True

    return fits


def hexadecimal(text: str) -> bytes:
    return binascii.unhexlify(text)


def base64(text: str) -> bytes:
    return b64decode(text, validate=True)


def base64_key(prefix: str, *, required: bool = False) -> Callable[[str], bytes]:
    """Give the reader of keys in base64, their padding optional, that may or must stand after a prefix."""

    def read(secret: str) -> bytes:
        if required and not secret.startswith(prefix):
            raise ValueError(f"a key of this kind begins with {prefix}")
        text = secret.removeprefix(prefix).rstrip("=")
        return base64(text + "=" * (-len(text) % 4))

    return read


DIGESTS = ("sha1", "sha256", "sha512")
HMAC: Mapping[str, Algorithm] = {digest: hmac_of(digest) for digest in DIGESTS}


def _decode_all(decode: Callable[[str], bytes], texts: Sequence[str]) -> list[bytes]:
    decoded = []
    for text in texts:
        try:
            decoded.append(decode(text))
        except ValueError:  # binascii's and Unicode's errors are ValueErrors
            continue
    return [value for value in decoded if value]


def _is_one_of(token: str, secrets: Sequence[str]) -> bool:
    return any([hmac.compare_digest(_encode(token), _encode(secret)) for secret in secrets])  # noqa: C419 - try each


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
