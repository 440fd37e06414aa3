"""A callback: the answer as a request of ours, tried again for some minutes."""

from collections.abc import Sequence
from math import inf
from typing import Any

from relay import wire
from relay.outward import Request, Response
from relay.replies import callback
from relay.replies.channel import Outcome, Verdict


class Calling:
    """One answer on its way to one address. A `Telling`."""

    def __init__(self, url: str, *, secrets: Sequence[str], delivery_id: str, tries: int = 0) -> None:
        self.finished = False
        self.failed = ""
        self._url = url
        self._secrets = secrets
        self._delivery_id = delivery_id
        self._tries = tries
        self._next = -inf

    def due(self, *, whole: bool, text: str, now: float) -> float:  # noqa: ARG002 - a Telling's shape
        return max(self._next, now) if whole else inf

    def request(self, text: str, *, whole: bool, now: float, wall: float) -> Request | None:
        """Give the request: each try of it is signed anew, for its time."""
        if not whole or now < self._next:
            return None
        return callback.request(
            self._url, wire.encode(text), secrets=self._secrets, delivery_id=self._delivery_id, now=wall
        )

    def told(self, request: Request, response: Response, *, now: float, wall: float) -> Verdict:  # noqa: ARG002
        verdict = callback.judge(request, response)
        if verdict.outcome is Outcome.DONE:
            self.finished = True
        elif verdict.outcome is Outcome.AGAIN and self._tries < len(callback.WAITS):
            self._next = now + max(callback.WAITS[self._tries], verdict.after)
            self._tries += 1
        else:
            self.failed = verdict.reason or "the callback was refused"
        return verdict

    def dump(self) -> dict[str, Any]:
        return {"tries": self._tries}
