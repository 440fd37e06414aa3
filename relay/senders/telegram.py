"""Telegram: messages to a bot."""

import re
from collections.abc import Mapping
from typing import Any

from relay.senders.delivery import Delivery, find, text_of
from relay.senders.preset import Ignored, Preset, Reading, between, cut, is_count, key, pick
from relay.senders.proof import Token
from relay.senders.scheme import Path, Scheme

LIMIT = 4096  # characters; Telegram Bot API, "sendMessage"
# those of a business come to the bot that a person lets speak for them
KINDS = ("message", "edited_message", "business_message", "edited_business_message")
GROUPS = frozenset({"group", "supergroup"})
WORDLESS = ("photo", "voice", "video", "video_note", "audio", "document", "animation", "sticker")
COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+|$)")
# these are something to whoever reads the message; "start" is what a new chat begins with, its text a link's, not a
# person's
KEPT = frozenset({"new", "clear", "start"})
MOST_ENTITIES = 100  # in one message; Telegram takes no more


def read(delivery: Delivery) -> Reading:
    """Read a message, new or edited. Source: Telegram Bot API, "Update", "Message"."""
    kind = next((kind for kind in KINDS if delivery.find(kind)), None)
    if kind is None:
        return None
    text = delivery.text(f"{kind}.text") or delivery.text(f"{kind}.caption")
    if delivery.find(f"{kind}.from.is_bot") is True:
        return Ignored("a bot's message")
    if not text and not any(delivery.find(f"{kind}.{part}") for part in WORDLESS):
        return None
    chat, user = delivery.text(f"{kind}.chat.id"), delivery.text(f"{kind}.from.id")
    if kind.endswith("business_message") and user != chat:
        return Ignored("a message that the business wrote itself")
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
    in_group = delivery.text(f"{kind}.chat.type") in GROUPS
    query, command, bot = _command(text)
    place = {
        "chat_id": "chat.id",
        "business_connection_id": "business_connection_id",
        **({"message_thread_id": "message_thread_id"} if topic else {}),
    }
    reply = pick(delivery, {name: f"{kind}.{path}" for name, path in place.items()})
    # whoever reads a group sees by it which question is answered
    question = pick(delivery, {"message_id": f"{kind}.message_id"}) if in_group else {}
    return Preset(
        query=query,
        inputs={"event": kind, **inputs, **({"command": command} if command else {})},
        user=user or None,
        conversation_key=key(chat, topic) if topic else key(chat),
        reply=reply,
        to={**reply, **question} if chat else None,
        among_others=in_group,
        addressed=not in_group or bool(command and not bot),
        wordless=not text,
        mentions=_named(delivery, kind, text) | ({bot} if bot else frozenset()) if in_group else frozenset(),
        edited=kind.startswith("edited"),
    )


def message(to: Mapping[str, Any], answer: str) -> Mapping[str, Any]:
    """Send the answer to the chat and topic. Source: Telegram Bot API, "Making requests when getting updates"."""
    return {"method": "sendMessage", **to, "text": cut(answer, LIMIT)}


def _command(text: str) -> tuple[str, str, str]:
    """Give what a message says without its command, the command, and the bot it names; "" for none.

    Source: Telegram docs, "Bot Features: Commands". A command alone is all that its person said, so it stays.
    """
    found = COMMAND.match(text)
    if not found:
        return text, "", ""
    command, said = f"/{found[1]}", text[found.end() :]
    query = said if said and found[1].lower() not in KEPT else f"{command} {said}".rstrip()
    return query, command, (found[2] or "").lower()


def _named(delivery: Delivery, kind: str, text: str) -> frozenset[str]:
    """Give whom a message names, and the bot that it answers. Source: Telegram Bot API, "MessageEntity"."""
    part = "entities" if delivery.text(f"{kind}.text") else "caption_entities"
    entities = delivery.find(f"{kind}.{part}")
    named = {_name(entity, text) for entity in (entities if isinstance(entities, list) else [])[:MOST_ENTITIES]}
    if delivery.find(f"{kind}.reply_to_message.from.is_bot") is True:
        named.add(delivery.text(f"{kind}.reply_to_message.from.id"))
    return frozenset(named - {""})


def _name(entity: Any, text: str) -> str:
    if find(entity, "type") == "text_mention":  # of somebody without a username
        return text_of(find(entity, "user.id"))
    place = (find(entity, "offset"), find(entity, "length"))
    if find(entity, "type") != "mention" or not all(map(is_count, place)):
        return ""
    return between(text, place[0], sum(place)).removeprefix("@").lower()


SCHEME = Scheme(  # Telegram Bot API, "setWebhook"
    name="telegram",
    label="Telegram",
    proofs=(Token(header="x-telegram-bot-api-secret-token"),),
    ids=(Path("update_id"),),
    preset=read,
    message=message,
    deadline=60,
)
