"""The same delivery twice runs the app once.

A delivery is a record. While it runs, the record is a lease of the run, renewed by whoever watches it: when the run
ends without a word (a crash, a caller that hung up), the lease lapses and the delivery may run again. Nothing is told
as done that is not.

What is exact. Within a process: of the same delivery at the same moment one runs. Across processes Dify's storage
can't compare and set: a process reads the record, writes its mark, pauses (50 ms) and reads again, and runs the app
if it does not find another's. So the same delivery runs twice if one process needs longer from reading to writing
than the pause lasts; if a run is not renewed for LEASE seconds although it goes on; or if Dify's cache (in front of
the storage, for five minutes) keeps what one process read in the same millisecond in which another wrote. A delivery
is never left out for any of that.

Records stand until 24 hours after their delivery began, unless the room is needed (`records`): the oldest go first.
"""

import json
import logging
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from relay import wire
from relay.errors import AppUnavailable, DeliveryInProgress, IdempotencyKeyReused
from relay.run.dify import StorageFailed, StorageSilent
from relay.run.records import Entry, Held, Records, RecordsFull

log = logging.getLogger("duck_relay")

LEASE = 25.0  # seconds from a renewal on, in which nobody else may run the delivery
RENEW = 10.0  # seconds from one renewal to the next
SOON = 0.01  # seconds from reading to writing, above which a record is read again: well below the pause
LONGEST_ANSWER = 256 * 1024  # bytes of one answer's body that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a delivery was answered with; a body that was too long to be kept is ""."""

    status: int
    media_type: str
    body: str


class Delivery:
    """One delivery of an app and its record.

    The record: `{"tag", "at", "mark", "state"}`, and while it is running `{"fingerprint", "until"}`, when it is done
    `{"fingerprint", "status", "media_type", "body"}`; a failed one has no more. Where the storage fails, a delivery
    runs as if it came for the first time, because a lost answer is worse than a second one.
    """

    def __init__(self, records: Records, *, delivery_id: str, app_id: str, fingerprint: str) -> None:
        """Name a delivery by the sender's id; `fingerprint` stands for the whole request, so that no other passes."""
        self._records = records
        self._id = _record_id(app_id, delivery_id)
        self._fingerprint = fingerprint
        self._clock = records.clock
        self._mark = uuid4().hex
        self._entry: Entry | None = None
        self._until = 0.0  # nobody else may have taken the record before
        self._turn = threading.Lock()  # a renewal that is under way must not be written over the end
        self._ended = False

    def begin(self) -> Answer | None:
        """Take the delivery on (None: run it), or give the answer that it got before.

        Costs a read, two writes (page and record), the pause and a read; a process that writes its first delivery of
        an endpoint, or the first after ten minutes, needs some six calls and one pause more. Where that or a busy
        index takes longer than SOON, the record is read again before it is written: a rival may have begun meanwhile.

        Raises DeliveryInProgress while it runs elsewhere, IdempotencyKeyReused where another request has its id, and
        RecordsFull where nothing more can be taken on.
        """
        if other := self._hold():
            self._check(other.about)
            raise self._in_progress(other.until)
        try:
            answer = self._begin()
        except BaseException:
            self._records.release(self._id, self._mark)
            raise
        if answer:
            self._records.release(self._id, self._mark)
        return answer

    def renew(self) -> bool:
        """Extend the lease: a read and a write. False when there is none any more: the delivery may be another's."""
        with self._turn:
            return not self._ended and self._renew()

    def _renew(self) -> bool:
        if self._hold(self._until):  # longer only when the storage has taken it
            return False
        try:
            record = self._records.read(self._id)
            if not self._ours(record):
                self._records.release(self._id, self._mark)
                return False
            # where another may have taken the record meanwhile, its entry may be gone too
            self._run(self._entry if record and self._clock() < self._until else None)
            self._hold(self._until)
        except (StorageFailed, RecordsFull):
            log.warning("the storage fails: a running delivery's lease is not renewed")
            return self._clock() < self._until  # then it can be tried once more
        return True

    def finish(self, answer: Answer, *, look: bool = False) -> None:
        """Keep the answer for whoever delivers the same again; without its body where that is too long.

        With `look` not where somebody has let it run again meanwhile: what was only accepted may have failed by now.
        """
        done = {
            "state": "done",
            "fingerprint": self._fingerprint,
            "status": answer.status,
            "media_type": answer.media_type,
        }
        kept = len(wire.encode(answer.body)) <= LONGEST_ANSWER
        self._end({**done, "body": answer.body if kept else ""}, otherwise={**done, "body": ""}, look=look)

    def fail(self) -> None:
        """Let the delivery run again, unless a run beside this one has finished it."""
        self._end({"state": "failed"}, look=True)

    def abandon(self) -> None:
        """Let go within this process where the storage is out of reach: the lease in it lapses by itself."""
        with self._turn:
            self._ended = True
            self._records.release(self._id, self._mark)

    def _begin(self) -> Answer | None:
        try:
            read = self._clock()
            if answer := self._answered(self._records.read(self._id)):
                return answer
            entry = self._records.enter(self._id, self._running())
            if self._clock() - read > SOON and (answer := self._answered(self._records.read(self._id))):
                return answer
            self._run(entry)
            self._records.settle()
            record = self._records.read(self._id)
            if not self._ours(record):
                if answer := self._answered(record):
                    return answer
                self._run(None)  # it has failed meanwhile
        except StorageSilent:
            # a run that nobody hears of would hold its thread for as long as the SDK waits
            raise AppUnavailable("Dify does not answer.", headers={"Retry-After": str(round(RENEW))}) from None
        except StorageFailed:
            log.warning("the storage fails: if this delivery comes again, it may run again")
        return None

    def _run(self, entry: Entry | None) -> None:
        """Write the lease."""
        lease = self._running()
        self._entry = self._records.write(self._id, lease, entry)
        self._until = lease["until"]

    def _running(self) -> dict[str, Any]:
        until = self._clock() + LEASE
        return {"mark": self._mark, "state": "running", "fingerprint": self._fingerprint, "until": until}

    def _end(
        self, state: Mapping[str, Any], *, otherwise: Mapping[str, Any] | None = None, look: bool = False
    ) -> None:
        """Write how it ended, or `otherwise` where there is no room for that, unless another has taken the record."""
        with self._turn:
            self._ended = True
            self._write_end(state, otherwise, look=look)

    def _write_end(self, state: Mapping[str, Any], otherwise: Mapping[str, Any] | None, *, look: bool) -> None:
        state = {"mark": self._mark, **state}
        try:
            entry = self._entry if self._clock() < self._until else None
            if self._hold():
                return
            if look or entry is None:
                record = self._records.read(self._id)
                if not self._ours(record) or (look and record is None):
                    return
            try:
                self._records.write(self._id, state, entry)
            except RecordsFull:
                self._records.write(self._id, {**state, **(otherwise or {})}, entry)
        except (StorageFailed, RecordsFull):
            log.warning("the storage fails: a delivery that has ended may run again in %d s at the latest", LEASE)
        finally:
            self._records.release(self._id, self._mark)

    def _hold(self, until: float | None = None) -> Held | None:
        """Take hold of the delivery within this process, or give who holds it."""
        held = Held(self._mark, self._clock() + LEASE if until is None else until, self._fingerprint)
        return self._records.hold(self._id, held)

    def _ours(self, record: Mapping[str, Any] | None) -> bool:
        return record is None or record.get("mark") == self._mark

    def _answered(self, record: Mapping[str, Any] | None) -> Answer | None:
        """Give a record's answer, None for one that may run. Raises as `begin` does."""
        match record:
            case {"state": "running", "until": int() | float() as until, "fingerprint": str(fingerprint)}:
                if until > self._clock():
                    self._check(fingerprint)
                    raise self._in_progress(until)
            case {
                "state": "done",
                "fingerprint": str(fingerprint),
                "status": int(status),
                "media_type": str(media_type),
                "body": str(body),
            }:
                self._check(fingerprint)
                return Answer(status=status, media_type=media_type, body=body)
        return None

    def _check(self, fingerprint: str) -> None:
        if fingerprint != self._fingerprint:
            raise IdempotencyKeyReused("Another request was sent with this idempotency key.")

    def _in_progress(self, until: float) -> DeliveryInProgress:
        wait = max(math.ceil(until - self._clock()), 1)
        return DeliveryInProgress("This delivery is being answered already.", headers={"Retry-After": str(wait)})


def reopen(records: Records, *, delivery_id: str, app_id: str) -> None:
    """Let a delivery run again that was acknowledged, and failed later. Raises StorageFailed, RecordsFull."""
    if delivery_id:
        records.write(_record_id(app_id, delivery_id), {"mark": "", "state": "failed"})


def _record_id(app_id: str, delivery_id: str) -> str:
    return json.dumps([app_id, delivery_id])
