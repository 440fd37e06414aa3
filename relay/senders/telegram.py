"""Telegram: messages to a bot."""

from collections.abc import Mapping
from typing import Any

from relay.senders.delivery import Delivery
from relay.senders.preset import Ignored, Preset, Reading, cut, key, pick
from relay.senders.proof import Token
from relay.senders.scheme import Path, Scheme

LIMIT = 4096  # characters; Telegram Bot API, "sendMessage"


def read(delivery: Delivery) -> Reading:
    """Read a message, new or edited. Source: Telegram Bot API, "Update"."""
    kind = next((kind for kind in ("message", "edited_message") if delivery.find(kind)), None)
    if kind is None:
        return None
    query = delivery.text(f"{kind}.text") or delivery.text(f"{kind}.caption")
    if delivery.find(f"{kind}.from.is_bot") is True:
        return Ignored("a bot's message")
    if not query:
        return None
    names = {
        "chat_id": "chat.id",
        "chat_type": "chat.type",
        "chat_title": "chat.title",
        "message_id": "message_id",
        "message_thread_id": "message_thread_id",
        "username": "from.username",
        "first_name": "from.first_name",
        "language_code": "from.language_code",
    }
    inputs = pick(delivery, {name: f"{kind}.{path}" for name, path in names.items()})
    topic = delivery.text(f"{kind}.message_thread_id") if delivery.find(f"{kind}.is_topic_message") is True else ""
    chat = delivery.text(f"{kind}.chat.id")
    to = {"chat_id": "chat.id", **({"message_thread_id": "message_thread_id"} if topic else {})}
    return Preset(
        query=query,
        inputs={"event": kind, **inputs},
        user=delivery.text(f"{kind}.from.id") or None,
        conversation_key=key(chat, topic) if topic else key(chat),
        reply=pick(delivery, {name: f"{kind}.{path}" for name, path in to.items()}),
    )


def message(to: Mapping[str, Any], answer: str) -> Mapping[str, Any]:
    """Send the answer to the chat and topic. Source: Telegram Bot API, "Making requests when getting updates"."""
    return {"method": "sendMessage", **to, "text": cut(answer, LIMIT)}


SCHEME = Scheme(  # Telegram Bot API, "setWebhook"
    name="telegram",
    label="Telegram",
    proofs=(Token(header="x-telegram-bot-api-secret-token"),),
    ids=(Path("update_id"),),
    preset=read,
    message=message,
    deadline=60,
)
