"""Slack: messages and mentions of the Events API, slash commands."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from relay.senders import reply
from relay.senders.delivery import Delivery
from relay.senders.handshake import Handshake
from relay.senders.preset import Ignored, Preset, Reading, cut, key, pick
from relay.senders.reply import Reply
from relay.senders.scheme import Header, Path, Scheme
from relay.senders.signature import HMAC, Place, Signature, hexadecimal

LIMIT = 40_000  # characters; Slack docs, "chat.postMessage: Truncating content"
# every repetition has its bound, or a text of beginnings that never end would be read from each of them to its end
MENTION = re.compile(r"\s{0,8}<@([UW][A-Z0-9]{1,32})(?:\|[^<>]{0,128})?>")
# "Formatting text: Escaping"; html.unescape knows more, and raises for numbers of more than 4300 digits
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}  # the last may not make another one
# subtypes of a message that a person wrote; the others are edits, joins and the like
WRITTEN = frozenset({"", "file_share", "me_message", "thread_broadcast"})
MESSAGES = frozenset({"message", "app_mention"})
TEXT = "event.text"


def read(delivery: Delivery) -> Reading:
    """Read a slash command (a form), or a message or mention of the Events API.

    Source: Slack docs, "Slash commands", "Events API", "message event".
    """
    if delivery.text("command"):
        return _command(delivery)
    if delivery.text("type") != "event_callback" or delivery.text("event.type") not in MESSAGES:
        return None
    subtype = delivery.text("event.subtype")
    bot = delivery.text("authorizations.0.user_id")
    if delivery.text("event.bot_id") or subtype == "bot_message" or (bot and delivery.text("event.user") == bot):
        return Ignored("a bot's own message")
    if subtype not in WRITTEN:
        return Ignored(f"a message event that nobody wrote: {subtype[:80]}")
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
    query = _without_mention(delivery)
    among_others = delivery.text("event.channel_type") != "im"
    mentioned = delivery.text("event.type") == "app_mention" or (bot and bot in MENTION.findall(delivery.text(TEXT)))
    return Preset(
        query=query,
        inputs=pick(delivery, inputs),
        user=delivery.text("event.user") or None,
        conversation_key=key(channel) if direct else key(channel, thread),
        to=pick(delivery, {name: path for name, path in inputs.items() if name != "event"})
        if channel and thread
        else None,
        among_others=among_others,
        addressed=bool(mentioned) or not among_others,
        threaded=among_others,
        wordless=not query and bool(delivery.find("event.files")),
    )


def identity(delivery: Delivery) -> str:
    """Tell a message by its channel and time: a mention comes twice, as a message too, under two event_ids.

    Source: Slack docs, "Retrieving messages": the two identify a message.
    """
    if delivery.text("type") != "event_callback" or delivery.text("event.type") not in MESSAGES:
        return ""
    return key(delivery.text("event.channel"), delivery.text("event.ts")) or ""


def message(_: Mapping[str, Any], answer: str) -> Mapping[str, Any]:
    # "Formatting text: Escaping": else an answer could mention a whole channel
    return {"response_type": "ephemeral", "text": escape(cut(answer, LIMIT), quote=False)}


def challenge(delivery: Delivery, _: Sequence[str]) -> Reply | None:
    """Echo the challenge. Source: Slack docs, "url_verification event"."""
    if delivery.text("type") != "url_verification":
        return None
    return reply.json({"challenge": delivery.text("challenge")})


def _command(delivery: Delivery) -> Preset:
    names = ("command", "team_id", "channel_id", "channel_name", "user_id", "user_name", "trigger_id")
    user = delivery.text("user_id")
    answer = delivery.text("response_url")
    return Preset(
        query=_unescape(delivery.text("text")),
        inputs=pick(delivery, {name: name for name in names}),
        user=user or None,
        conversation_key=key(delivery.text("channel_id"), user),
        reply={},
        to=pick(delivery, {"team": "team_id", "channel": "channel_id", "user": "user_id"}) if answer else None,
        handle={"response_url": answer} if answer else {},
    )


def _without_mention(delivery: Delivery) -> str:
    """Drop the mentions of the bot, which is named in `authorizations`; else a mention event's first one."""
    text = delivery.text(TEXT)
    bot = delivery.text("authorizations.0.user_id")
    if bot:
        text = MENTION.sub(lambda mention: "" if mention[1] == bot else mention[0], text)
    elif delivery.text("event.type") == "app_mention":
        text = MENTION.sub("", text, count=1)
    return _unescape(text).strip()


def _unescape(text: str) -> str:
    for entity, character in ENTITIES.items():
        text = text.replace(entity, character)
    return text


SCHEME = Scheme(  # Slack docs, "Verifying requests from Slack", "The Events API: Error handling"
    name="slack",
    label="Slack",
    proofs=(
        Signature(
            place=Place(header="x-slack-signature", prefix="v0="),
            decode=hexadecimal,
            algorithm=HMAC["sha256"],
            signed=b"v0:%(timestamp)b:%(body)b",
            timestamp=Place(header="x-slack-request-timestamp"),
        ),
    ),
    ids=(identity, Path("event_id"), Path("trigger_id")),
    repeats=(Header("x-slack-retry-num"),),
    no_retry_headers={"X-Slack-No-Retry": "1"},
    handshakes=(Handshake(signed=True, answer=challenge),),
    preset=read,
    message=message,
    deadline=3,
)
