"""An answer in one piece of JSON: by the owner's template, as its sender shows it, or as Dify's Service API."""

from collections.abc import Callable, Mapping
from typing import Any

from relay.errors import AnswerUnshaped
from relay.event import Event
from relay.incoming.templates import Budget, ObjectTemplate, Unfilled
from relay.run.transcript import Transcript
from relay.senders import SCHEMES


class Shaped:
    """An answer's text and results, and how they become JSON when all has been said."""

    def __init__(self, shape: Callable[[Transcript], Mapping[str, Any]]) -> None:
        self._transcript = Transcript()
        self._shape = shape

    def add(self, event: Event) -> None:
        self._transcript.add(event)

    def whole(self) -> Mapping[str, Any]:
        return self._shape(self._transcript)


def shape(
    told: Transcript,
    *,
    template: str = "",
    context: Mapping[str, Any] | None = None,
    sender: str | None = None,
    reply: Mapping[str, Any] | None = None,
    budget: Budget | None = None,
) -> Mapping[str, Any]:
    """Give the JSON that goes back.

    `template` is the owner's, `context` what it sees beside the answer; `reply` is what the sender's message needs
    beside the text. Raises AnswerUnshaped when the template asks for what the answer does not have, and AppFailed for
    a chatflow whose workflow failed.
    """
    if template:
        try:
            return ObjectTemplate("answer_template", template).fill({**(context or {}), **told.results()}, budget)
        except Unfilled as error:
            raise AnswerUnshaped(error.message, answer=told.blocking()) from None
    scheme = SCHEMES.get(sender or "")
    if scheme and scheme.message and reply is not None:
        return scheme.message(reply, told.text)
    return told.blocking()
