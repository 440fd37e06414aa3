"""Services that tell of what happened rather than of what was said."""

from relay.senders.delivery import Delivery
from relay.senders.preset import Preset, Reading, key, pick

CLIENT_STATE = "clientState"


def standard(delivery: Delivery) -> Reading:
    """Read an event of the form that the Standard Webhooks specification recommends: type, timestamp, data."""
    kind = delivery.text("type")
    if not kind or not isinstance(delivery.find("data"), dict):
        return None
    return Preset(query=kind, inputs=pick(delivery, {name: name for name in ("type", "timestamp", "data")}))


def stripe(delivery: Delivery) -> Reading:
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


def shopify(delivery: Delivery) -> Reading:
    """Read any topic. Source: Shopify docs, "Webhooks: Headers"."""
    topic = delivery.header("x-shopify-topic")
    if not topic:
        return None
    shop = delivery.header("x-shopify-shop-domain")
    return Preset(
        query=topic,
        inputs={"topic": topic, "shop": shop, "resource": dict(delivery.payload)},
        user=delivery.text("customer.id") or None,
    )


def microsoft_graph(delivery: Delivery) -> Reading:
    """Read change notifications, the first of them field by field. Source: Graph docs, "changeNotification".

    clientState, which proves the delivery, is not passed on.
    """
    notifications = delivery.find("value")
    if not isinstance(notifications, list) or not all(isinstance(one, dict) for one in notifications):
        return None
    kept = [{name: value for name, value in one.items() if name != CLIENT_STATE} for one in notifications]
    names = ("changeType", "resource", "subscriptionId", "tenantId", "resourceData", "lifecycleEvent")
    change = delivery.text("value.0.changeType") or delivery.text("value.0.lifecycleEvent")
    return Preset(
        query=f"{change} {delivery.text('value.0.resource')}".strip(),
        inputs={**pick(delivery, {name: f"value.0.{name}" for name in names}), "notifications": kept},
        conversation_key=key(delivery.text("value.0.subscriptionId")),
    )
