"""What Discord sends, and what an app gets of it."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from relay.senders import Preset, Reply, discord
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import KEYS, Answered, Identified, Read, Sender, Sent

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


def sign(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    key = next(key for key in KEYS if bytes(key.verify_key).hex() == secret)
    signature = key.sign(str(now).encode() + body).signature.hex()
    return {"x-signature-ed25519": signature, "x-signature-timestamp": str(now)}


SENDERS: Mapping[str, Sender] = {
    "discord": Sender(
        scheme=discord.SCHEME,
        secrets=(bytes(KEYS[0].verify_key).hex(), bytes(KEYS[1].verify_key).hex()),
        sign=sign,
        timed=True,
    ),
}

READ: Mapping[str, Read] = {
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
            reply={},
            to={"application_id": "1", "channel_id": "C", "guild_id": "G"},
            handle={"token": "speaks-for-the-bot"},
        ),
    ),
    "Discord, choice in a direct message": (
        "discord",
        posted(
            {
                "id": "847",
                "application_id": "1",
                "type": 3,
                "token": "also-speaks",
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
            reply={},
            to={"application_id": "1", "channel_id": "C"},
            handle={"token": "also-speaks"},
        ),
    ),
    "Discord, without a place": (
        "discord",
        posted({"id": "848", "type": 2, "user": {"id": "U"}, "data": {"name": "duck"}}),
        Preset(inputs={"command": "duck"}, user="U", reply={}),
    ),
}

UNREAD: Sequence[Sent] = [
    ("discord", posted({"type": 4, "data": {}})),
    ("discord", posted({"type": 1, "event": {"type": "ENTITLEMENT_CREATE"}})),
]
IDS: Sequence[Identified] = [("discord", posted({"id": "846"}), "846")]
ANSWERED: Mapping[str, Answered] = {
    "discord, interaction": (
        "discord",
        posted({"id": "1", "type": 1, "version": 1}),
        Reply(media_type="application/json", body=b'{"type":1}'),
    ),
    "discord, webhook event": (
        "discord",
        posted({"version": 1, "application_id": "1", "type": 0}),
        Reply(status=HTTPStatus.NO_CONTENT),
    ),
}
UNANSWERED: Sequence[Sent] = [
    ("discord", posted({"type": 2})),
    ("discord", posted({"version": 1, "type": 1, "event": {"type": "ENTITLEMENT_CREATE"}})),
]

IGNORED: Mapping[str, Sent] = {}
