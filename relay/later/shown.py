"""What of a delivery is shown to whoever holds the key: never a secret, a token, or what somebody else's API said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from relay.later.account import Step

LATEST = 100  # deliveries in the list
LONGEST_EXCERPT = 160  # characters

UNFINISHED = frozenset({"accepted", "waiting", "running"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One delivery. Times in seconds since 1970, None for what has not happened."""

    id: str
    state: str  # accepted, waiting, running, done or failed
    failed: str = ""  # why, as a code
    app: str = ""
    sender: str = ""  # "": a caller of the relay itself
    destination: str = ""
    accepted: float
    began: float | None = None
    ended: float | None = None
    tries: int = 0  # runs of the app that were begun
    text: str = ""  # the answer, as far as the app has said it
    error: str = ""  # why it failed, in words
    steps: Sequence[Step] = ()
    notes: Sequence[str] = ()

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def excerpt(self) -> str:
        """The error's or the answer's first words, on one line."""
        # what is far behind is not looked at: an answer may be long
        text = " ".join((self.error or self.text)[: 4 * LONGEST_EXCERPT].split())
        return text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1].rstrip() + "…"

    def as_row(self, url: str) -> dict[str, Any]:
        """Give what `GET /deliveries` says of it; `url` is where `GET /deliveries/<id>` says the rest."""
        return {
            "delivery_id": self.id,
            "state": self.state,
            "error": {"code": self.failed, "message": self.error} if self.failed or self.error else None,
            "app_id": self.app,
            "sender": self.sender or None,
            "destination": self.destination,
            "created_at": _seconds(self.accepted),
            "began_at": _seconds(self.began),
            "ended_at": _seconds(self.ended),
            "excerpt": self.excerpt,
            "url": url,
        }

    def as_dict(self, url: str) -> dict[str, Any]:
        """Give what `GET /deliveries/<id>` says of it: its row, and all that the list has no room for."""
        row = self.as_row(url)
        del row["excerpt"]
        return {
            **row,
            "tries": self.tries,
            "answer": self.text,
            "steps": [{"at": _seconds(one.at), "what": one.what, "result": one.result} for one in self.steps],
            "notes": list(self.notes),
        }


def _seconds(time: float | None) -> float | None:
    return None if time is None else round(time, 3)
