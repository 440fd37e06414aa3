"""What the checks go by, and how what they find is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.foreign import presentable
from relay.incoming.settings import ReplyTo, Settings


class Status(StrEnum):
    """What was found."""

    OK = "ok"
    PROBLEM = "problem"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str  # the settings' own, as the form has it
    status: Status
    sentence: str  # what is so, and for a problem what to do

    def as_dict(self) -> dict[str, str]:
        return {"name": self.name, "status": self.status.value, "sentence": self.sentence}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What it takes to answer a sender's messages where they were asked."""

    token: bool = True  # bot_token
    name: bool = False  # bot_id
    own_address: bool = False  # it may be an installation of one's own, at sender_url


# the senders that can be answered by their own API
ANSWERED: Mapping[str, Answered] = {
    "slack": Answered(),
    "discord": Answered(token=False),  # an interaction brings its own
    "telegram": Answered(name=True),
    "line": Answered(),
    "meta": Answered(),
    "github": Answered(name=True, own_address=True),
    "gitlab": Answered(name=True, own_address=True),
}


@dataclass(frozen=True, slots=True)
class Known:
    """All that the checks go by."""

    settings: Settings
    own: str
    own_reached: bool | None
    hook_id: str
    token: str | None
    refused: str | None

    @property
    def answered(self) -> Answered | None:
        """What answering the sender takes; None where nobody is to be answered there, or can be."""
        settings = self.settings
        return ANSWERED.get(settings.webhook or "") if settings.reply is ReplyTo.SENDER else None


type Found = tuple[Status, str]


def ok(sentence: str) -> Found:
    return Status.OK, sentence


def problem(sentence: str) -> Found:
    return Status.PROBLEM, sentence


def not_needed(sentence: str) -> Found:
    return Status.NOT_NEEDED, sentence


def ended(text: str) -> str:
    """Give a told reason as the end of a sentence."""
    told = presentable(text).rstrip(".")
    return f"{told}."
