"""Any other sender that signs the body with an HMAC in a header, as its owner describes it in the settings."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from relay.senders import scheme
from relay.senders.delivery import Delivery
from relay.senders.scheme import IDEMPOTENCY_KEY, Scheme
from relay.senders.signature import HMAC, Place, Signature, base64, hexadecimal

NAME = "hmac"
LABEL = "Another, signed by HMAC"
ENCODINGS: Mapping[str, Callable[[str], bytes]] = {"hex": hexadecimal, "base64": base64}
# a header with "_" in its name never gets here: the SDK's reader refuses the whole request
HEADER_NAME = re.compile(r"[a-z0-9-]{1,128}", re.ASCII)


def identity(delivery: Delivery) -> str:
    """Take a delivery for the same as another with the same Idempotency-Key and the same body.

    Nothing signs the header, so whoever has seen a delivery can replay it under another key. But its sender may well
    have two events with the same body, and tells them apart by it: an event that is lost is worse than one that runs
    twice.
    """
    key = delivery.header(IDEMPOTENCY_KEY)
    return f"{key} {scheme.digest(delivery)}" if key else ""


@lru_cache(64)
def hmac(*, header: str, algorithm: str = "sha256", encoding: str = "hex", prefix: str = "") -> Scheme:
    """Make the row of a sender that signs the body with an HMAC in a header.

    Raises ValueError, whose text names the setting, for a choice that does not exist.
    """
    name = header.strip().lower()
    if not HEADER_NAME.fullmatch(name):
        raise ValueError("header must be a header's name, of letters, digits and hyphens")
    if algorithm not in HMAC:
        raise ValueError(f"algorithm must be one of {', '.join(HMAC)}")
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding must be one of {', '.join(ENCODINGS)}")
    place = Place(header=name, prefix=prefix.strip())
    signature = Signature(place=place, decode=ENCODINGS[encoding], algorithm=HMAC[algorithm])
    return Scheme(name=NAME, label=LABEL, proofs=(signature,), own_payload=False, ids=(identity,))
