"""What services send, and what an app gets of it."""

from relay.senders import Delivery, Preset
from tests.relay.senders.samples.post import posted

STRIPE = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "livemode": False,
    "data": {"object": {"id": "in_1", "customer": "cus_1", "amount_paid": 100}},
}

GRAPH = {
    "value": [
        {
            "subscriptionId": "s1",
            "clientState": "the-secret",
            "changeType": "created",
            "resource": "me/messages/1",
            "resourceData": {"id": "1"},
            "tenantId": "t1",
        }
    ]
}

_GRAPH_KEPT = {
    "subscriptionId": "s1",
    "changeType": "created",
    "resource": "me/messages/1",
    "resourceData": {"id": "1"},
    "tenantId": "t1",
}


READ: dict[str, tuple[str, Delivery, Preset]] = {
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
    "Shopify": (
        "shopify",
        posted(
            {"id": 1, "customer": {"id": 2}}, x_shopify_topic="orders/create", x_shopify_shop_domain="pond.example"
        ),
        Preset(
            query="orders/create",
            inputs={
                "topic": "orders/create",
                "shop": "pond.example",
                "resource": {"id": 1, "customer": {"id": 2}},
            },
            user="2",
        ),
    ),
    "Microsoft Graph, without the secret": (
        "microsoft-graph",
        posted(GRAPH),
        Preset(
            query="created me/messages/1",
            inputs={**_GRAPH_KEPT, "notifications": [_GRAPH_KEPT]},
            conversation_key="s1",
        ),
    ),
    "Standard Webhooks": (
        "standard-webhooks",
        posted({"type": "duck.fed", "timestamp": "2026-11-20T20:00:00Z", "data": {"bread": 1}}),
        Preset(
            query="duck.fed",
            inputs={"type": "duck.fed", "timestamp": "2026-11-20T20:00:00Z", "data": {"bread": 1}},
        ),
    ),
}
