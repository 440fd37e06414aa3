"""Which of Dify's conversations said what a client sends as the history of its question.

OpenAI's clients keep no conversation: they send all that was said, each time. A record stands for what was said up to
an answer, under a hash of it; a question that comes with just that goes on in the conversation that said it, and the
record is gone. Of a history that was edited, or is asked once more, nothing is known: it begins a new conversation,
and what came before comes along as text.

Who names an earlier response instead sends only what is new: that has to be known, and is good once, too.

What is exact. Within a process only one question goes on from a record. Across processes two that come in the same
moment may both, as long as the storage takes to read and delete.
"""

import json
import logging
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from secrets import token_hex
from typing import NamedTuple

from relay.call import Call
from relay.errors import AppUnavailable, InvalidParam
from relay.event import Event
from relay.run.dify import StorageFailed
from relay.run.failure import LOST_CONVERSATION
from relay.run.history import History
from relay.run.memory import Aside
from relay.run.records import Held, Records, RecordsFull

log = logging.getLogger("duck_relay")

HELD = 60.0  # seconds in which nobody else of this process takes a record that is about to go, or just went


class PreviousResponseNotFound(InvalidParam):
    """Nothing is known, or no longer, of the response that a question goes on from."""

    code = "previous_response_not_found"

    def __init__(self) -> None:
        super().__init__(
            "There is no response of that id to go on from: it is none of this app and user, is older than a week, or"
            " has been gone on from already. A conversation in Dify can't fork, and only chats have one: name the"
            " latest response, or send what was said before as input.",
            param="previous_response_id",
        )


class _Entry(NamedTuple):
    """A conversation, by which ids it is known, and what was said in it."""

    conversation_id: str
    ids: tuple[str, ...]
    line: str
    system: str  # History.system

    @property
    def name(self) -> str:
        """Name the conversation as far as it has come, whichever of the ids it was found by."""
        return json.dumps([self.conversation_id, *sorted(self.ids)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Runs an app where a history was said.

    A record is `{"tag", "at", "conversation_id", "system", "also", "line"}`: what the app was told to be, the other
    ids by which it is known, and a few digits of each message.
    """

    records: Records
    aside: Aside
    history: History
    said: Callable[[], str]  # what the client has read of the answer; "" for one that failed
    named: Callable[[], str] = str  # the id by which the client may name that answer, "" for none
    mark: str = field(default_factory=partial(token_hex, 8))

    def run(self, call: Call, invoke: Callable[[Call], Iterator[Event | None]]) -> Iterator[Event | None]:
        """Run the app in the conversation that said the history, else in a new one; remember what it says.

        Raises PreviousResponseNotFound, and what `invoke` raises; then the history is known as before.
        """
        taken = None
        if self.history.known_as:
            taken = yield from self.aside(self._take)
        if taken is None:
            if self.history.required:
                raise PreviousResponseNotFound
            yield from self._remember(invoke(call), None)
            return
        silent = True
        try:
            for event in self._remember(invoke(self._alone(call, taken)), taken):
                silent = silent and event is None
                yield event
        except LOST_CONVERSATION:
            if not silent:
                raise
            if self.history.required:
                raise PreviousResponseNotFound from None
            yield from self._remember(invoke(call), None)
        except Exception:
            yield from self._give_back(taken)
            raise

    def _alone(self, call: Call, taken: _Entry) -> Call:
        history = self.history
        query = history.query if taken.system == history.system else history.renewed
        inputs = {**call.inputs, history.placed: query} if history.placed else call.inputs
        return replace(call, query=query, inputs=inputs, conversation_id=taken.conversation_id)

    def _take(self) -> _Entry | None:
        """Give the conversation that said it; nobody else finds it from now on. Raises AppUnavailable."""
        try:
            for id_ in self.history.known_as:
                if (entry := self._read(id_)) and self._hold(entry):
                    for one in entry.ids:
                        self.records.discard(one)
                    return entry
        except StorageFailed:
            if self.history.required:
                raise AppUnavailable("What was said before can't be read at the moment: try again.") from None
            log.warning("the storage can't be read: a conversation begins anew")
        return None

    def _hold(self, entry: _Entry) -> bool:
        """Take a conversation as far as it has come, under whichever of its ids; False where another one has.

        It stays held: who has read the record before it was gone comes later.
        """
        return self.records.hold(entry.name, Held(self.mark, self.records.clock() + HELD)) is None

    def _read(self, id_: str) -> _Entry | None:
        match self.records.read(id_):
            case {
                "conversation_id": str(conversation_id),
                "system": str(system),
                "also": [*also],
                "line": str(line),
            } if self.history.ends(line):
                ids = (id_, *(one for one in also if isinstance(one, str)))
                return _Entry(conversation_id, ids, line, system)
        return None

    def _remember(self, events: Iterator[Event | None], taken: _Entry | None) -> Iterator[Event | None]:
        """Write when the answer is whole, before its end is told: afterwards nothing can be written."""
        conversation_id = ""
        for event in events:
            if event and not conversation_id and isinstance(told := event.get("conversation_id"), str):
                conversation_id = told
            yield event
        if conversation_id and (answer := self.said()):
            history = self.history
            ids = history.ids_after(answer, self.named())
            entry = _Entry(conversation_id, ids, history.line_after(answer), history.system)
            yield from self.aside(lambda: self._write(entry))
        elif taken:
            yield from self._give_back(taken)

    def _give_back(self, taken: _Entry) -> Generator[None, None, None]:
        yield from self.aside(lambda: self._write(taken))
        self.records.release(taken.name, self.mark)

    def _write(self, entry: _Entry) -> None:
        told = {"conversation_id": entry.conversation_id, "system": entry.system, "line": entry.line}
        try:
            for id_ in entry.ids:
                self.records.write(id_, {**told, "also": [one for one in entry.ids if one != id_]})
        except (StorageFailed, RecordsFull):
            log.warning("the storage can't be written: a conversation may be forgotten")
