"""What an app gets of a sender's common events, without any template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.senders.delivery import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One event as an app takes it."""

    query: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    user: str | None = None
    conversation_key: str | None = None  # deliveries with the same one go on with the same conversation
    # what the message that the sender shows needs beside the answer's text; None: it does not look at the response
    reply: Mapping[str, Any] | None = None
    # where an answer goes by the sender's API, as ids alone; None: this event can't be answered there
    to: Mapping[str, Any] | None = None
    # what is good for this answer alone and that nobody may see, {"response_url", "expires", …}: never an input
    handle: Mapping[str, Any] = field(default_factory=dict, repr=False)
    among_others: bool = False  # in a channel or group, where the bot speaks when it is meant
    addressed: bool = True  # it is meant: mentioned, answered, commanded. Where not: in a thread that it is part of
    mentions: frozenset[str] = frozenset()  # names and ids that are mentioned, in lower case and without @
    threaded: bool = False  # the conversation is a thread: whoever is part of that is meant without being named
    wordless: bool = False  # a picture, a voice message: there is nothing to read
    edited: bool = False  # its author has changed it: it has been answered before

    def is_meant(self, bot: frozenset[str]) -> bool:
        """Tell whether the bot that has these ids and lower-case names is spoken to.

        A bot of which a number is known, and no name, takes any bot's name for its own: Telegram's end in "bot".
        """
        if self.addressed or not self.mentions.isdisjoint(bot):
            return True
        nameless = bool(bot) and all(word.isdecimal() for word in bot)
        return nameless and any(name.endswith("bot") for name in self.mentions)


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that must not run an app, such as a bot's own message, which would be answered without end."""

    reason: str


type Reading = Preset | Ignored | None  # None: no common event, the whole JSON object is the inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One kind of event, as paths into its payload."""

    query: Sequence[str]  # those that are there, a blank line between them
    user: str
    inputs: Mapping[str, str]  # the input's name: its path
    conversation: Sequence[str] = ()

    def read(self, delivery: Delivery) -> Preset:
        return Preset(
            query="\n\n".join(text for path in self.query if (text := delivery.text(path))),
            inputs=pick(delivery, self.inputs),
            user=delivery.text(self.user) or None,
            conversation_key=key(*(delivery.text(path) for path in self.conversation)),
        )


def pick(delivery: Delivery, paths: Mapping[str, str]) -> dict[str, Any]:
    """Give each name what stands at its path; names with nothing there are left out."""
    found = {name: delivery.find(path) for name, path in paths.items()}
    return {name: value for name, value in found.items() if value is not None}


def key(*parts: str) -> str | None:
    """Join ids to a conversation's key; None when one is missing."""
    return ":".join(parts) if parts and all(parts) else None


def none(_: Delivery) -> Reading:
    return None


def cut(text: str, limit: int) -> str:
    """Shorten to a messenger's limit, in UTF-16 units as the strictest of them count."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * limit:
        return text
    return units[: 2 * (limit - 1)].decode("utf-16-le", "ignore") + "…"


def is_count(value: Any) -> bool:
    """Tell whether a payload's value is a whole number from 0 on."""
    return type(value) is int and value >= 0


def between(text: str, start: int, end: int | None = None) -> str:
    """Give what stands between two places, which messengers count in UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * start : None if end is None else 2 * end].decode("utf-16-le", "ignore")
