"""A user's conversation with an app, kept from one call to the next."""

import json
import logging
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from relay.call import Call
from relay.event import Event
from relay.run.dify import StorageFailed
from relay.run.failure import LOST_CONVERSATION
from relay.run.records import Records, RecordsFull

log = logging.getLogger("duck_relay")

FRESH = 0.1  # of the time that a conversation is kept: as long as it was written later, going on writes nothing


@dataclass(frozen=True, slots=True)
class _Recalled:
    conversation_id: str
    at: float  # seconds since 1970


class Aside(Protocol):
    """Does what waits for the storage while whoever takes the events goes on: see `Inbox.aside`."""

    def __call__[T](self, act: Callable[[], T]) -> Generator[None, None, T]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Remembers conversations per endpoint, app, user and thread; without a storage that works, none.

    A record is `{"tag", "at", "conversation_id"}`. A call whose user is known costs one read.
    """

    records: Records
    aside: Aside
    thread: str | None = None  # where the user speaks: an issue, a channel's thread

    def run(self, call: Call, invoke: Callable[[Call], Iterator[Event | None]]) -> Iterator[Event | None]:
        """Run the app in the user's conversation, and remember the one that it answers in.

        A conversation that Dify no longer knows, or not of this user, is begun anew, once and silently, as long as
        the app has said nothing. Raises what `invoke` raises.
        """
        if call.user is None or call.conversation_id is not None:
            yield from invoke(call)
            return
        id_ = _id(call, self.thread)
        recalled = None if call.fresh else (yield from self.aside(lambda: self._recall(id_)))
        if recalled is None:
            yield from self._remember(id_, None, invoke(call))
            return
        silent = True
        try:
            there = replace(call, conversation_id=recalled.conversation_id)
            for event in self._remember(id_, recalled, invoke(there)):
                silent = silent and event is None
                yield event
        except LOST_CONVERSATION:
            if not silent:
                raise
            yield from self._remember(id_, None, invoke(call))

    def _recall(self, id_: str) -> _Recalled | None:
        try:
            record = self.records.read(id_)
        except StorageFailed:
            log.warning("the storage can't be read: going on without the conversation")
            return None
        match record:
            case {"conversation_id": str(conversation_id), "at": int() | float() as at}:
                return _Recalled(conversation_id, at)
        return None

    def _remember(
        self, id_: str, recalled: _Recalled | None, events: Iterator[Event | None]
    ) -> Iterator[Event | None]:
        """Write at the first sight of the conversation, beside the answer; its end waits for that.

        Once the answer has ended, nothing can be written.
        """
        written: Generator[None, None, None] | None = None
        known = False
        try:
            for event in events:
                if event and not known and (conversation_id := event.get("conversation_id")):
                    known = True
                    if not self._is_fresh(str(conversation_id), recalled):
                        written = self.aside(partial(self._write, id_, str(conversation_id)))
                yield event
        except Exception:
            if written:
                yield from written
            raise
        if written:
            yield from written

    def _is_fresh(self, conversation_id: str, recalled: _Recalled | None) -> bool:
        if recalled is None or recalled.conversation_id != conversation_id:
            return False
        return self.records.clock() - recalled.at < FRESH * self.records.keep

    def _write(self, id_: str, conversation_id: str) -> None:
        try:
            self.records.write(id_, {"conversation_id": conversation_id})
        except (StorageFailed, RecordsFull):
            log.warning("the storage can't be written: the conversation may be forgotten")


def forget(records: Records, call: Call, thread: str | None) -> None:
    """Let the user's next call begin a conversation. Raises StorageFailed."""
    records.remove(_id(call, thread))


def _id(call: Call, thread: str | None) -> str:
    return json.dumps([call.app_id, call.user, thread])
