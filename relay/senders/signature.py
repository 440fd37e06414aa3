"""Whether a delivery is its sender's own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from relay.senders.delivery import Delivery
from relay.senders.proof import SignatureError

if TYPE_CHECKING:
    from relay.senders.scheme import Scheme

__all__ = ["SignatureError", "verify"]


def verify(delivery: Delivery, scheme: "Scheme", secrets: Sequence[str], now: float) -> None:
    """Raise SignatureError unless one of the scheme's proofs holds for one of the secrets.

    `now` in seconds since 1970. Several secrets are one that is being rotated: each of them is good.
    """
    usable = [secret for secret in secrets if secret.strip()]
    if not usable:
        raise SignatureError("no secret is set")
    reasons = []
    for proof in scheme.proofs:
        try:
            proof.check(delivery, usable, now)
        except SignatureError as error:
            reasons.append(error.reason)
        else:
            return
    raise SignatureError("; ".join(reasons))
