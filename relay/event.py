"""The events of an app's answer, as Dify's Service API names them.

An event is a JSON object with its kind under `event`. Kinds that are not known here pass through untouched.
Source: Dify's API reference, "Streaming"; how each kind of app ends its stream: the generators in Dify's api.
"""

from collections.abc import Mapping
from typing import Any

type Event = Mapping[str, Any]

# a chatflow sends both; text-to-speech may still trail either
ENDS = frozenset({"message_end", "workflow_finished", "workflow_paused"})


def kind(event: Event) -> str:
    """Name the event's kind, "" for an event without one."""
    name = event.get("event")
    return name if isinstance(name, str) else ""


def detail(event: Event) -> Mapping[str, Any]:
    """Give what a workflow's event carries under `data`, {} for none."""
    data = event.get("data")
    return data if isinstance(data, Mapping) else {}
