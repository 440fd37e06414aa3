"""Which of Dify's conversations said what a client sends as the history of its question.

OpenAI's clients keep no conversation: they send all that was said, each time. A record stands for what was said up to
an answer, under a hash of it; a question that comes with just that goes on in the conversation that said it, and the
record is gone. Of a history that was edited, or is asked once more, nothing is known: it begins a new conversation,
and what came before comes along as text.

Who names an earlier response instead sends only what is new: that has to be known, and is good once, too.

What is exact. Within a process only one question goes on from a record. Across processes two that come in the same
moment may both, as long as the storage takes to read and write.
"""

import json
import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
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

HELD = 600.0  # seconds that a run may take, and in which nobody else goes on from where it does
LATE = 10.0  # seconds from reading a record on, after which nobody can think that it still stands
MOST_LET_GO = 1000  # runs whose caller has hung up, or just went

# marks of runs that this process has given up, and could perhaps not write so
_let_go: dict[str, None] = {}


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


class PreviousResponseInProgress(AppUnavailable):
    """Another question goes on from that response at this moment. Nothing has run."""

    status = HTTPStatus.CONFLICT
    code = "previous_response_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "Another question is just going on from this response: go on from the answer to that one.",
            headers={"Retry-After": "2"},
            param="previous_response_id",
        )


class _Entry(NamedTuple):
    """A conversation, by which ids it is known, and what was said in it."""

    conversation_id: str
    ids: tuple[str, ...]
    line: str
    system: str  # History.system
    mark: str = ""  # of the run that has taken it
    held_until: float = 0.0  # by that run, in seconds since 1970

    @property
    def name(self) -> str:
        """Name the conversation as far as it has come, whichever of the ids it was found by."""
        return json.dumps([self.conversation_id, *sorted(self.ids)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Runs an app where a history was said.

    A record is `{"tag", "at", "conversation_id", "system", "also", "line", "mark", "held_until"}`: what the app was
    told to be, the other ids by which it is known, a few digits of each message, and which run has taken it until
    when. That mark stays when a caller hangs up, for then nothing can be written: in the process where that happened
    the conversation can be taken again at once, in others when the longest run would be over.
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
        if taken and (yield from self._go_on(taken, call, invoke)):
            return
        if self.history.required:
            raise PreviousResponseNotFound
        yield from self._remember(invoke(call))

    def _go_on(
        self, taken: _Entry, call: Call, invoke: Callable[[Call], Iterator[Event | None]]
    ) -> Generator[Event | None, None, bool]:
        """Run the app in the conversation that was taken; False where Dify no longer knows it."""
        silent, gone_on = True, False
        marking = self.aside(lambda: self._mark(taken))  # the app need not wait for that
        try:
            for event in self._remember(invoke(self._alone(call, taken)), taken, marking):
                silent = silent and event is None
                yield event
            gone_on = bool(self.said())
        except LOST_CONVERSATION:
            if not silent:
                raise
            yield from marking
            yield from self.aside(lambda: self._write(None, instead_of=taken))
            return False
        except Exception:
            yield from marking
            yield from self.aside(lambda: self._write(taken))
            raise
        finally:
            self._let_go(taken, gone_on=gone_on)
        return True

    def _alone(self, call: Call, taken: _Entry) -> Call:
        history = self.history
        query = history.query if taken.system == history.system else history.renewed
        inputs = {**call.inputs, history.placed: query} if history.placed else call.inputs
        return replace(call, query=query, inputs=inputs, conversation_id=taken.conversation_id)

    def _take(self) -> _Entry | None:
        """Give the conversation that said it; nobody else here may go on there from now on. Raises AppUnavailable."""
        now = self.records.clock()
        try:
            for id_ in self.history.known_as:
                if not (entry := self._read(id_)):
                    continue
                if (entry.held_until > now and entry.mark not in _let_go) or not self._hold(entry):
                    if self.history.required:
                        raise PreviousResponseInProgress
                    continue
                return entry._replace(mark="", held_until=0.0)
        except StorageFailed:
            if self.history.required:
                raise AppUnavailable("What was said before can't be read at the moment: try again.") from None
            log.warning("the storage can't be read: a conversation begins anew")
        return None

    def _hold(self, entry: _Entry) -> bool:
        """Take a conversation as far as it has come, under whichever of its ids; False where another one has."""
        return self.records.hold(entry.name, Held(self.mark, self.records.clock() + HELD)) is None

    def _mark(self, taken: _Entry) -> None:
        """Tell other processes that it is taken; it is known by one of its ids from now on."""
        found, *others = taken.ids
        try:
            self._write_one(taken._replace(mark=self.mark, held_until=self.records.clock() + HELD), found)
            for one in others:
                self.records.discard(one)
        except (StorageFailed, RecordsFull):
            log.warning("the storage can't be written: another process may go on in the same conversation")

    def _let_go(self, taken: _Entry, *, gone_on: bool) -> None:
        """Let somebody else take it, where the record may still say that this run has it.

        One that has gone on stays held for a while: who has read the record before it was gone comes later.
        """
        if gone_on:
            self.records.hold(taken.name, Held(self.mark, self.records.clock() + LATE))
            return
        _let_go[self.mark] = None
        while len(_let_go) > MOST_LET_GO:
            del _let_go[next(iter(_let_go))]
        self.records.release(taken.name, self.mark)

    def _read(self, id_: str) -> _Entry | None:
        match self.records.read(id_):
            case {
                "conversation_id": str(conversation_id),
                "system": str(system),
                "also": [*also],
                "line": str(line),
                "mark": str(mark),
                "held_until": int() | float() as held_until,
            } if self.history.ends(line):
                ids = (id_, *(one for one in also if isinstance(one, str)))
                return _Entry(conversation_id, ids, line, system, mark, held_until)
        return None

    def _remember(
        self,
        events: Iterator[Event | None],
        taken: _Entry | None = None,
        marking: Iterable[None] = (),
    ) -> Iterator[Event | None]:
        """Write when the answer is whole, before its end is told: afterwards nothing can be written."""
        conversation_id = ""
        for event in events:
            if event and not conversation_id and isinstance(told := event.get("conversation_id"), str):
                conversation_id = told
            yield event
        yield from marking
        if conversation_id and (answer := self.said()):
            history = self.history
            ids = history.ids_after(answer, self.named())
            entry = _Entry(conversation_id, ids, history.line_after(answer), history.system)
            yield from self.aside(lambda: self._write(entry, instead_of=taken))
        elif taken:
            yield from self.aside(lambda: self._write(taken))

    def _write(self, entry: _Entry | None, *, instead_of: _Entry | None = None) -> None:
        try:
            if instead_of:
                self.records.discard(instead_of.ids[0])
            if entry:
                for id_ in entry.ids:
                    self._write_one(entry, id_)
        except (StorageFailed, RecordsFull):
            log.warning("the storage can't be written: a conversation may be forgotten")

    def _write_one(self, entry: _Entry, id_: str) -> None:
        record = {
            "conversation_id": entry.conversation_id,
            "system": entry.system,
            "line": entry.line,
            "also": [one for one in entry.ids if one != id_],
            "mark": entry.mark,
            "held_until": entry.held_until,
        }
        self.records.write(id_, record)
