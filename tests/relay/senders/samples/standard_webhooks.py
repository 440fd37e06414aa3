"""What Standard Webhooks sends, and what an app gets of it."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from nacl.signing import SigningKey
from standardwebhooks import Webhook

from relay.senders import Preset, standard_webhooks
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import KEYS, SHARED_KEYS, Answered, Identified, Read, Sender, Sent


def sign(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(now, UTC), body.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}


def sign_asymmetric(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    key = next(key for key in KEYS if public(key) == secret)
    signature = key.sign(b"msg_1.%d.%b" % (now, body)).signature
    encoded = f"v1a,{base64.b64encode(signature).decode()}"
    return {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": encoded}


def public(key: SigningKey) -> str:
    return "whpk_" + base64.b64encode(bytes(key.verify_key)).decode()


SENDERS: Mapping[str, Sender] = {
    "standard-webhooks": Sender(scheme=standard_webhooks.SCHEME, secrets=SHARED_KEYS, sign=sign, timed=True),
    "standard-webhooks, asymmetric": Sender(
        scheme=standard_webhooks.SCHEME,
        secrets=(public(KEYS[0]), public(KEYS[1])),
        sign=sign_asymmetric,
        timed=True,
    ),
}

READ: Mapping[str, Read] = {
    "Standard Webhooks": (
        "standard-webhooks",
        posted({"type": "duck.fed", "timestamp": "2026-11-20T20:00:00Z", "data": {"bread": 1}}),
        Preset(
            query="duck.fed",
            inputs={"type": "duck.fed", "timestamp": "2026-11-20T20:00:00Z", "data": {"bread": 1}},
        ),
    ),
}

IDS: Sequence[Identified] = [
    ("standard-webhooks", posted({}, webhook_id="msg_1"), "msg_1"),
    ("standard-webhooks", posted({}, webhook_id="msg_1", idempotency_key="forged"), "msg_1"),
]

IGNORED: Mapping[str, Sent] = {}
UNREAD: Sequence[Sent] = ()
ANSWERED: Mapping[str, Answered] = {}
UNANSWERED: Sequence[Sent] = ()
