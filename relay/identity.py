"""Which requests are the same once more: a sender's delivery id, or an Idempotency-Key with what came with it."""

import json
from hashlib import sha256
from typing import Any

from relay.incoming.body import MULTIPART
from relay.incoming.mapping import IDEMPOTENCY_KEY
from relay.incoming.received import Received
from relay.senders import Delivery, Scheme


def of_delivery(scheme: Scheme, message: Delivery) -> str | None:
    """Give the id of a sender's delivery, good for one app; None where the sender names none.

    What a sender sends under its own id may differ: in how often it was tried, for instance.
    """
    own = scheme.delivery_id(message)
    return _hash([scheme.name, own]) if own else None


def of_request(received: Received, form: str) -> tuple[str | None, str]:
    """Give the id that an Idempotency-Key stands for, good for one app, and what else must be the same.

    Source: IETF draft "The Idempotency-Key HTTP Header Field", "Idempotency Fingerprint".
    """
    if not (key := received.header(IDEMPOTENCY_KEY)):
        return None, ""
    request = [
        received.method,
        received.interface,
        sorted(received.arguments.items()),
        _content(received),
        form,
    ]
    return _hash([IDEMPOTENCY_KEY, key]), _hash(request)


def _content(received: Received) -> list[Any]:
    """Say what the body holds: each try of the same form may have another boundary between its parts."""
    media_type = received.header("content-type").partition(";")[0].strip().lower()
    if media_type != MULTIPART:
        return [media_type, sha256(received.body).hexdigest()]
    body = received.content
    return [
        body.document,
        [[u.name, u.filename, u.mimetype, sha256(u.content).hexdigest()] for u in body.uploads],
    ]


def _hash(parts: Any) -> str:
    return sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()
