import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.outward import Request
from relay.replies import discord, line, telegram
from relay.replies.channel import Channel, NoPlace, Piece, Target
from relay.senders import SCHEMES, Preset
from tests.relay.senders.samples.discord import DISCORD
from tests.relay.senders.samples.line import MENTIONED
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.shapes import spoilt
from tests.relay.senders.samples.telegram import TELEGRAM

TOKEN = "123456:the-secret"
ID = r"[0-9]{1,20}"
ROWS: Mapping[str, tuple[Channel, Mapping[str, Any], str]] = {
    "discord": (
        discord.CHANNEL,
        {**DISCORD, "channel_id": "22"},
        rf"/webhooks/{ID}/[A-Za-z0-9_.%-]+(?:/messages/@original)?|/channels/{ID}/messages",
    ),
    "telegram": (telegram.CHANNEL, TELEGRAM, r"/bot123456:the-secret/sendMessage"),
    "line": (line.CHANNEL, {"events": [{**MENTIONED, "replyToken": "good-for-once"}]}, r"/message/(?:reply|push)"),
}


def asked(channel: Channel, preset: Preset) -> list[Request]:
    """Give what is sent of a first piece on each rung that takes this place."""
    target = Target(to=preset.to or {}, handle=preset.handle, token=TOKEN, delivery_id="f" * 32, received=0.0)
    requests = []
    for rung in channel.rungs:
        if rung.usable(target, 1.0):
            try:
                requests.append(rung.post(target, [Piece(text="quack")]))
            except NoPlace:
                continue
    return requests


@pytest.mark.parametrize("name", ROWS)
def test_an_event_is_answered_where_it_came_from(name: str) -> None:
    channel, payload, path = ROWS[name]
    preset = SCHEMES[name].preset(posted(payload))
    assert isinstance(preset, Preset)
    requests = asked(channel, preset)
    assert len(requests) >= 2
    assert all(re.fullmatch(path, request.path) for request in requests)


@pytest.mark.parametrize("name", ROWS)
def test_what_lets_a_request_in_is_not_printed(name: str) -> None:
    channel, payload, _ = ROWS[name]
    preset = SCHEMES[name].preset(posted(payload))
    assert isinstance(preset, Preset)
    printed = repr([preset, asked(channel, preset)])
    assert not [secret for secret in (TOKEN, *map(str, preset.handle.values())) if secret in printed]


@pytest.mark.parametrize("name", ROWS)
@given(data=st.data())
def test_no_payload_leads_to_another_address(name: str, data: st.DataObject) -> None:
    channel, payload, path = ROWS[name]
    preset = SCHEMES[name].preset(spoilt(payload, {}, data))
    if isinstance(preset, Preset):
        assert all(re.fullmatch(path, request.path) for request in asked(channel, preset))
