"""LINE: messages to a channel."""

from collections.abc import Mapping, Sequence
from typing import Any

from relay.senders import batch, reply
from relay.senders.delivery import Delivery, find
from relay.senders.handshake import Handshake
from relay.senders.preset import Ignored, Preset, Reading, between, is_count, key, pick
from relay.senders.reply import Reply
from relay.senders.scheme import Path, Scheme
from relay.senders.signature import HMAC, Place, Signature, base64

PLACES = {"group": "groupId", "room": "roomId"}  # the conversation of a source's type; else its user
WORDLESS = frozenset({"image", "video", "audio", "file"})  # "Message event": what has nothing to read in it
MOST_MENTIONS = 20  # in one text; "Mention object"
SOON = 25.0  # seconds that a reply token is surely good for; LINE promises no more than "about a minute"


def read(delivery: Delivery) -> Reading:
    """Read a text message. Source: LINE docs, "Webhook event objects"."""
    if delivery.text("events.0.mode") == "standby":  # another module of the channel answers
        return Ignored("the channel is on standby")
    kind = delivery.text("events.0.message.type")
    if delivery.text("events.0.type") != "message" or kind not in {"text", *WORDLESS}:
        return None
    inputs = {
        "source_type": "events.0.source.type",
        "user_id": "events.0.source.userId",
        "group_id": "events.0.source.groupId",
        "room_id": "events.0.source.roomId",
        "message_id": "events.0.message.id",
    }
    source = delivery.text("events.0.source.type")
    place = delivery.text(f"events.0.source.{PLACES.get(source, 'userId')}")
    mentions = _own_mentions(delivery)
    return Preset(
        query=_without(delivery.text("events.0.message.text"), mentions),
        inputs=pick(delivery, inputs),
        user=delivery.text("events.0.source.userId") or None,
        conversation_key=key(place),
        to={"to": place, "source": source} if place else None,
        handle=_handle(delivery),
        among_others=source in PLACES,
        addressed=source not in PLACES or bool(mentions),
        wordless=kind in WORDLESS,
    )


def _handle(delivery: Delivery) -> Mapping[str, Any]:
    """Give the reply token, and until when it is surely good: its time counts from the event's, in milliseconds."""
    token, time = delivery.text("events.0.replyToken"), delivery.find("events.0.timestamp")
    if not token:
        return {}
    return {"reply_token": token, **({"expires": time / 1000 + SOON} if is_count(time) else {})}


def _own_mentions(delivery: Delivery) -> Sequence[Any]:
    """Give those mentions that name the bot. Source: LINE docs, "Mention object"."""
    named = delivery.find("events.0.message.mention.mentionees")
    return [one for one in (named if isinstance(named, list) else [])[:MOST_MENTIONS] if find(one, "isSelf") is True]


def _without(text: str, mentions: Sequence[Any]) -> str:
    places = [(find(one, "index"), find(one, "length")) for one in mentions]
    for index, length in sorted((place for place in places if all(map(is_count, place))), reverse=True):
        text = between(text, 0, index) + between(text, index + length)
    return text.strip() if mentions else text


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
