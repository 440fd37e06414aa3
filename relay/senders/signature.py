"""Signatures: where one stands, what it covers, and how it is checked."""

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from relay.senders.delivery import Delivery
from relay.senders.proof import SignatureError, encode

TOLERANCE = 300.0  # seconds
# a sender has one signature for each secret while it rotates them
MOST_SIGNATURES = 8
SECONDS = re.compile(r"\d{1,12}", re.ASCII)

type Check = Callable[[bytes], bool]  # tells whether a signature is right
type Algorithm = Callable[[bytes, bytes], Check]  # from a key and the signed bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a header something stands: after a prefix, in one of several items or in the whole of it."""

    header: str  # lower case
    prefix: str = ""
    separator: str | None = None  # None: the header is one item
    most: int = MOST_SIGNATURES  # of what is read

    def read(self, delivery: Delivery) -> list[str]:
        """Give what follows the prefix in each item that begins with it."""
        whole = delivery.header(self.header)
        items = [whole] if self.separator is None else whole.split(self.separator, 4 * MOST_SIGNATURES)
        found = [item.strip().removeprefix(self.prefix) for item in items if item.strip().startswith(self.prefix)]
        return [text for text in found if text][: self.most]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature in a header, over bytes made of the delivery."""

    place: Place
    decode: Callable[[str], bytes]  # the signature's text; raises ValueError
    algorithm: Algorithm
    key: Callable[[str], bytes] = str.encode  # of a secret without its prefix; raises ValueError
    key_prefix: str = ""  # tells the keys of one kind from those of another, so every secret must begin with it
    signed: bytes = b"%(body)b"  # also %(timestamp)b and %(id)b
    timestamp: Place | None = None  # in seconds since 1970
    tolerance: float = TOLERANCE  # seconds, into the past and the future
    id_header: str = ""  # lower case; needed where %(id)b is signed

    def check(self, delivery: Delivery, secrets: Sequence[str], now: float) -> None:
        """Raise SignatureError unless a signature is right: a Proof."""
        signatures = self._signatures(delivery)
        timestamp, identity = self._timestamp(delivery, now), self._id(delivery)
        keys = self._keys(secrets)
        message = self.signed % {b"body": delivery.body, b"timestamp": timestamp, b"id": identity}
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
        return encode(text)

    def _keys(self, secrets: Sequence[str]) -> list[bytes]:
        of_this_kind = [secret for secret in secrets if secret.startswith(self.key_prefix)]
        if not of_this_kind:
            raise SignatureError(f"no secret that is set begins with {self.key_prefix}")
        keys = _decode_all(self.key, [secret.removeprefix(self.key_prefix) for secret in of_this_kind])
        if not keys:
            raise SignatureError("no secret that is set can be a key of this sender")
        return keys


def hmac_of(digest: str) -> Algorithm:
    """Give HMAC with one of hashlib's digests."""

    def algorithm(key: bytes, message: bytes) -> Check:
        return partial(hmac.compare_digest, hmac.digest(key, message, digest))

    return algorithm


def ed25519(key: bytes, message: bytes) -> Check:
    """Give Ed25519 with a public key (RFC 8032). Each signature costs 40 ms on 10 MiB: none can be hashed ahead."""
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


def base64_unpadded(text: str) -> bytes:
    """Read base64 whose padding may be left out."""
    bare = text.rstrip("=")
    return base64(bare + "=" * (-len(bare) % 4))


DIGESTS = ("sha1", "sha256", "sha512")
HMAC: Mapping[str, Algorithm] = {digest: hmac_of(digest) for digest in DIGESTS}

# the header that GitHub and Meta share
HUB = Signature(
    place=Place(header="x-hub-signature-256", prefix="sha256="), decode=hexadecimal, algorithm=HMAC["sha256"]
)


def _decode_all(decode: Callable[[str], bytes], texts: Sequence[str]) -> list[bytes]:
    decoded = []
    for text in texts:
        try:
            decoded.append(decode(text))
        except ValueError:  # binascii's and Unicode's errors are ValueErrors
            continue
    return [value for value in decoded if value]
