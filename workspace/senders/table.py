"""The stand-ins by name, and where the plugin finds them."""

import json
import time
from collections.abc import Mapping

from workspace.senders.callback import Callback
from workspace.senders.discord import Discord
from workspace.senders.github import GitHub
from workspace.senders.gitlab import GitLab
from workspace.senders.line import Line
from workspace.senders.meta import Meta
from workspace.senders.slack import Slack
from workspace.senders.standin import Clock, StandIn
from workspace.senders.telegram import Telegram

VARIABLE = "DUCK_SENDER_URLS"
_KINDS: tuple[type[StandIn], ...] = (Slack, Discord, Telegram, Line, Meta, GitHub, GitLab, Callback)


def standins(clock: Clock = time.time) -> Mapping[str, StandIn]:
    """Make the stand-ins. `clock` gives seconds since 1970."""
    return {kind.name: kind(clock=clock) for kind in _KINDS}


def bases(url: str) -> str:
    """Give the value of DUCK_SENDER_URLS for a workspace with this URL: a JSON object, sender → base URL."""
    return json.dumps({kind.name: f"{url}/senders/{kind.name}" for kind in _KINDS if kind is not Callback})
