"""An answer in one piece, as Dify gives it."""

from typing import Any

from relay.event import Event
from relay.run.transcript import Transcript


class Blocking:
    """Folds an answer into what `response_mode: blocking` gives: see `Transcript.blocking`."""

    def __init__(self) -> None:
        self._told = Transcript()

    def add(self, event: Event) -> None:
        """Take one event in."""
        self._told.add(event)

    def whole(self) -> dict[str, Any]:
        """Give the answer. Raises AppFailed for a chatflow whose workflow failed."""
        answer = self._told.blocking()
        if answer.get("mode") == "completion":  # it has no conversation, and Dify does not say so by null
            answer.pop("conversation_id")
        return answer
