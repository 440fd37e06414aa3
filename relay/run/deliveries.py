"""The same delivery twice runs the app once.

Dify's storage has neither expiry nor listing nor compare-and-set. So records live in a fixed number of slots, which
bounds what they take for ever; and of two processes that get the same delivery at the same moment, the one whose mark
is still there after a pause runs it. Both run only if one takes longer from reading to writing than the pause lasts.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import uuid4

from relay import wire
from relay.errors import DeliveryInProgress
from relay.run.dify import Storage, StorageFailed

log = logging.getLogger("duck_relay")

SLOTS = 1 << 15  # a later delivery takes the slot of an earlier one, at the earliest after about as many
LONGEST_ANSWER = 256 * 1024  # bytes that are kept of one answer
KEEP = 24 * 3600.0  # seconds a finished delivery is remembered
LONGEST_RUN = 250.0  # seconds: a run that is older has ended without a word
RETRY_AFTER = 10  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a delivery was answered with."""

    media_type: str
    body: str


class Delivery:
    """One delivery and its record. Where storage fails, a delivery runs as if it came for the first time."""

    def __init__(self, storage: Storage, *, endpoint_id: str, app_id: str, delivery_id: str, now: float) -> None:
        self._storage = storage
        self._now = now
        self._mark = uuid4().hex
        self._hash = sha256(json.dumps([endpoint_id, app_id, delivery_id]).encode()).hexdigest()
        self._slot = f"delivery-{int(self._hash, 16) % SLOTS}"

    def begin(self, pause: Callable[[], None]) -> Answer | None:
        """Take the delivery on, or give the answer that it got before. `pause` lets a rival show itself.

        Raises DeliveryInProgress while it runs elsewhere.
        """
        try:
            if answer := self._answered(self._read()):
                return answer
            self._write({"state": "running"})
            pause()
            if self._read().get("mark") == self._mark:
                return None
        except StorageFailed:
            log.warning("the storage fails: a delivery can't be recognised when it comes again")
            return None
        raise self._in_progress()

    def finish(self, answer: Answer) -> None:
        """Keep the answer for whoever delivers the same again."""
        kept = len(answer.body) <= LONGEST_ANSWER
        body = answer.body if kept else ""
        self._end({"state": "done", "media_type": answer.media_type, "body": body})

    def fail(self) -> None:
        """Let the delivery run again."""
        self._end({"state": "failed"})

    def _answered(self, record: dict[str, Any]) -> Answer | None:
        age = self._now - record.get("at", 0)
        if record.get("state") == "running" and age < LONGEST_RUN:
            raise self._in_progress()
        if record.get("state") == "done" and age < KEEP:
            return Answer(media_type=record["media_type"], body=record["body"])
        return None

    def _in_progress(self) -> DeliveryInProgress:
        return DeliveryInProgress(
            "This delivery is being answered already.", headers={"Retry-After": str(RETRY_AFTER)}
        )

    def _read(self) -> dict[str, Any]:
        """Give this delivery's own record, {} for none: another's may lie in the slot."""
        stored = self._storage.get(self._slot)
        try:
            record = json.loads(stored) if stored else {}
        except ValueError:
            return {}
        return record if isinstance(record, dict) and record.get("id") == self._hash else {}

    def _write(self, state: dict[str, Any]) -> None:
        record = {"id": self._hash, "mark": self._mark, "at": self._now, **state}
        self._storage.set(self._slot, wire.encode(wire.dump(record)))

    def _end(self, state: dict[str, Any]) -> None:
        try:
            self._write(state)
        except StorageFailed:
            log.warning("the storage fails: a delivery stays marked as running for %d s", LONGEST_RUN)
