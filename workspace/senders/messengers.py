"""Deliveries as messengers post them.

Source: Slack docs, "Events API", "Slash commands"; Discord docs, "Interaction Object"; Telegram Bot API, "Update";
LINE docs, "Webhook event objects"; Meta's docs, "WhatsApp Cloud API: Webhooks", "Messenger Platform: Webhook events".
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from nacl.signing import SigningKey

from workspace.senders import discord, handles, line, meta, slack, telegram
from workspace.senders.delivery import JSON, SECRET, Delivery, Written, digest, encode, escaped, hub

_KEY = SigningKey(hashlib.sha256(SECRET.encode()).digest())
DISCORD_PUBLIC_KEY = bytes(_KEY.verify_key).hex()
"""What `webhook_secret` is for Discord: there is one key, whatever `secret` says."""


def from_slack(written: Written) -> Delivery:
    direct = written.place.startswith("D")
    ts = f"{written.now:.6f}"
    if written.kind == "command":
        handle = handles.issue("slack", place=written.place, user=written.user, now=written.now)
        form = {
            "token": "deprecated",
            "team_id": slack.TEAM,
            "channel_id": written.place,
            "channel_name": "pond",
            "user_id": written.user,
            "user_name": "ada",
            "command": "/duck",
            "text": escaped(written.text),
            "api_app_id": "A0DUCK",
            "response_url": f"https://hooks.slack.com/commands/{slack.TEAM}/{secrets.randbelow(10**12)}/{handle}",
            "trigger_id": f"{secrets.randbelow(10**12)}.1.{secrets.token_hex(8)}",
        }
        body = urlencode(form).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", **_slack_proof(written, body)}
        return Delivery(headers=headers, body=body, id=ts, handle=handle)
    mentioned = written.mention and not direct
    text = f"<@{slack.BOT}> {escaped(written.text)}" if mentioned else escaped(written.text)
    event = {
        "type": "app_mention" if mentioned else "message",
        "user": written.user,
        "text": text,
        "ts": ts,
        "channel": written.place,
        "event_ts": ts,
        **({} if mentioned else {"channel_type": "im" if direct else "channel"}),
        **({"thread_ts": written.thread} if written.thread else {}),
    }
    body = encode(
        {
            "token": "deprecated",
            "team_id": slack.TEAM,
            "api_app_id": "A0DUCK",
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(6).upper()}",
            "event_time": int(written.now),
            "authorizations": [{"team_id": slack.TEAM, "user_id": slack.BOT, "is_bot": True}],
            "event": event,
        }
    )
    return Delivery(headers={**JSON, **_slack_proof(written, body)}, body=body, id=ts)


def _slack_proof(written: Written, body: bytes) -> Mapping[str, str]:
    at = str(int(written.now))
    proof = digest(written.secret, b"v0:" + at.encode() + b":" + body).hex()
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={proof}"}


def from_discord(written: Written) -> Delivery:
    token = handles.issue("discord", place=written.place, user=written.user, now=written.now)
    number = str(int(written.now * 1000) - 1_420_070_400_000 << 22 | secrets.randbelow(1 << 22))
    user = {"id": written.user, "username": "ada", "discriminator": "0"}
    member = (
        {"user": user} if written.kind == "direct" else {"guild_id": "700000000000000200", "member": {"user": user}}
    )
    body = encode(
        {
            "id": number,
            "application_id": discord.APPLICATION,
            "type": 2,
            "version": 1,
            "token": token,
            "channel_id": written.place,
            "locale": "en-GB",
            **member,
            "data": {
                "id": "700000000000000300",
                "name": "duck",
                "type": 1,
                "options": [{"type": 3, "name": "prompt", "value": written.text}],
            },
        }
    )
    at = str(int(written.now))
    proof = _KEY.sign(at.encode() + body).signature.hex()
    headers = {**JSON, "X-Signature-Timestamp": at, "X-Signature-Ed25519": proof}
    return Delivery(headers=headers, body=body, id=number, handle=token)


def from_telegram(written: Written) -> Delivery:
    group = written.place.startswith("-")
    name = f"@{telegram.BOT['username']}"
    mentioned = written.mention and group
    number = secrets.randbelow(999_999) + 1
    chat = {"type": "supergroup", "title": "Pond"} if group else {"type": "private", "first_name": "Ada"}
    message: dict[str, Any] = {
        "message_id": number,
        "from": {"id": int(written.user), "is_bot": False, "first_name": "Ada", "language_code": "en"},
        "chat": {"id": int(written.place), **chat},
        "date": int(written.now),
        "text": f"{name} {written.text}" if mentioned else written.text,
    }
    if mentioned:
        message["entities"] = [{"type": "mention", "offset": 0, "length": len(name)}]
    if written.thread:
        message |= {"message_thread_id": int(written.thread), "is_topic_message": True}
    body = encode({"update_id": secrets.randbelow(1 << 31), "message": message})
    headers = {**JSON, "X-Telegram-Bot-Api-Secret-Token": written.secret}
    return Delivery(headers=headers, body=body, id=str(number))


def from_line(written: Written) -> Delivery:
    sources = {"C": ("group", "groupId"), "R": ("room", "roomId")}
    kind, field = sources.get(written.place[:1], ("user", "userId"))
    others = kind != "user"
    number = str(secrets.randbelow(10**18))
    message: dict[str, Any] = {"id": number, "type": "text", "quoteToken": secrets.token_hex(8), "text": written.text}
    if others and written.mention:
        message["text"] = f"@Duck {written.text}"
        mentionee = {"index": 0, "length": 5, "type": "user", "userId": line.BOT, "isSelf": True}
        message["mention"] = {"mentionees": [mentionee]}
    event = {
        "type": "message",
        "mode": "active",
        "timestamp": int(written.now * 1000),
        "replyToken": handles.issue("line", place=written.place, user=written.user, now=written.now),
        "webhookEventId": secrets.token_hex(13).upper(),
        "deliveryContext": {"isRedelivery": False},
        "source": {"type": kind, field: written.place, "userId": written.user if others else written.place},
        "message": message,
    }
    body = encode({"destination": line.BOT, "events": [event]})
    proof = base64.b64encode(digest(written.secret, body)).decode()
    return Delivery(headers={**JSON, "X-Line-Signature": proof}, body=body, id=number)


def from_whatsapp(written: Written) -> Delivery:
    number = f"wamid.{secrets.token_hex(16)}"
    text = {"from": written.place, "id": number, "timestamp": str(int(written.now)), "type": "text"}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "491700000000", "phone_number_id": meta.PHONE},
        "contacts": [{"profile": {"name": "Ada"}, "wa_id": written.place}],
        "messages": [{**text, "text": {"body": written.text}}],
    }
    change = {"field": "messages", "value": value}
    return hub(
        written,
        {"object": "whatsapp_business_account", "entry": [{"id": "700000000000010", "changes": [change]}]},
        number,
    )


def from_messenger(written: Written) -> Delivery:
    number = f"m_{secrets.token_hex(16)}"
    at = int(written.now * 1000)
    sent = {
        "sender": {"id": written.place},
        "recipient": {"id": meta.PAGE},
        "timestamp": at,
        "message": {"mid": number, "text": written.text},
    }
    return hub(written, {"object": "page", "entry": [{"id": meta.PAGE, "time": at, "messaging": [sent]}]}, number)
