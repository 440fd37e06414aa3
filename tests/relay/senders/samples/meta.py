"""What Meta sends, and what an app gets of it."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from relay.senders import Delivery, Preset, meta
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import EMPTY, WORDS, Answered, Identified, Read, Sender, Sent, hexadecimal

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


WHATSAPP_PLACE = {"channel": "whatsapp", "phone_number_id": "P1", "person": "49", "message_id": "wamid.1"}


def whatsapp_message(**message: Any) -> dict[str, Any]:
    """Give WhatsApp's sample with another message from the same person."""
    payload: dict[str, Any] = copy.deepcopy(WHATSAPP)
    payload["entry"][0]["changes"][0]["value"]["messages"] = [{"from": "49", "id": "wamid.1", **message}]
    return payload


def page_message(**message: Any) -> dict[str, Any]:
    """Give Messenger's sample with another message from the same person."""
    payload: dict[str, Any] = copy.deepcopy(MESSENGER)
    payload["entry"][0]["messaging"][0]["message"] = {"mid": "m_1", **message}
    return payload


PICTURE = whatsapp_message(type="image", image={"id": "M1", "caption": "what is this?"})
VOICE = page_message(attachments=[{"type": "audio", "payload": {"url": "https://cdn.example/1"}}])

SENDERS: Mapping[str, Sender] = {
    "meta": Sender(
        scheme=meta.SCHEME,
        secrets=WORDS,
        sign=lambda body, _now, secret: {"x-hub-signature-256": f"sha256={hexadecimal(body, secret)}"},
    ),
}

READ: Mapping[str, Read] = {
    "WhatsApp": (
        "meta",
        posted(WHATSAPP),
        Preset(
            query="quack?",
            inputs={"channel": "whatsapp", "phone_number_id": "P1", "name": "Ada", "message_id": "wamid.1"},
            user="49",
            conversation_key="P1:49",
            to=WHATSAPP_PLACE,
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
            to={"channel": "messenger", "person": "S1"},
        ),
    ),
    "WhatsApp, picture": (
        "meta",
        posted(PICTURE),
        Preset(
            inputs={"channel": "whatsapp", "phone_number_id": "P1", "name": "Ada", "message_id": "wamid.1"},
            user="49",
            conversation_key="P1:49",
            to=WHATSAPP_PLACE,
            wordless=True,
        ),
    ),
    "WhatsApp, in a group": (
        "meta",
        posted(whatsapp_message(type="text", text={"body": "quack?"}, group_id="G1")),
        Preset(
            query="quack?",
            inputs={"channel": "whatsapp", "phone_number_id": "P1", "name": "Ada", "message_id": "wamid.1"},
            user="49",
            conversation_key="P1:49",
        ),
    ),
    "Messenger, voice message": (
        "meta",
        posted(VOICE),
        Preset(
            inputs={"channel": "page", "page_id": "P1", "message_id": "m_1"},
            user="S1",
            conversation_key="P1:S1",
            to={"channel": "messenger", "person": "S1"},
            wordless=True,
        ),
    ),
    "Instagram": (
        "meta",
        posted({**MESSENGER, "object": "instagram"}),
        Preset(
            query="quack?",
            inputs={"channel": "instagram", "page_id": "P1", "message_id": "m_1"},
            user="S1",
            conversation_key="P1:S1",
        ),
    ),
}


def whatsapp(**value: Any) -> Delivery:
    return posted({"entry": [{"changes": [{"value": value}]}]})


def messenger(**messaging: Any) -> Delivery:
    return posted({"entry": [{"messaging": [messaging]}]})


IGNORED: Mapping[str, Sent] = {
    "WhatsApp, status": ("meta", whatsapp(statuses=[{"status": "read"}])),
    "Messenger, echo": ("meta", messenger(message={"is_echo": True, "text": "x"})),
    "Messenger, read": ("meta", messenger(read={"watermark": 1})),
}
UNREAD: Sequence[Sent] = [
    ("meta", whatsapp(messages=[{"type": "image"}])),
    ("meta", posted(whatsapp_message(type="reaction", reaction={"emoji": "🦆"}))),
    ("meta", posted({**VOICE, "object": "instagram"})),
]
IDS: Sequence[Identified] = [
    ("meta", messenger(message={"mid": "m_1"}), "m_1"),
    ("meta", messenger(postback={"mid": "m_2"}), "m_2"),
    ("meta", whatsapp(messages=[{"id": "wamid.1"}]), "wamid.1"),
    ("meta", posted({}, idempotency_key="forged"), f"sha256:{EMPTY}"),
]
UNANSWERED: Sequence[Sent] = [("meta", posted({"entry": []}))]

ANSWERED: Mapping[str, Answered] = {}
