"""Whether a delivery is its sender's own.

A malformed header, key or body proves nothing, as a wrong one: no check here raises anything but SignatureError.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.errors import Unauthorized
from relay.senders.delivery import Delivery, find

# an unsigned body of 10 MiB is hashed once for each of them
MOST_SECRETS = 8
LARGEST_UNPROVEN = 1024 * 1024  # bytes of a body that has to be read to be proven


class SignatureError(Unauthorized):
    """No proof holds. The caller reads the same words whatever failed, the log reads `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__("The signature is missing or wrong.")
        self.reason = reason


class Proof(Protocol):
    """One way to prove a delivery."""

    def check(self, delivery: Delivery, secrets: Sequence[str], now: float) -> None:
        """Raise SignatureError unless the delivery is proven by one of the secrets; `now` in seconds since 1970."""


def verify(delivery: Delivery, proofs: Iterable[Proof], secrets: Sequence[str], now: float) -> None:
    """Raise SignatureError unless one of a sender's proofs holds for one of the secrets.

    `now` in seconds since 1970. Several secrets are one that is being rotated: each of them is good, at most
    MOST_SECRETS. To be called with the delivery as it came: no signature fits a part of a batch.
    """
    usable = [secret for secret in secrets if secret.strip()]
    if not usable:
        raise SignatureError("no secret is set")
    if len(usable) > MOST_SECRETS:
        raise SignatureError(f"more than {MOST_SECRETS} secrets are set")
    reasons = []
    for proof in proofs:
        try:
            proof.check(delivery, usable, now)
        except SignatureError as error:
            reasons.append(error.reason)
        else:
            return
    raise SignatureError("; ".join(reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The secret itself, in a header."""

    header: str  # lower case
    not_prefix: str | None = None  # what a key of the sender's other proof begins with: it is never sent itself

    def check(self, delivery: Delivery, secrets: Sequence[str], now: float) -> None:  # noqa: ARG002 - a Proof's shape
        token = delivery.header(self.header)
        if not token:
            raise SignatureError(f"no {self.header} header")
        if self.not_prefix is not None:
            secrets = [secret for secret in secrets if not secret.startswith(self.not_prefix)]
        if not is_one_of(token, secrets):
            raise SignatureError(f"{self.header} is not the secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyToken:
    """The secret itself, in every object of a list in the body."""

    items: str  # the path of the list
    name: str

    def check(self, delivery: Delivery, secrets: Sequence[str], now: float) -> None:  # noqa: ARG002 - a Proof's shape
        if len(delivery.body) > LARGEST_UNPROVEN:
            raise SignatureError("the body is too large to be read before it is proven")
        items = delivery.find(self.items)
        if not isinstance(items, list) or not items:
            raise SignatureError(f"no {self.items} in the body")
        tokens = [find(item, self.name) for item in items]
        # a body may hold far more of them than can be compared in good time
        different = {token for token in tokens if isinstance(token, str)}
        if not all(isinstance(token, str) for token in tokens):
            raise SignatureError(f"no {self.name} in one of the {self.items} in the body")
        if len(different) > len(secrets) or not all([is_one_of(token, secrets) for token in different]):  # noqa: C419
            raise SignatureError(f"a {self.name} in the body is not the secret")


def is_one_of(token: str, secrets: Iterable[str]) -> bool:
    """Compare with every secret, so that time tells nothing about which one was near."""
    return any([hmac.compare_digest(encode(token), encode(secret)) for secret in secrets])  # noqa: C419 - try each


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
