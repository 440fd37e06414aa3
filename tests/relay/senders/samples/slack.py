"""What Slack sends, and what an app gets of it."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from relay.senders import Delivery, Preset, Reply, slack
from tests.relay.senders.samples.post import FORM, posted
from tests.relay.senders.samples.sender import WORDS, Answered, Identified, Read, Sender, Sent

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

COMMAND_FORM = Delivery(headers=FORM, body=urlencode(COMMAND).encode())


def sign(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    signature = SignatureVerifier(secret).generate_signature(timestamp=str(now), body=body)
    assert signature
    return {"x-slack-signature": signature, "x-slack-request-timestamp": str(now)}


SENDERS: Mapping[str, Sender] = {
    "slack": Sender(scheme=slack.SCHEME, secrets=WORDS, sign=sign, timed=True),
}

READ: Mapping[str, Read] = {
    "Slack, mention": (
        "slack",
        posted(MENTION),
        Preset(
            query="is 1 < 2 for <@U2>?",
            inputs={"event": "app_mention", "team": "T1", "channel": "C1", "user": "U1", "ts": "1.5"},
            user="U1",
            conversation_key="C1:1.5",
            to={"team": "T1", "channel": "C1", "user": "U1", "ts": "1.5"},
            among_others=True,
            threaded=True,
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
            to={
                "team": "T1",
                "channel": "C1",
                "user": "U1",
                "ts": "1.5",
                "thread_ts": "1.0",
            },
            among_others=True,
            threaded=True,
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
            to={
                "team": "T1",
                "channel": "D1",
                "channel_type": "im",
                "user": "U1",
                "ts": "2.5",
            },
        ),
    ),
    "Slack, command": (
        "slack",
        COMMAND_FORM,
        Preset(
            query="how deep & wide?",
            inputs={name: value for name, value in COMMAND.items() if name not in {"token", "text", "response_url"}},
            user="U1",
            conversation_key="C1:U1",
            reply={},
            to={"team": "T1", "channel": "C1", "user": "U1"},
            handle={"response_url": "https://hooks.example/commands/1"},
        ),
    ),
}


def event(**event: Any) -> Delivery:
    return posted({**MENTION, "event": {"type": "message", "channel": "C1", "ts": "1", "text": "x", **event}})


IGNORED: Mapping[str, Sent] = {
    "Slack, bot": ("slack", event(bot_id="B1", user="UDUCK")),
    "Slack, the bot itself": ("slack", event(user="UDUCK")),
    "Slack, bot_message": ("slack", event(subtype="bot_message")),
    "Slack, edit": ("slack", event(subtype="message_changed")),
    "Slack, join": ("slack", event(subtype="channel_join", user="U1")),
}
UNREAD: Sequence[Sent] = [("slack", posted({"type": "event_callback", "event": {"type": "reaction_added"}}))]
IDS: Sequence[Identified] = [
    ("slack", posted(MENTION), "C1:1.5"),
    ("slack", posted({**MENTION, "event_id": "Ev2", "event": {**MENTION["event"], "type": "message"}}), "C1:1.5"),
    ("slack", posted({**MENTION, "event": {"type": "reaction_added", "channel": "C1", "ts": "1.5"}}), "Ev1"),
    ("slack", posted({"type": "event_callback", "event_id": "Ev1", "event": {"type": "message"}}), "Ev1"),
    ("slack", COMMAND_FORM, "1.2.a"),
    ("slack", posted({}, idempotency_key="forged"), None),
]
ANSWERED: Mapping[str, Answered] = {
    "slack": (
        "slack",
        posted({"token": "old", "challenge": "3eZbrw1a", "type": "url_verification"}),
        Reply(media_type="application/json", body=b'{"challenge":"3eZbrw1a"}'),
    ),
}
UNANSWERED: Sequence[Sent] = [("slack", posted({"type": "event_callback", "challenge": "x"}))]
