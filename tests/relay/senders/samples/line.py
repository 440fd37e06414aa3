"""What LINE sends, and what an app gets of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from relay.senders import Preset, Reply, line
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import WORDS, Answered, Identified, Read, Sender, Sent, in_base64

EVENT: Mapping[str, Any] = {
    "type": "message",
    "mode": "active",
    "replyToken": "r1",
    "webhookEventId": "01F",
    "timestamp": 1_790_000_000_123,
    "source": {"type": "group", "groupId": "G1", "userId": "U1"},
    "message": {"id": "m1", "type": "text", "text": "こんにちは"},
}

MENTIONED: Mapping[str, Any] = {
    "type": "message",
    "mode": "active",
    "source": {"type": "room", "roomId": "R1", "userId": "U1"},
    "message": {
        "id": "m2",
        "type": "text",
        "text": "🦆 @Duck how deep is @Ada's pond? @Duck",
        "mention": {
            "mentionees": [
                {"index": 3, "length": 5, "type": "user", "userId": "U0", "isSelf": True},
                {"index": 21, "length": 4, "type": "user", "userId": "U2", "isSelf": False},
                {"index": 34, "length": 5, "type": "user", "userId": "U0", "isSelf": True},
            ]
        },
    },
}


def sign(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    from linebot.v3.webhook import SignatureValidator  # noqa: PLC0415 - half a second, of every worker

    signature = in_base64(body, secret)
    validator = SignatureValidator(secret)  # type: ignore[no-untyped-call]  # the SDK ships no types
    assert validator.validate(body.decode(), signature)  # type: ignore[no-untyped-call]
    return {"x-line-signature": signature}


SENDERS: Mapping[str, Sender] = {
    "line": Sender(scheme=line.SCHEME, secrets=WORDS, sign=sign),
}

READ: Mapping[str, Read] = {
    "LINE, text in a group": (
        "line",
        posted({"destination": "U0", "events": [EVENT]}),
        Preset(
            query="こんにちは",
            inputs={
                "source_type": "group",
                "user_id": "U1",
                "group_id": "G1",
                "message_id": "m1",
            },
            user="U1",
            conversation_key="G1",
            to={"to": "G1", "source": "group"},
            handle={"reply_token": "r1", "expires": 1_790_000_025.123},
            among_others=True,
            addressed=False,
        ),
    ),
    "LINE, mention in a room": (
        "line",
        posted({"events": [MENTIONED]}),
        Preset(
            query="🦆  how deep is @Ada's pond?",
            inputs={"source_type": "room", "user_id": "U1", "room_id": "R1", "message_id": "m2"},
            user="U1",
            conversation_key="R1",
            to={"to": "R1", "source": "room"},
            among_others=True,
        ),
    ),
    **{
        f"LINE, {kind} of one person": (
            "line",
            posted(
                {
                    "events": [
                        {**EVENT, "source": {"type": "user", "userId": "U1"}, "message": {"id": "m3", "type": kind}}
                    ]
                }
            ),
            Preset(
                inputs={"source_type": "user", "user_id": "U1", "message_id": "m3"},
                user="U1",
                conversation_key="U1",
                to={"to": "U1", "source": "user"},
                handle={"reply_token": "r1", "expires": 1_790_000_025.123},
                wordless=True,
            ),
        )
        for kind in ("image", "video", "audio", "file")
    },
    "LINE, from nobody": (
        "line",
        posted({"events": [{"type": "message", "message": {"type": "text", "text": "quack"}}]}),
        Preset(query="quack"),
    ),
}

IGNORED: Mapping[str, Sent] = {
    "LINE, standby": ("line", posted({"events": [{**EVENT, "mode": "standby"}]})),
    "LINE, follow on standby": ("line", posted({"events": [{"type": "follow", "mode": "standby"}]})),
}
UNREAD: Sequence[Sent] = [
    ("line", posted({"events": [{"type": "message", "message": {"type": kind}}]})) for kind in ("sticker", "location")
]
IDS: Sequence[Identified] = [("line", posted({"events": [EVENT]}), "01F"), ("line", posted({"events": [{}]}), None)]
ANSWERED: Mapping[str, Answered] = {"line": ("line", posted({"destination": "U1", "events": []}), Reply())}
UNANSWERED: Sequence[Sent] = [("line", posted({"events": [{}]})), ("line", posted({}))]
