"""What is known of an answer on its way, so that another process can go on with it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self


class Kind(StrEnum):
    """What one request does to the messages."""

    SIGN = "sign"
    UNSIGN = "unsign"
    OPEN = "open"  # posts the rung's opening
    POST = "post"
    START = "start"
    APPEND = "append"
    STOP = "stop"
    EDIT = "edit"


NEW = frozenset({Kind.OPEN, Kind.POST, Kind.START})  # twice, they are seen twice
SIGNS = frozenset({Kind.SIGN, Kind.UNSIGN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request that is to be made, or under way."""

    kind: Kind
    index: int = 0  # of the message, or of the first that is new
    texts: tuple[str, ...] = ()  # what is sent, for each message
    says: tuple[str, ...] = ()  # the marks of what the messages say afterwards
    plain: bool = False
    repeatable: bool = False  # as its request says


@dataclass(slots=True, kw_only=True)
class Message:
    """A message of the rung that is stood on."""

    id: str  # "": it can't be edited
    says: str  # a mark; "" where it is not known
    open: bool = False  # a stream that can be added to


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A rung that was left."""

    rung: int
    said: int  # pieces that stand there in full
    plain_from: int | None


@dataclass(slots=True, kw_only=True)
class State:
    """All that is kept: no text but that of a request that may have to be repeated as it was."""

    rung: int = 0
    left: list[Left] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    plain_from: int | None = None  # the pieces from this one on are without formatting
    streams: bool = True  # False: the API has refused to begin a stream
    edits: int = 0  # made while the answer was growing
    flight: Step | None = None  # under way: what became of it is not known yet
    again: Step | None = None  # to be repeated word by word: the API knows a repetition by its key
    doubt: bool = False  # `again` may have arrived
    leave: bool = False  # this rung is done with
    tries: int = 0  # in a row, of what is to be done again
    opened: bool = False
    signs: bool = True
    signed: bool = False  # a sign of life was given and not taken back
    finished: bool = False
    failed: str = ""
    reason: str = ""  # why the last rung was left

    def dump(self) -> dict[str, Any]:
        """Give it as a JSON object."""
        return asdict(self)

    @classmethod
    def load(cls, dumped: Mapping[str, Any]) -> Self:
        """Read what `dump` gave. What is missing is as at the beginning."""
        known = {entry.name for entry in fields(cls)}
        state = cls(**{name: value for name, value in dumped.items() if name in known})
        state.left = [Left(**left) for left in dumped.get("left", ())]
        state.messages = [Message(**message) for message in dumped.get("messages", ())]
        state.flight, state.again = _step(dumped.get("flight")), _step(dumped.get("again"))
        return state


def _step(dumped: Mapping[str, Any] | None) -> Step | None:
    if dumped is None:
        return None
    texts, says = tuple(dumped["texts"]), tuple(dumped["says"])
    return Step(**{**dumped, "kind": Kind(dumped["kind"]), "texts": texts, "says": says})


def mark(text: str) -> str:
    """Give what a text is known by: its length, and a hash."""
    return f"{len(text)}:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def length(marked: str) -> int:
    return int(marked.partition(":")[0] or 0)


def begins(text: str, marked: str) -> bool:
    """Tell whether a text begins with the one that is known by a mark. Nothing begins with one that is not known."""
    return mark(text[: length(marked)]) == marked
