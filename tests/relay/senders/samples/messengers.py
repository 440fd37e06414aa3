"""What messengers send, and what an app gets of it."""

from typing import Any
from urllib.parse import urlencode

from relay.senders import Delivery, Preset
from tests.relay.senders.samples.post import FORM, posted

MENTION: dict[str, Any] = {
    "token": "deprecated",
    "team_id": "T1",
    "type": "event_callback",
    "event_id": "Ev1",
    "authorizations": [{"team_id": "T1", "user_id": "UDUCK", "is_bot": True}],
    "event": {
        "type": "app_mention",
        "user": "U1",
        "text": "<@UDUCK> is 1 &lt; 2 for <@U2>?",
        "ts": "1.5",
        "channel": "C1",
    },
}

DIRECT = {
    **MENTION,
    "event": {"type": "message", "channel_type": "im", "user": "U1", "text": "quack", "ts": "2.5", "channel": "D1"},
}

COMMAND = {
    "token": "deprecated",
    "team_id": "T1",
    "channel_id": "C1",
    "channel_name": "pond",
    "user_id": "U1",
    "user_name": "ada",
    "command": "/duck",
    "text": "how deep &amp; wide?",
    "response_url": "https://hooks.example/commands/1",
    "trigger_id": "1.2.a",
}

LINE = {
    "destination": "U0",
    "events": [
        {"type": "follow", "mode": "active", "source": {"type": "user", "userId": "U1"}},
        {
            "type": "message",
            "mode": "active",
            "replyToken": "r1",
            "webhookEventId": "01F",
            "source": {"type": "group", "groupId": "G1", "userId": "U1"},
            "message": {"id": "m1", "type": "text", "text": "こんにちは"},
        },
    ],
}

TELEGRAM = {
    "update_id": 1,
    "message": {
        "message_id": 5,
        "from": {"id": 42, "is_bot": False, "first_name": "Ada", "language_code": "en"},
        "chat": {"id": -100, "type": "supergroup", "title": "Pond"},
        "text": "quack?",
    },
}

DISCORD = {
    "id": "846",
    "application_id": "1",
    "type": 2,
    "token": "speaks-for-the-bot",
    "guild_id": "G",
    "channel_id": "C",
    "member": {"user": {"id": "U"}},
    "locale": "en-GB",
    "data": {
        "name": "duck",
        "options": [{"type": 1, "name": "ask", "options": [{"type": 3, "name": "prompt", "value": "how deep?"}]}],
    },
}

WHATSAPP = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "1",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": {"display_phone_number": "155", "phone_number_id": "P1"},
                        "contacts": [{"profile": {"name": "Ada"}, "wa_id": "49"}],
                        "messages": [{"from": "49", "id": "wamid.1", "type": "text", "text": {"body": "quack?"}}],
                    },
                }
            ],
        }
    ],
}

MESSENGER = {
    "object": "page",
    "entry": [
        {
            "messaging": [
                {"sender": {"id": "S1"}, "recipient": {"id": "P1"}, "message": {"mid": "m_1", "text": "quack?"}}
            ]
        }
    ],
}

SLACK_COMMAND = Delivery(headers=FORM, body=urlencode(COMMAND).encode())


READ: dict[str, tuple[str, Delivery, Preset]] = {
    "Slack, mention": (
        "slack",
        posted(MENTION),
        Preset(
            query="is 1 < 2 for <@U2>?",
            inputs={"event": "app_mention", "team": "T1", "channel": "C1", "user": "U1", "ts": "1.5"},
            user="U1",
            conversation_key="C1:1.5",
        ),
    ),
    "Slack, mention without authorizations, in a thread": (
        "slack",
        posted({**MENTION, "authorizations": [], "event": {**MENTION["event"], "thread_ts": "1.0"}}),
        Preset(
            query="is 1 < 2 for <@U2>?",
            inputs={
                "event": "app_mention",
                "team": "T1",
                "channel": "C1",
                "user": "U1",
                "ts": "1.5",
                "thread_ts": "1.0",
            },
            user="U1",
            conversation_key="C1:1.0",
        ),
    ),
    "Slack, direct message": (
        "slack",
        posted(DIRECT),
        Preset(
            query="quack",
            inputs={
                "event": "message",
                "team": "T1",
                "channel": "D1",
                "channel_type": "im",
                "user": "U1",
                "ts": "2.5",
            },
            user="U1",
            conversation_key="D1",
        ),
    ),
    "Slack, command": (
        "slack",
        SLACK_COMMAND,
        Preset(
            query="how deep & wide?",
            inputs={name: value for name, value in COMMAND.items() if name not in {"token", "text"}},
            user="U1",
            conversation_key="C1:U1",
        ),
    ),
    "LINE, text after another event": (
        "line",
        posted(LINE),
        Preset(
            query="こんにちは",
            inputs={
                "source_type": "group",
                "user_id": "U1",
                "group_id": "G1",
                "message_id": "m1",
                "reply_token": "r1",
            },
            user="U1",
            conversation_key="G1",
        ),
    ),
    "Telegram": (
        "telegram",
        posted(TELEGRAM),
        Preset(
            query="quack?",
            inputs={
                "event": "message",
                "chat_id": -100,
                "chat_type": "supergroup",
                "chat_title": "Pond",
                "message_id": 5,
                "first_name": "Ada",
                "language_code": "en",
            },
            user="42",
            conversation_key="-100",
        ),
    ),
    "Telegram, edited caption in a topic": (
        "telegram",
        posted(
            {
                "update_id": 2,
                "edited_message": {
                    "message_id": 6,
                    "message_thread_id": 3,
                    "is_topic_message": True,
                    "from": {"id": 42},
                    "chat": {"id": 1, "type": "supergroup"},
                    "caption": "see?",
                },
            }
        ),
        Preset(
            query="see?",
            inputs={
                "event": "edited_message",
                "chat_id": 1,
                "chat_type": "supergroup",
                "message_id": 6,
                "message_thread_id": 3,
            },
            user="42",
            conversation_key="1:3",
        ),
    ),
    "Discord, subcommand": (
        "discord",
        posted(DISCORD),
        Preset(
            query="how deep?",
            inputs={
                "command": "duck",
                "options": {"prompt": "how deep?"},
                "channel_id": "C",
                "guild_id": "G",
                "locale": "en-GB",
            },
            user="U",
            conversation_key="C:U",
        ),
    ),
    "Discord, choice in a direct message": (
        "discord",
        posted(
            {
                "id": "847",
                "type": 3,
                "channel_id": "C",
                "user": {"id": "U"},
                "data": {"custom_id": "depth", "values": ["deep", "wide"]},
                "message": {"content": "Which?"},
            }
        ),
        Preset(
            query="deep wide",
            inputs={"custom_id": "depth", "values": ["deep", "wide"], "channel_id": "C", "message": "Which?"},
            user="U",
            conversation_key="C:U",
        ),
    ),
    "WhatsApp": (
        "meta",
        posted(WHATSAPP),
        Preset(
            query="quack?",
            inputs={"channel": "whatsapp", "phone_number_id": "P1", "name": "Ada", "message_id": "wamid.1"},
            user="49",
            conversation_key="P1:49",
        ),
    ),
    "Messenger": (
        "meta",
        posted(MESSENGER),
        Preset(
            query="quack?",
            inputs={"channel": "page", "page_id": "P1", "message_id": "m_1"},
            user="S1",
            conversation_key="P1:S1",
        ),
    ),
}
