"""The senders that can be answered by their own API."""

from collections.abc import Callable, Mapping
from typing import Any

from relay.replies import discord, github, gitlab, line, messenger, slack, telegram, whatsapp
from relay.replies.channel import Channel

type Choose = Callable[[Mapping[str, Any]], Channel]  # by Preset.to, where a sender has several channels

CHANNELS: Mapping[str, Choose] = {
    "discord": lambda _: discord.CHANNEL,
    "github": lambda _: github.CHANNEL,
    "gitlab": lambda _: gitlab.CHANNEL,
    "line": lambda _: line.CHANNEL,
    "meta": lambda to: whatsapp.CHANNEL if to.get("channel") == "whatsapp" else messenger.CHANNEL,
    "slack": lambda _: slack.CHANNEL,
    "telegram": lambda _: telegram.CHANNEL,
}
