"""How far one delivery is: written while somebody works at it, so that another process can go on."""

import logging
import threading
from collections.abc import Callable
from secrets import token_hex
from typing import Any

from relay.errors import DeliveryInProgress
from relay.host import Host
from relay.later.account import INTERRUPTED, MOST_TRIES, REPLY_FAILED, Account, State
from relay.later.desk import Desk, Job
from relay.later.ledger import Ledger
from relay.run.deliveries import reopen
from relay.run.dify import StorageFailed
from relay.run.records import Records, RecordsFull

log = logging.getLogger("duck_relay")

ALIVE = 25.0  # seconds from one sign of the one who works at a delivery to when it counts as left alone
FAILS = (StorageFailed, RecordsFull)


class Progress:
    """One request's hold of one delivery."""

    lost = False  # nobody heard of this request for so long that another took the delivery

    def __init__(self, account: Account, *, ledger: Ledger, desk: Desk, host: Host) -> None:
        self.account = account
        self._ledger = ledger
        self._desk = desk
        self._host = host
        self._turn = threading.Lock()
        self._told: Callable[[], dict[str, Any] | None] = _nothing
        self._text: Callable[[], str] | None = None

    def claim(self, cancel: Callable[[], None]) -> bool:
        """Take the delivery; tell whether it was interrupted in a way that ends it.

        Raises DeliveryInProgress where it is another's or has ended, and StorageFailed.
        """
        account, now = self.account, self._host.clock()
        if account.over or account.id in self._desk.cancels or (account.mark and account.alive > now):
            raise DeliveryInProgress("This delivery is being worked at, or has ended.")
        left_alone = account.state is State.RUNNING and not account.whole
        if left_alone:
            account.step(now, INTERRUPTED, "after the app had said something" if account.said else "")
        self._desk.cancels[account.id] = cancel
        account.mark = token_hex(8)
        account.state, account.due = State.RUNNING, 0.0
        account.began = account.began or now
        account.alive = now + ALIVE
        try:
            self._ledger.save(account)
        except BaseException:
            self.release()
            raise
        return left_alone and (account.said or account.tries >= MOST_TRIES)

    def release(self) -> None:
        """Let go of the delivery in this process."""
        self._desk.cancels.pop(self.account.id, None)

    def is_ours(self) -> bool:
        """Tell whether nobody else has taken it at the same moment. A storage that fails takes it from nobody."""
        try:
            rival = self._ledger.find(self.account.id)
        except StorageFailed:
            return True
        return rival is None or rival.mark == self.account.mark

    def holds(self) -> bool:
        """Tell whether the delivery is still this request's: it may not be, if no sign of it came for too long."""
        lapsed = bool(self.account.mark) and self._host.clock() > self.account.alive
        self.lost = self.lost or (lapsed and not self.is_ours())
        return not self.lost

    def follow(self, *, text: Callable[[], str] | None = None, told: Callable[[], Any] | None = None) -> None:
        """Take from where to know what was said so far, and how far it is told."""
        self._text = text or self._text
        self._told = told or self._told

    def save(self, *, beat: bool = False) -> bool:
        """Write how far it is; tell whether it is still ours. Where the storage fails, the next time will do."""
        with self._turn:
            account = self.account
            if not self.holds() or account.over:
                return not self.lost
            if beat:
                account.alive = self._host.clock() + ALIVE
            if not account.whole and self._text:
                account.text = self._text()
                account.said = account.said or bool(account.text)
            account.telling = self._told()
            try:
                self._ledger.save(account)
            except FAILS:
                log.warning("the storage fails: how a delivery stands is not written")
        return True

    def beat(self) -> bool:
        """Say that this request still works at it; tell whether its answer is wanted of it no more."""
        if not self.save(beat=True):
            return True
        try:
            self._desk.write(self._ledger, beat=True)
            return self._ledger.grant(self.account.id).cancelled
        except FAILS:
            return False

    def postpone(self, job: Job, seconds: float) -> None:
        """Leave what is not told to a request of its own, after a while."""
        account = self.account
        account.state, account.due, account.alive = State.WAITING, self._host.clock() + seconds, 0.0
        account.mark = ""
        self._desk.keep(account.id)
        try:
            self._desk.write(self._ledger)
        except FAILS:
            log.warning("the storage fails: a delivery that is told later would be lost with this process")
        self.save()
        self._desk.later(job, seconds)

    def leave_alone(self, job: Job) -> None:
        """Give the delivery up in this request, which has no storage any more; another one takes it up."""
        self._desk.keep(job.id)
        self._desk.later(job, ALIVE + 1)

    def end(self, deliveries: Records) -> None:
        """Write how it ended. One that failed may come again from its sender."""
        account = self.account
        account.state = State.FAILED if account.code else State.DONE
        account.ended = self._host.clock()
        account.telling = self._told() if account.code else None
        try:
            with self._turn:
                self._ledger.close(account, forget=account.code != REPLY_FAILED)
            if account.code:
                reopen(deliveries, delivery_id=account.origin, app_id=account.app_id)
        except FAILS:
            log.warning("the storage fails: how a delivery ended is not written")
        self._desk.drop(account.id)


def _nothing() -> None:
    return None
