"""LINE: messages to a channel."""

from collections.abc import Sequence

from relay.senders import batch, reply
from relay.senders.delivery import Delivery
from relay.senders.handshake import Handshake
from relay.senders.preset import Ignored, Preset, Reading, key, pick
from relay.senders.reply import Reply
from relay.senders.scheme import Path, Scheme
from relay.senders.signature import HMAC, Place, Signature, base64

PLACES = {"group": "groupId", "room": "roomId"}  # the conversation of a source's type; else its user


def read(delivery: Delivery) -> Reading:
    """Read a text message. Source: LINE docs, "Webhook event objects"."""
    if delivery.text("events.0.mode") == "standby":  # another module of the channel answers
        return Ignored("the channel is on standby")
    if delivery.text("events.0.type") != "message" or delivery.text("events.0.message.type") != "text":
        return None
    inputs = {
        "source_type": "events.0.source.type",
        "user_id": "events.0.source.userId",
        "group_id": "events.0.source.groupId",
        "room_id": "events.0.source.roomId",
        "message_id": "events.0.message.id",
        "reply_token": "events.0.replyToken",  # an app answers with it: LINE does not look at the response
    }
    place = PLACES.get(delivery.text("events.0.source.type"), "userId")
    return Preset(
        query=delivery.text("events.0.message.text"),
        inputs=pick(delivery, inputs),
        user=delivery.text("events.0.source.userId") or None,
        conversation_key=key(delivery.text(f"events.0.source.{place}")),
    )


def acknowledge(delivery: Delivery, _: Sequence[str]) -> Reply | None:
    """Answer the console's "Verify". Source: LINE docs, "Webhooks": its body has no events."""
    return reply.text("") if delivery.find("events") == [] else None


SCHEME = Scheme(  # LINE docs, "Verify webhook signature"
    name="line",
    label="LINE",
    proofs=(Signature(place=Place(header="x-line-signature"), decode=base64, algorithm=HMAC["sha256"]),),
    divide=batch.each("events"),
    ids=(Path("events.0.webhookEventId"),),
    repeats=(Path("events.0.deliveryContext.isRedelivery"),),
    handshakes=(Handshake(signed=True, answer=acknowledge),),
    preset=read,
    deadline=2,
)
