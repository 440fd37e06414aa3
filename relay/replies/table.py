"""The senders that can be answered by their own API."""

from collections.abc import Callable, Mapping
from typing import Any

from relay.replies import discord, line, slack, telegram
from relay.replies.channel import Channel

type Choose = Callable[[Mapping[str, Any]], Channel]  # by Preset.to, where a sender has several channels

CHANNELS: Mapping[str, Choose] = {
    "slack": lambda _: slack.CHANNEL,
    "discord": lambda _: discord.CHANNEL,
    "line": lambda _: line.CHANNEL,
    "telegram": lambda _: telegram.CHANNEL,
}
