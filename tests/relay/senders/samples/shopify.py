"""What Shopify sends, and what an app gets of it."""

from collections.abc import Mapping, Sequence

from relay.senders import Preset, shopify
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import EMPTY, WORDS, Answered, Identified, Read, Sender, Sent, in_base64

SENDERS: Mapping[str, Sender] = {
    "shopify": Sender(
        scheme=shopify.SCHEME,
        secrets=WORDS,
        sign=lambda body, _now, secret: {"x-shopify-hmac-sha256": in_base64(body, secret)},
    ),
}

READ: Mapping[str, Read] = {
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
}

IDS: Sequence[Identified] = [
    (
        "shopify",
        posted({}, x_shopify_topic="orders/create", x_shopify_webhook_id="b54557e4"),
        f"orders/create sha256:{EMPTY}",
    ),
    ("shopify", posted({}, x_shopify_topic="orders/paid"), f"orders/paid sha256:{EMPTY}"),
    ("shopify", posted({}, x_shopify_event_id="forged", idempotency_key="forged"), f"sha256:{EMPTY}"),
]

IGNORED: Mapping[str, Sent] = {}
UNREAD: Sequence[Sent] = ()
ANSWERED: Mapping[str, Answered] = {}
UNANSWERED: Sequence[Sent] = ()
