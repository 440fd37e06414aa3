"""The run of a later delivery, in the request that the plugin makes for it: run the app, and tell what it says.

The response of that request is only a sign of life. What must not happen: an answer that is lost without a word, one
that comes twice, an app that runs twice although it has said something.
"""

import logging
from collections.abc import Generator, Iterator
from contextlib import suppress
from secrets import token_hex
from typing import Any

from relay import wire
from relay.carry import Carrier
from relay.errors import AppFailed, AppTimeout, DeliveryInProgress, RelayError
from relay.later import telling
from relay.later.account import (
    CANCELLED,
    INTERRUPTED,
    MOST_TRIES,
    REPLY_FAILED,
    Account,
    State,
    shortened,
)
from relay.later.desk import Desk, Job
from relay.later.ledger import Ledger
from relay.later.places import Way, check, way
from relay.later.telling import Teller
from relay.log import unforeseen
from relay.outgoing.pump import Pump, Timing, beside, every, settle
from relay.outgoing.quiet import SIGN, SIGN_EVERY, Quiet
from relay.outgoing.shape import shape
from relay.outward import Request, Response
from relay.plan import Destination, Plan
from relay.replies.channel import Verdict
from relay.run.app import App
from relay.run.deliveries import Delivery, reopen
from relay.run.dify import StorageFailed
from relay.run.failure import Cancelled
from relay.run.memory import forget
from relay.run.records import DAY, DELIVERIES, MEMORY, Records, RecordsFull

log = logging.getLogger("duck_relay")

ALIVE = 25.0  # seconds from one sign of the one who works at a delivery to when it counts as left alone
BEAT = 5.0  # seconds between two of them
LONGEST = 560.0  # seconds: a request of ours is ended by the daemon at 600
SOON = 1.0  # seconds until a rival of the same conversation is asked for again

SORRY = "Sorry, that did not work: the app could not answer."
TOO_LONG = "Sorry, the app took longer than it may."
STOPPED = "Sorry, the answer was interrupted."
UNWANTED = "The answer was cancelled."


class Work:
    """What one request does for one delivery."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        account: Account,
        plan: Plan,
        token: str,
        handle: dict[str, Any],
        base: str,
        ledger: Ledger,
        desk: Desk,
    ) -> None:
        self._carrier = carrier
        self._host = carrier.host
        self._account = account
        self._plan = plan
        self._token = token
        self._handle = handle
        self._base = base
        self._ledger = ledger
        self._desk = desk
        self._started = self._host.elapsed()
        self._app = App(carrier.dify, self._host, interface=plan.call.interface, request_id=carrier.line.request_id)
        self._quiet = Quiet(self._started, self._grown)
        self._bell = self._host.bell()
        self._way: Way | None = None
        self._teller: Teller | None = None
        self._body = ""  # what a callback says
        self._dirty = False
        self._cancelled = False

    def claim(self) -> None:
        """Take the delivery, before anything of it is done. Raises DeliveryInProgress, and StorageFailed."""
        account, now = self._account, self._host.clock()
        if account.over or account.id in self._desk.cancels or (account.mark and account.alive > now):
            raise DeliveryInProgress("This delivery is being worked at, or has ended.")
        left_alone = account.state is State.RUNNING and not account.whole
        self._desk.cancels[account.id] = self.cancel
        try:
            account.mark = token_hex(8)
            if left_alone and (account.said or account.tries >= MOST_TRIES):
                self._conclude(INTERRUPTED, STOPPED)
            elif left_alone:
                account.step(now, "run", "interrupted before the app said anything: again")
            account.state, account.due = State.RUNNING, 0.0
            account.began = account.began or now
            account.alive = now + ALIVE
            self._ledger.save(account)
        except BaseException:
            self._desk.cancels.pop(account.id, None)
            raise

    def chunks(self) -> Iterator[bytes]:
        """Do the work, and give signs of life meanwhile. Raises nothing."""
        line, account = self._carrier.line, self._account
        release = every(BEAT, self._beat)
        try:
            yield SIGN
            settle()
            rival = self._ledger.find(account.id)
            if rival is not None and rival.mark != account.mark:
                line.notes.append("another process works at this delivery")
                return
            yield from self._work()
        except GeneratorExit:
            self._app.leave()
            raise
        except Exception as error:  # noqa: BLE001 - the daemon would send the traceback to the caller
            unforeseen(line.request_id, error)
            line.notes.append("500 internal_error")
            self._conclude("internal_error", SORRY)
            self._finish()
        finally:
            release()
            self._desk.cancels.pop(account.id, None)
            line.events += self._quiet.transcript.events
            line.write(self._host.elapsed())

    def cancel(self) -> None:
        """Give the delivery up: its owner wants no answer any more."""
        self._cancelled = True
        self._app.inbox.end(Cancelled("The owner of this endpoint has cancelled it."))
        self._app.leave()
        self._bell.ring()

    # --- the run

    def _work(self) -> Iterator[bytes]:
        account = self._account
        if not account.whole:
            lease = None
            try:
                self._way = self._find_way()
                if self._plan.words:
                    yield from self._say_words()
                else:
                    lease = yield from self._turn()
                    yield from self._run()
            except RelayError as error:
                self._failed(error)
            finally:
                if lease:
                    lease.fail()
        else:
            with suppress(RelayError):
                self._way = self._find_way()
        yield from self._tell()
        self._finish()

    def _find_way(self) -> Way | None:
        """Look where the answer goes, as the settings are now. Raises RelayError."""
        check(self._plan, self._carrier.settings)
        return way(self._plan, self._carrier.settings, self._host, self._account, self._handle)

    def _say_words(self) -> Iterator[bytes]:
        if self._plan.forgets:
            forget(self._memory(), self._plan.call, self._plan.thread)
        self._account.text, self._account.whole = self._plan.words, True
        yield SIGN

    def _turn(self) -> Generator[bytes, None, Delivery | None]:
        """Wait until no other process runs an app in the same conversation; within this one, turns see to that."""
        if not self._plan.has_conversation:
            return None
        lease = Delivery(
            self._records(DELIVERIES),
            delivery_id=wire.dump(["turn", *map(str, self._plan.conversation)]),
            app_id=self._plan.call.app_id,
            fingerprint="",
        )
        while self._host.elapsed() - self._started < LONGEST / 2:
            with suppress(DeliveryInProgress):
                lease.begin()
                return lease
            yield SIGN
            self._bell.wait(SOON)
        return None

    def _run(self) -> Iterator[bytes]:
        """Run the app; whoever is to be told hears of it while it speaks."""
        account, plan = self._account, self._plan
        account.tries += 1
        account.step(self._host.clock(), "run", f"try {account.tries}" if account.tries > 1 else "")
        self._ledger.save(account)
        self._begin_telling()
        memory = self._memory() if plan.remembers else None
        pump = Pump(
            self._app.inbox,
            self._app.events(plan.call, memory=memory, thread=plan.thread),
            self._quiet,
            leave=self._app.leave,
            timing=Timing(ending=0.0, total=LONGEST),
        )
        try:
            pump.open()
            yield from pump.chunks()
        finally:
            account.text = shortened(self._quiet.transcript.text)
        if pump.error:
            raise pump.error
        if self._app.watch.failed:
            raise AppFailed(self._app.watch.failed)
        self._answered()

    def _answered(self) -> None:
        account = self._account
        if account.destination is not Destination.SENDER:
            answer = shape(
                self._quiet.transcript,
                template=self._carrier.settings.answer_template,
                context=self._plan.context,
                sender=None,
            )
            account.answer = dict(answer)
        account.whole = True
        account.step(self._host.clock(), "answer", f"{len(account.text)} characters")
        self._changed()

    def _failed(self, error: RelayError) -> None:
        if self._cancelled:
            self._conclude(CANCELLED, UNWANTED)
            return
        self._carrier.line.failed(error)
        self._conclude(error.code, TOO_LONG if isinstance(error, AppTimeout) else SORRY, error.message)

    def _conclude(self, code: str, words: str, error: str = "") -> None:
        """End the delivery without an answer of the app's: the person is told so, behind what it has said."""
        account = self._account
        account.code, account.error = code, error or words
        told = f"{words} ({account.id})"
        account.text = f"{account.text}\n\n{told}" if account.text else told
        account.whole, account.answer = True, None
        account.step(self._host.clock(), "failed", code)
        self._changed()

    # --- telling

    def _begin_telling(self) -> None:
        if self._way is None or self._teller is not None:
            return
        self._teller = Teller(
            self._way.telling,
            self._way.place,
            self._host,
            answer=self._answer,
            before=self._before,
            sent=self._sent,
            ended=self._bell.ring,
        )
        beside(self._teller.work)

    def _answer(self) -> tuple[str, bool]:
        account = self._account
        if account.whole:
            return (self._callback_body() if account.destination is Destination.CALLBACK else account.text), True
        return self._quiet.transcript.text, False

    def _callback_body(self) -> str:
        """Give what a callback says; written once, since each try has to say the same."""
        if not self._body:
            account = self._account
            failed = {"event": "error", "code": account.code, "message": account.error, "status": 502}
            body = account.answer if account.answer is not None else failed
            self._body = wire.dump({"delivery_id": account.id, **body})
        return self._body

    def _tell(self) -> Iterator[bytes]:
        """Wait until all is told, or as much as can be in the time of this request."""
        self._begin_telling()
        teller = self._teller
        if teller is None:
            return
        teller.ring()
        signed = self._host.elapsed()
        while not teller.over:
            now = self._host.elapsed()
            if now - self._started > LONGEST or self._cancelled:
                teller.stop()
            if now - signed >= SIGN_EVERY:
                signed = now
                yield SIGN
            self._bell.wait(0.5)

    def _before(self) -> None:
        """Before anything of an answer is sent it is written that there is one: the app is not run once more."""
        if not self._account.said:
            self._account.said = True
            if self._plan.joins:
                with suppress(StorageFailed, RecordsFull):
                    self._memory().write(self._plan.joins, {"joined": True})
            self._save()

    def _sent(self, request: Request, response: Response, verdict: Verdict) -> None:
        if request.what not in {"typing", "status"} or verdict.reason:
            self._account.step(self._host.clock(), request.what, telling.words_of(verdict, response))
        self._save()

    # --- what is stored

    def _grown(self) -> None:
        if not self._account.said:
            self._dirty = True
        if self._teller:
            self._teller.ring()

    def _changed(self) -> None:
        if self._teller:
            self._teller.ring()

    def _beat(self) -> bool:
        """Say that this request still works at the delivery, and look whether it still should."""
        account = self._account
        self._host.mark(self._carrier.line.request_id)
        account.alive = self._host.clock() + ALIVE
        try:
            self._save()
            self._desk.write(self._ledger, beat=True)
            kept = self._ledger.plan(account.id)
        except (StorageFailed, RecordsFull):
            return True
        if kept is None or kept.cancelled:
            self.cancel()
            return False
        return True

    def _save(self) -> None:
        account = self._account
        if not account.whole:
            account.text = self._quiet.transcript.text
            account.said = account.said or bool(account.text)
        account.telling = self._way.telling.dump() if self._way else None
        try:
            self._ledger.save(account)
        except (StorageFailed, RecordsFull):
            log.warning("the storage fails: how a delivery stands is not written")

    def _finish(self) -> None:
        """Write how it ended, or when it goes on."""
        account, teller = self._account, self._teller
        now = self._host.clock()
        if teller and teller.late and not self._cancelled:
            account.state, account.due, account.alive = State.WAITING, now + teller.late, 0.0
            account.mark = ""
            account.telling = self._way.telling.dump() if self._way else None
            self._desk.keep(account.id)
            with suppress(StorageFailed, RecordsFull):
                self._desk.write(self._ledger)
                self._ledger.save(account)
            job = Job(id=account.id, token=self._token, base=self._base, conversation=account.id)
            self._desk.later(job, teller.late)
            return
        failed = self._way.telling.failed if self._way else ""
        if failed and not account.code:
            account.code, account.error = REPLY_FAILED, failed
        account.state = State.FAILED if account.code else State.DONE
        account.ended = now
        account.telling = self._way.telling.dump() if self._way and account.code else None
        try:
            self._ledger.close(account, forget=account.code != REPLY_FAILED)
            if account.code:
                reopen(self._records(DELIVERIES), delivery_id=account.origin, app_id=account.app_id)
        except (StorageFailed, RecordsFull):
            log.warning("the storage fails: how a delivery ended is not written")
        if account.code:
            self._carrier.line.notes.append(f"delivery failed: {account.code}")
        self._desk.drop(account.id)

    def _memory(self) -> Records:
        return self._carrier.records(self._plan, MEMORY, self._carrier.settings.memory_days * DAY)

    def _records(self, kind: Any) -> Records:
        return self._carrier.records(self._plan, kind)
