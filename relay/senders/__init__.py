"""Senders of webhooks: their signatures, handshakes, ids, batches, and what an app gets of their payloads.

A sender is one file, listed in `table`; the rest is what senders are made of: delivery, proof, signature, handshake,
batch, preset and reply, which `scheme` puts together.
"""

from relay.senders.delivery import Delivery
from relay.senders.generic import hmac
from relay.senders.preset import Ignored, Preset
from relay.senders.proof import SignatureError, verify
from relay.senders.reply import Reply
from relay.senders.scheme import Scheme
from relay.senders.table import LABELS, SCHEMES, SECRET_HEADERS

__all__ = [
    "LABELS",
    "SCHEMES",
    "SECRET_HEADERS",
    "Delivery",
    "Ignored",
    "Preset",
    "Reply",
    "Scheme",
    "SignatureError",
    "hmac",
    "verify",
]
