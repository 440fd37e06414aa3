"""Stripe: events of any type."""

from relay.senders.delivery import Delivery
from relay.senders.preset import Preset, Reading, pick
from relay.senders.scheme import Path, Scheme
from relay.senders.signature import HMAC, Place, Signature, hexadecimal


def read(delivery: Delivery) -> Reading:
    """Read any event. Source: Stripe API reference, "The Event object"."""
    if delivery.text("object") != "event" or not delivery.text("type"):
        return None
    paths = {
        "type": "type",
        "event_id": "id",
        "object": "data.object",
        "previous_attributes": "data.previous_attributes",
        "livemode": "livemode",
        "account": "account",
    }
    return Preset(
        query=delivery.text("type"),
        inputs=pick(delivery, paths),
        user=delivery.text("data.object.customer") or None,
    )


SCHEME = Scheme(  # Stripe docs, "Verify webhook signatures manually"; v0 is for test events and proves nothing
    name="stripe",
    label="Stripe",
    proofs=(
        Signature(
            place=Place(header="stripe-signature", prefix="v1=", separator=","),
            decode=hexadecimal,
            algorithm=HMAC["sha256"],
            signed=b"%(timestamp)b.%(body)b",
            timestamp=Place(header="stripe-signature", prefix="t=", separator=","),
        ),
    ),
    ids=(Path("id"),),
    preset=read,
)
