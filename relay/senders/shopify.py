"""Shopify: any topic."""

from relay.senders import scheme
from relay.senders.delivery import Delivery
from relay.senders.preset import Preset, Reading
from relay.senders.scheme import Scheme
from relay.senders.signature import HMAC, Place, Signature, base64

TOPIC = "x-shopify-topic"


def read(delivery: Delivery) -> Reading:
    """Read any topic. Source: Shopify docs, "Webhooks: Headers"."""
    topic = delivery.header(TOPIC)
    if not topic:
        return None
    shop = delivery.header("x-shopify-shop-domain")
    return Preset(
        query=topic,
        inputs={"topic": topic, "shop": shop, "resource": dict(delivery.payload)},
        user=delivery.text("customer.id") or None,
    )


def identity(delivery: Delivery) -> str:
    """Tell deliveries apart by topic and body: an order that is created and paid at once comes twice, alike.

    The topic is a header, and so as little under the signature as X-Shopify-Webhook-Id and X-Shopify-Event-Id: who
    has seen a delivery can still send it again as another topic.
    """
    return f"{delivery.header(TOPIC)} {scheme.digest(delivery)}".strip()


SCHEME = Scheme(  # Shopify docs, "Verify webhook deliveries"
    name="shopify",
    label="Shopify",
    proofs=(Signature(place=Place(header="x-shopify-hmac-sha256"), decode=base64, algorithm=HMAC["sha256"]),),
    ids=(identity,),
    preset=read,
    deadline=5,
)
