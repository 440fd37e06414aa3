"""What LINE sends, and what an app gets of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from linebot.v3.webhook import SignatureValidator

from relay.senders import Preset, Reply, line
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import WORDS, Answered, Identified, Read, Sender, Sent, in_base64

EVENT: Mapping[str, Any] = {
    "type": "message",
    "mode": "active",
    "replyToken": "r1",
    "webhookEventId": "01F",
    "source": {"type": "group", "groupId": "G1", "userId": "U1"},
    "message": {"id": "m1", "type": "text", "text": "こんにちは"},
}


def sign(body: bytes, now: int, secret: str) -> Mapping[str, str]:
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
                "reply_token": "r1",
            },
            user="U1",
            conversation_key="G1",
        ),
    ),
}

IGNORED: Mapping[str, Sent] = {
    "LINE, standby": ("line", posted({"events": [{**EVENT, "mode": "standby"}]})),
    "LINE, follow on standby": ("line", posted({"events": [{"type": "follow", "mode": "standby"}]})),
}
UNREAD: Sequence[Sent] = [("line", posted({"events": [{"type": "message", "message": {"type": "sticker"}}]}))]
IDS: Sequence[Identified] = [("line", posted({"events": [EVENT]}), "01F"), ("line", posted({"events": [{}]}), None)]
ANSWERED: Mapping[str, Answered] = {"line": ("line", posted({"destination": "U1", "events": []}), Reply())}
UNANSWERED: Sequence[Sent] = [("line", posted({"events": [{}]})), ("line", posted({}))]
