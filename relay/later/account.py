"""What became of one delivery that is answered later: data that is stored as JSON, and shown to its owner."""

import hmac
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter

from relay.plan import Destination

LONGEST_TEXT = 256 * 1024  # bytes of an answer that are kept
SO_FAR = 32 * 1024  # bytes of an answer that are kept while it grows
SHORT = 500  # characters of an answer that are kept where there is no room
MOST_STEPS = 40
MOST_TRIES = 3  # runs of an app that said nothing before its process ended


class State(StrEnum):
    """Where a delivery stands."""

    ACCEPTED = "accepted"
    WAITING = "waiting"  # for its turn, or for the time to send once more
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


ENDED = frozenset({State.DONE, State.FAILED})

INTERRUPTED = "interrupted"
REPLY_FAILED = "reply_failed"
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that was done for a delivery, and what came of it, in our words."""

    at: float  # seconds since 1970
    what: str
    result: str = ""


@dataclass(slots=True, kw_only=True)
class Account:
    """What became of one delivery. Times are in seconds since 1970."""

    id: str
    app_id: str
    sender: str = ""
    destination: Destination = Destination.LATER
    created: float
    state: State = State.ACCEPTED
    code: str = ""  # why it failed
    error: str = ""  # in words
    status: int = 0  # of that error, as a response would have it
    token: str = ""  # the SHA-256 of what lets its run in
    origin: str = ""  # the delivery's own id at its sender, hashed
    tries: int = 0  # runs of the app that were begun
    began: float = 0.0
    ended: float = 0.0
    said: bool = False  # the app has said something: it is not run once more
    whole: bool = False  # there is an answer, or an error to tell instead of one
    text: str = ""
    answer: dict[str, Any] | None = None  # as Dify's Service API gives it, or the answer template
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    telling: dict[str, Any] | None = None  # how far it is told
    due: float = 0.0  # when to try once more to tell it
    mark: str = ""  # of the request that works at it
    alive: float = 0.0  # nobody else may take it before
    until: float = 0.0  # unfinished: it may not go before

    @property
    def over(self) -> bool:
        return self.state in ENDED

    def step(self, at: float, what: str, result: str = "") -> None:
        """Note what was done. Of many the first and the latest are kept."""
        self.steps.append(Step(at=at, what=what, result=result))
        if len(self.steps) > MOST_STEPS:
            del self.steps[MOST_STEPS // 2]

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def admits(self, token: str) -> bool:
        """Tell whether this token lets the delivery's run in."""
        return bool(self.token) and hmac.compare_digest(hashed(token), self.token)

    def dump(self, *, short: bool = False) -> dict[str, Any]:
        """Give what is stored: what holds nothing is left out, and with `short` most of the answer."""
        given = {name: value for name, value in asdict(self).items() if value not in ("", 0, None, [], False)}
        given["text"] = self.text[:SHORT] if short else shortened(self.text, LONGEST_TEXT if self.whole else SO_FAR)
        if short:
            given.pop("answer", None)
        return given

    @classmethod
    def load(cls, record: dict[str, Any]) -> "Account":
        """Read what `dump` gave. Raises ValueError for anything else."""
        return _ADAPTER.validate_python({name: record[name] for name in record if name in cls.__slots__})


_ADAPTER = TypeAdapter(Account)


def hashed(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def shortened(text: str, most: int = LONGEST_TEXT) -> str:
    """Cut a text to so many bytes of UTF-8."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= most else raw[:most].decode("utf-8", "ignore")
