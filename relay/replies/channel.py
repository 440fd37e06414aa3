"""What is known of one sender's API: a row of the table of channels."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any
from urllib.parse import quote

from relay.outward import Request, Response
from relay.senders.delivery import text_of
from relay.texts.measure import Measure, characters

TOKEN = re.compile(r"[!-~]+")  # what an API's token is written with: nothing else can stand in a header
UNWRITABLE = "bot_token holds a blank or another character that no token has"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one answer goes, and what may be used for it."""

    to: Mapping[str, Any]  # Preset.to: the ids of the place, from the payload
    handle: Mapping[str, Any] = field(default_factory=dict, repr=False)  # Preset.handle: good for this answer only
    token: str = field(default="", repr=False)  # the setting bot_token
    bot_id: str = ""  # the setting bot_id
    delivery_id: str = ""  # our own; 32 hexadecimal digits: what a repetition may be known by
    received: float = 0.0  # when the question came, in seconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of an answer that fits into one message, in the channel's dialect."""

    text: str
    number: int = 0  # from 0
    plain: bool = False  # without any formatting: the channel has refused it


class Outcome(StrEnum):
    """What a response means for the answer."""

    DONE = "done"
    AGAIN = "again"  # the same request once more, after a while
    PLAIN = "plain"  # once more without formatting
    NEXT = "next"  # not on this rung any more: on the next one
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A response, classified. Business errors hide in a 200, rate limits in a 403: each row knows its own."""

    outcome: Outcome
    after: float = 0.0  # seconds, for AGAIN; the API's own word, or 0 for the usual ones
    reason: str = ""  # in our words, and the API's code where it is a plain one: it is shown in the delivery


type Judge = Callable[[Request, Response], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A message that grows by what is added to it."""

    start: Callable[[Target, Piece], Request]
    append: Callable[[Target, str, Piece], Request]  # the message's id, and a piece with what is new alone
    stop: Callable[[Target, str], Request]
    most: int  # by the channel's measure: what one message may hold in all
    pace: float = 1.0  # seconds from one request to the next; the rung's own is that of its edits


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One way to answer in a channel. The first that is usable is taken; where it ends, the next.

    The next one says what the messages of this one don't say in full: it can't edit them.
    """

    name: str
    post: Callable[[Target, Sequence[Piece]], Request]  # new messages, as many as `several` at once
    edit: Callable[[Target, str, Piece], Request] | None = None  # the message with this id; None: nothing is edited
    posted: Callable[[Response], str] = lambda _: ""  # the id of the (last) message that was posted; "" for none
    usable: Callable[[Target, float], bool] = lambda _, __: True  # at this time, in seconds since 1970
    stream: Stream | None = None  # for what grows; where it ends or is refused, this rung posts and edits
    limit: int  # of one message, by the measure
    measure: Measure = characters  # of a piece after `dialect`
    source: Measure | None = None  # of Markdown before it, where that is another
    dialect: Callable[[str], str] = str  # from Markdown
    plain: Callable[[str], str] = str  # from Markdown, for when the dialect is refused
    several: int = 1
    most: float = inf  # messages that it can post in all
    pace: float = inf  # seconds from one request to the next while the answer grows; infinity: only when it is whole
    gap: float = 0.0  # seconds from one message to the next of a whole answer
    opening: str = ""  # what stands in the message until the app has said something; "": nothing is posted before
    edits: float = inf  # edits that are made on the way: a forge's comment is edited once, at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How one sender is answered."""

    sender: str  # the row of the table of senders
    base: str  # of its API
    own_base: bool = False  # the sender has installations of one's own: `sender_url` names their API
    needs: Callable[[Target], str] = lambda _: ""  # why it can't be answered, for the owner: "bot_token is not set"
    rungs: Sequence[Rung]
    judge: Judge
    # seconds from the beginning before which nothing is said: what is answered has to be acknowledged first
    settle: float = 0.0
    sign: Callable[[Target], Request | None] = lambda _: None  # a sign of life, while nothing is said yet
    sign_every: float = inf  # seconds
    unsign: Callable[[Target], Request | None] = lambda _: None  # takes it back where it would stay otherwise
    check: Callable[[Target], Request | None] = lambda _: None  # asks the API whether the token is good
    checked: Callable[[Response], str] = lambda _: ""  # what is wrong with it, "" for nothing


def segment(value: object, pattern: re.Pattern[str]) -> str:
    """Write a payload's value as one segment of a path. Raises NoPlace for one that does not fit its id's pattern."""
    text = text_of(value)
    if not pattern.fullmatch(text) or text in {".", ".."}:
        raise NoPlace("The delivery names a place that can't be one.")
    return quote(text, safe="")


class NoPlace(ValueError):
    """The payload names a place that its sender can't have: nothing is sent."""
