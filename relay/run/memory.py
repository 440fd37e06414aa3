"""A user's conversation with an app, kept from one call to the next."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from relay import wire
from relay.call import Call
from relay.event import Event
from relay.run.dify import Storage, StorageFailed
from relay.run.failure import ConversationNotFound

log = logging.getLogger("duck_relay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Remembers conversations per endpoint, app, user and thread; without a storage that works, none."""

    storage: Storage
    endpoint_id: str
    thread: str | None = None  # where the user speaks: an issue, a channel's thread
    keep: float  # seconds
    now: float  # seconds since 1970

    def run(self, call: Call, invoke: Callable[[Call], Iterator[Event]]) -> Iterator[Event]:
        """Run the app in the user's conversation, and remember the one that it answers in.

        A conversation that Dify no longer knows is begun anew, once and silently. Raises what `invoke` raises.
        """
        if call.user is None or call.conversation_id is not None:
            yield from invoke(call)
            return
        key = self._key(call, call.user)
        recalled = call if call.fresh else replace(call, conversation_id=self._recall(key))
        try:
            yield from self._remember(key, invoke(recalled))
        except ConversationNotFound:
            if recalled.conversation_id is None:
                raise
            yield from self._remember(key, invoke(call))

    def _key(self, call: Call, user: str) -> str:
        """Hash, so that nobody's name stands in the storage, and no part can be mistaken for another."""
        parts = json.dumps([self.endpoint_id, call.app_id, user, self.thread])
        return f"conversation-{sha256(parts.encode()).hexdigest()}"

    def _recall(self, key: str) -> str | None:
        try:
            stored = self.storage.get(key)
            entry = json.loads(stored) if stored else {}
            return str(entry["conversation_id"]) if entry and self.now - entry["at"] < self.keep else None
        except StorageFailed:
            log.warning("the storage can't be read: going on without the conversation")
        except (ValueError, KeyError, TypeError):
            log.warning("a remembered conversation can't be read: beginning anew")
        return None

    def _remember(self, key: str, events: Iterator[Event]) -> Iterator[Event]:
        """Write at the first sight of the conversation: once the answer has ended, nothing can be written."""
        known = False
        for event in events:
            conversation_id = event.get("conversation_id")
            if not known and conversation_id:
                known = True
                self._write(key, str(conversation_id))
            yield event

    def _write(self, key: str, conversation_id: str) -> None:
        entry = {"conversation_id": conversation_id, "at": self.now}
        try:
            self.storage.set(key, wire.encode(wire.dump(entry)))
        except StorageFailed:
            log.warning("the storage can't be written: the conversation will be forgotten")
