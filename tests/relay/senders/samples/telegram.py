"""What Telegram sends, and what an app gets of it."""

from collections.abc import Mapping, Sequence

from relay.senders import Preset, telegram
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import WORDS, Answered, Identified, Read, Sender, Sent

TELEGRAM = {
    "update_id": 1,
    "message": {
        "message_id": 5,
        "from": {"id": 42, "is_bot": False, "first_name": "Ada", "language_code": "en"},
        "chat": {"id": -100, "type": "supergroup", "title": "Pond"},
        "text": "quack?",
    },
}


SENDERS: Mapping[str, Sender] = {
    "telegram": Sender(
        scheme=telegram.SCHEME,
        secrets=WORDS,
        sign=lambda _body, _now, secret: {"x-telegram-bot-api-secret-token": secret},
        signs_body=False,
    ),
}

READ: Mapping[str, Read] = {
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
            reply={"chat_id": -100},
            to={"chat_id": -100, "message_id": 5},
            among_others=True,
            addressed=False,
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
            reply={"chat_id": 1, "message_thread_id": 3},
            to={"chat_id": 1, "message_thread_id": 3, "message_id": 6},
            among_others=True,
            addressed=False,
            edited=True,
        ),
    ),
    "Telegram, to one person": (
        "telegram",
        posted(
            {"message": {"message_id": 7, "from": {"id": 42}, "chat": {"id": 42, "type": "private"}, "text": "?"}}
        ),
        Preset(
            query="?",
            inputs={"event": "message", "chat_id": 42, "chat_type": "private", "message_id": 7},
            user="42",
            conversation_key="42",
            reply={"chat_id": 42},
            to={"chat_id": 42},
        ),
    ),
    "Telegram, to a business": (
        "telegram",
        posted(
            {
                "business_message": {
                    "business_connection_id": "b1",
                    "message_id": 8,
                    "from": {"id": 42},
                    "chat": {"id": 42, "type": "private"},
                    "text": "open?",
                }
            }
        ),
        Preset(
            query="open?",
            inputs={"event": "business_message", "chat_id": 42, "chat_type": "private", "message_id": 8},
            user="42",
            conversation_key="42",
            reply={"chat_id": 42, "business_connection_id": "b1"},
            to={"chat_id": 42, "business_connection_id": "b1"},
        ),
    ),
    **{
        f"Telegram, {kind} without a caption": (
            "telegram",
            posted({"message": {"message_id": 9, "from": {"id": 42}, "chat": {"id": 42}, kind: what}}),
            Preset(
                inputs={"event": "message", "chat_id": 42, "message_id": 9},
                user="42",
                conversation_key="42",
                reply={"chat_id": 42},
                to={"chat_id": 42},
                wordless=True,
            ),
        )
        for kind, what in {
            "photo": [{"file_id": "f"}],
            "voice": {"file_id": "f"},
            "sticker": {"file_id": "f"},
        }.items()
    },
    "Telegram, nowhere": (
        "telegram",
        posted({"message": {"text": "?"}}),
        Preset(query="?", inputs={"event": "message"}, reply={}),
    ),
}

IGNORED: Mapping[str, Sent] = {
    "Telegram, bot": (
        "telegram",
        posted({"message": {"from": {"id": 1, "is_bot": True}, "chat": {"id": 1}, "text": "x"}}),
    ),
    "Telegram, a business' own words": (
        "telegram",
        posted({"business_message": {"from": {"id": 1}, "chat": {"id": 42}, "text": "x"}}),
    ),
}
UNREAD: Sequence[Sent] = [
    ("telegram", posted({"callback_query": {"id": "1"}})),
    ("telegram", posted({"message": {"new_chat_title": "Pond", "chat": {"id": 1}}})),
]
IDS: Sequence[Identified] = [("telegram", posted({"update_id": 10000}), "10000")]

ANSWERED: Mapping[str, Answered] = {}
UNANSWERED: Sequence[Sent] = ()
