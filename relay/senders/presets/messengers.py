"""Messengers: what a person wrote, who it was and where."""

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import Any

from relay.senders.delivery import Delivery, find, text_of
from relay.senders.preset import Ignored, Preset, Reading, cut, key, pick

# the longest texts that they take
SLACK_LIMIT = 40_000  # Slack docs, "chat.postMessage: Truncating content"
TELEGRAM_LIMIT = 4096  # Telegram Bot API, "sendMessage"
DISCORD_LIMIT = 2000  # Discord docs, "Create Message"

SLACK_MENTION = re.compile(r"<@[UW][A-Z0-9]+(\|[^>]*)?>")
# subtypes of a message that a person wrote; the others are edits, joins and the like
SLACK_WRITTEN = frozenset({"", "file_share", "me_message", "thread_broadcast"})

DISCORD_COMMAND, DISCORD_COMPONENT = "2", "3"  # Discord docs, "Interaction Type"
DISCORD_DEPTH = 3  # "Subcommands and Subcommand Groups": a group, a command, its options
DISCORD_MESSAGE = 4  # "Interaction Callback Type: CHANNEL_MESSAGE_WITH_SOURCE"


def slack(delivery: Delivery) -> Reading:
    """Read a slash command (a form), or a message or mention of the Events API.

    Source: Slack docs, "Slash commands", "Events API", "message event".
    """
    if delivery.text("command"):
        return _slack_command(delivery)
    if delivery.text("type") != "event_callback" or delivery.text("event.type") not in {"message", "app_mention"}:
        return None
    subtype = delivery.text("event.subtype")
    if delivery.text("event.bot_id") or subtype == "bot_message":
        return Ignored("a bot's own message")
    if subtype not in SLACK_WRITTEN:
        return Ignored(f"a message event that nobody wrote: {subtype}")
    inputs = {
        "event": "event.type",
        "team": "team_id",
        "channel": "event.channel",
        "channel_type": "event.channel_type",
        "user": "event.user",
        "ts": "event.ts",
        "thread_ts": "event.thread_ts",
    }
    channel = delivery.text("event.channel")
    # a thread's root and its replies share a conversation; a direct message has no need of threads
    thread = delivery.text("event.thread_ts") or delivery.text("event.ts")
    direct = delivery.text("event.channel_type") == "im" and not delivery.text("event.thread_ts")
    return Preset(
        query=_without_mention(delivery),
        inputs=pick(delivery, inputs),
        user=delivery.text("event.user") or None,
        conversation_key=key(channel) if direct else key(channel, thread),
    )


def line(delivery: Delivery) -> Reading:
    """Read the first text message among the events. Source: LINE docs, "Webhook event objects"."""
    events = delivery.find("events")
    for event in events if isinstance(events, list) else []:
        if find(event, "type") != "message" or find(event, "message.type") != "text":
            continue
        if find(event, "mode") == "standby":  # another module of the channel answers
            return Ignored("the channel is on standby")
        source = find(event, "source.type")
        place = {"group": "source.groupId", "room": "source.roomId"}.get(text_of(source), "source.userId")
        paths = {
            "source_type": "source.type",
            "user_id": "source.userId",
            "group_id": "source.groupId",
            "room_id": "source.roomId",
            "message_id": "message.id",
            "reply_token": "replyToken",  # an app answers with it: LINE does not look at the response
        }
        values = {name: find(event, path) for name, path in paths.items()}
        return Preset(
            query=text_of(find(event, "message.text")),
            inputs={name: value for name, value in values.items() if value is not None},
            user=text_of(find(event, "source.userId")) or None,
            conversation_key=key(text_of(find(event, place))),
        )
    return None


def telegram(delivery: Delivery) -> Reading:
    """Read a message, new or edited. Source: Telegram Bot API, "Update", "Making requests when getting updates"."""
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
    to = {name: inputs[name] for name in ("chat_id", *(("message_thread_id",) if topic else ())) if name in inputs}
    return Preset(
        query=query,
        inputs={"event": kind, **inputs},
        user=delivery.text(f"{kind}.from.id") or None,
        conversation_key=key(chat, topic) if topic else key(chat),
        reply=lambda answer: {"method": "sendMessage", **to, "text": cut(answer, TELEGRAM_LIMIT)},
    )


def discord(delivery: Delivery) -> Reading:
    """Read a command's options or a component's choice. Source: Discord docs, "Interaction Object"."""
    kind = delivery.text("type")
    if "event" in delivery.payload or kind not in {DISCORD_COMMAND, DISCORD_COMPONENT}:
        return None
    options = dict(_options(delivery.find("data.options"), depth=DISCORD_DEPTH))
    values = delivery.find("data.values")
    chosen = [text_of(value) for value in values] if isinstance(values, list) else []
    texts = [text_of(value) for value in options.values()] or chosen or [delivery.text("data.custom_id")]
    paths = {
        "command": "data.name",
        "custom_id": "data.custom_id",
        "values": "data.values",
        "channel_id": "channel_id",
        "guild_id": "guild_id",
        "locale": "locale",
        "message": "message.content",
    }
    user = delivery.text("member.user.id") or delivery.text("user.id")
    return Preset(
        query=" ".join(text for text in texts if text),
        # without the interaction's token: who has it speaks for the bot
        inputs={**pick(delivery, paths), **({"options": options} if options else {})},
        user=user or None,
        conversation_key=key(delivery.text("channel_id"), user),
        reply=_discord_message,
    )


def meta(delivery: Delivery) -> Reading:
    """Read the first text message of WhatsApp or Messenger; receipts and echoes are ignored.

    Source: Meta's docs, "WhatsApp Cloud API: Webhooks" and "Messenger Platform: Webhook events".
    """
    value = delivery.find("entry.0.changes.0.value")
    if find(value, "messages.0.type") == "text":
        user = text_of(find(value, "messages.0.from"))
        inputs = {
            "channel": "whatsapp",
            "phone_number_id": find(value, "metadata.phone_number_id"),
            "name": find(value, "contacts.0.profile.name"),
            "message_id": find(value, "messages.0.id"),
        }
        query = text_of(find(value, "messages.0.text.body"))
        return _meta_preset(query, user, inputs, text_of(inputs["phone_number_id"]))
    if find(value, "statuses") and not find(value, "messages"):
        return Ignored("a message's status")
    sent = delivery.find("entry.0.messaging.0")
    if find(sent, "message.is_echo") is True:
        return Ignored("the page's own message")
    if any(find(sent, receipt) for receipt in ("delivery", "read")):
        return Ignored("a receipt")
    if text := text_of(find(sent, "message.text")):
        user = text_of(find(sent, "sender.id"))
        page = text_of(find(sent, "recipient.id"))
        inputs = {"channel": delivery.text("object"), "page_id": page, "message_id": find(sent, "message.mid")}
        return _meta_preset(text, user, inputs, page)
    return None


def _meta_preset(query: str, user: str, inputs: Mapping[str, Any], account: str) -> Preset:
    present = {name: value for name, value in inputs.items() if value}
    return Preset(query=query, inputs=present, user=user or None, conversation_key=key(account, user))


def _slack_command(delivery: Delivery) -> Preset:
    names = ("command", "team_id", "channel_id", "channel_name", "user_id", "user_name", "trigger_id")
    user = delivery.text("user_id")
    return Preset(
        query=unescape(delivery.text("text")),
        # response_url lets a workflow answer after Slack's 3 s; it is good for half an hour and this command
        inputs=pick(delivery, {name: name for name in (*names, "response_url")}),
        user=user or None,
        conversation_key=key(delivery.text("channel_id"), user),
        reply=_slack_message,
    )


def _slack_message(answer: str) -> Mapping[str, Any]:
    # Slack docs, "Formatting text: Escaping": else an answer could mention a whole channel
    return {"response_type": "ephemeral", "text": escape(cut(answer, SLACK_LIMIT), quote=False)}


def _discord_message(answer: str) -> Mapping[str, Any]:
    # no one is to be pinged by what an app writes
    content = {"content": cut(answer, DISCORD_LIMIT), "allowed_mentions": {"parse": []}}
    return {"type": DISCORD_MESSAGE, "data": content}


def _without_mention(delivery: Delivery) -> str:
    """Drop the mention of the bot, which is named in `authorizations`; else the one that the text begins with."""
    text = delivery.text("event.text")
    bot = delivery.text("authorizations.0.user_id")
    if bot:
        text = re.sub(rf"\s*<@{re.escape(bot)}(\|[^>]*)?>", "", text)
    elif delivery.text("event.type") == "app_mention":
        text = SLACK_MENTION.sub("", text, count=1)
    return unescape(text).strip()


def _options(options: Any, *, depth: int) -> list[tuple[str, Any]]:
    """Give the options with a value, those of a group's subcommand among them."""
    found: list[tuple[str, Any]] = []
    for option in options if isinstance(options, list) else []:
        if not isinstance(option, Mapping):
            continue
        if "value" in option:
            found.append((text_of(option.get("name")), option["value"]))
        elif depth > 1:
            found += _options(option.get("options"), depth=depth - 1)
    return found
