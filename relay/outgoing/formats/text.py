"""The answer's text alone, as it comes."""

from relay import wire
from relay.errors import RelayError
from relay.event import Event, kind
from relay.run.transcript import Transcript, failure_of


class Text:
    keep_alive = b""  # whatever it were, it would stand in the text

    def __init__(self) -> None:
        self._transcript = Transcript()

    def opening(self) -> bytes:
        return b""

    def event(self, event: Event) -> bytes:
        before = self._transcript.has_text
        said = self._transcript.add(event)
        text = f"\n\n{said.text}" if said.instead and before else said.text  # what went out can't be taken back
        if kind(event) == "workflow_finished" and (failed := failure_of(event)):
            text += self._note(f"failed: {failed}")
        return wire.encode(text)

    def error(self, error: RelayError) -> bytes:
        return wire.encode(self._note(f"{error.code}: {error.message}"))

    def closing(self) -> bytes:
        return b""

    def _note(self, text: str) -> str:
        return f"{'\n\n' if self._transcript.has_text else ''}[{text}]\n"
