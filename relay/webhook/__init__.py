"""Deliveries of webhook senders: their signatures, handshakes, ids, and what an app gets of their payloads."""

from relay.webhook.delivery import Delivery
from relay.webhook.preset import Ignored, Preset
from relay.webhook.reply import Reply
from relay.webhook.scheme import Scheme
from relay.webhook.signature import SignatureError, verify
from relay.webhook.table import SCHEMES, hmac

__all__ = ["SCHEMES", "Delivery", "Ignored", "Preset", "Reply", "Scheme", "SignatureError", "hmac", "verify"]
