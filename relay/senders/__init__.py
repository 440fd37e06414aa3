"""Senders of webhooks: their signatures, handshakes, ids, and what an app gets of their payloads."""

from relay.senders.delivery import Delivery
from relay.senders.preset import Ignored, Preset
from relay.senders.reply import Reply
from relay.senders.scheme import Scheme
from relay.senders.signature import SignatureError, verify
from relay.senders.table import SCHEMES, hmac

__all__ = ["SCHEMES", "Delivery", "Ignored", "Preset", "Reply", "Scheme", "SignatureError", "hmac", "verify"]
