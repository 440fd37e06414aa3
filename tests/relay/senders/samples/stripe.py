"""What Stripe sends, and what an app gets of it."""

from collections.abc import Mapping, Sequence

from stripe import WebhookSignature

from relay.senders import Preset, stripe
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import SHARED_KEYS, Answered, Identified, Read, Sender, Sent

STRIPE = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "livemode": False,
    "data": {"object": {"id": "in_1", "customer": "cus_1", "amount_paid": 100}},
}


def sign(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    return {"stripe-signature": WebhookSignature.generate_signature_header(body.decode(), secret, now)}


SENDERS: Mapping[str, Sender] = {
    "stripe": Sender(scheme=stripe.SCHEME, secrets=SHARED_KEYS, sign=sign, timed=True),
}

READ: Mapping[str, Read] = {
    "Stripe": (
        "stripe",
        posted(STRIPE),
        Preset(
            query="invoice.paid",
            inputs={
                "type": "invoice.paid",
                "event_id": "evt_1",
                "object": {"id": "in_1", "customer": "cus_1", "amount_paid": 100},
                "livemode": False,
            },
            user="cus_1",
        ),
    ),
}

IDS: Sequence[Identified] = [
    ("stripe", posted({"id": "evt_1"}), "evt_1"),
    ("stripe", posted({"id": "evt_1"}, idempotency_key="forged"), "evt_1"),
    ("stripe", posted({"id": {"x": 1}}, idempotency_key="forged"), None),
    ("stripe", posted([]), None),
]

IGNORED: Mapping[str, Sent] = {}
UNREAD: Sequence[Sent] = ()
ANSWERED: Mapping[str, Answered] = {}
UNANSWERED: Sequence[Sent] = ()
