"""The run of a later delivery, in the request that the plugin makes for it: run the app, and tell what it says.

The response of that request is only a sign of life. What must not happen: an answer that is lost without a word, one
that comes twice, an app that runs twice although it has said something.
"""

from collections.abc import Generator, Hashable, Iterator
from contextlib import suppress

from relay import wire
from relay.carry import Carrier
from relay.errors import AppFailed, DeliveryInProgress, RelayError
from relay.execution import OVER
from relay.incoming.templates import Budget
from relay.later import outcome
from relay.later.account import CANCELLED, INTERRUPTED, REPLY_FAILED, Account, shortened
from relay.later.desk import Desk, Job
from relay.later.ledger import Grant, Ledger
from relay.later.places import check, way
from relay.later.progress import FAILS, Progress
from relay.later.telling import SIGNS, Teller, Way, words_of
from relay.log import unforeseen
from relay.outgoing.pump import UNFORESEEN, Pump, Timing, beside, every, settle
from relay.outgoing.quiet import SIGN, SIGN_EVERY, Quiet
from relay.outward import Request, Response
from relay.plan import Destination, Plan
from relay.replies.channel import Verdict
from relay.run.app import App
from relay.run.deliveries import RENEW, Delivery
from relay.run.failure import Cancelled
from relay.run.memory import forget
from relay.run.records import DAY, DELIVERIES, MEMORY, Records

BEAT = 5.0  # seconds between two signs that somebody works at a delivery
LONGEST = 560.0  # seconds: a request of ours is ended by the daemon at 600
SOON = 1.0  # seconds until a rival of the same conversation is asked for again
LOOK = 0.5  # seconds from one look at what is told to the next

NOT_KEPT = "The answer was too large to be kept for another try."


class Work:
    """What one request does for one delivery."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        account: Account,
        plan: Plan,
        grant: Grant,
        base: str,
        ledger: Ledger,
        desk: Desk,
        watched: bool = False,
    ) -> None:
        """Take the delivery, what its answer may use, and by which address a later request could go on.

        `watched` says that whoever asked for this request asks again where it is cut off.
        """
        self._carrier = carrier
        self._host = carrier.host
        self._account = account
        self._plan = plan
        self._grant = grant
        self._base = base
        self._watched = watched
        self._progress = Progress(account, ledger=ledger, desk=desk, host=carrier.host)
        self._started = self._host.elapsed()
        self._app = App(carrier.dify, self._host, interface=plan.call.interface, request_id=carrier.line.request_id)
        self._quiet = Quiet(self._started, self._grown)
        self._progress.follow(text=lambda: self._quiet.transcript.text)
        self._bell = self._host.bell()
        self._way: Way | None = None
        self._teller: Teller | None = None
        self._body = ""  # what a callback says
        self._heard = False
        self._joined = False
        self._cancelled = False

    def claim(self) -> None:
        """Take the delivery, before anything of it is done. Raises DeliveryInProgress, and StorageFailed."""
        if self._progress.claim(self.cancel):
            self._conclude(INTERRUPTED, outcome.STOPPED)

    def cancel(self) -> None:
        """Give the delivery up: its owner wants no answer any more."""
        if not self._cancelled:
            self._cancelled = True
            self._app.inbox.end(Cancelled("The owner of this endpoint has cancelled it."))
            self._app.leave()
            self._bell.ring()

    def chunks(self) -> Iterator[bytes]:
        """Do the work, and give signs of life meanwhile. Raises nothing."""
        line = self._carrier.line
        release = every(BEAT, self._beat)
        try:
            yield SIGN
            settle()
            if not self._progress.is_ours():
                line.notes.append("another process works at this delivery")
                return
            yield from self._work()
            yield from self._tell()
            if not self._progress.holds():
                raise Cancelled(outcome.UNWANTED)
            self._finish()
        except GeneratorExit:
            self._app.leave()
            raise
        except Cancelled:  # nothing can be stored any more either: whoever takes it up sees how far it was
            line.notes.append("cut off: another request takes it up")
            if not self._progress.lost:
                self._progress.leave_alone(self._job(self._plan.conversation))
        except Exception as error:  # noqa: BLE001 - the daemon would send the traceback to the caller
            unforeseen(line.request_id, error)
            line.notes.append("500 internal_error")
            self._account.code, self._account.error = self._account.code or "internal_error", UNFORESEEN
            with suppress(Exception):
                self._progress.end(self._records())
        finally:
            release()
            if self._teller:
                self._teller.stop()
            self._progress.release()
            line.events += self._quiet.transcript.events
            if self._watched:  # else the request's own response is still to come
                line.write(self._host.elapsed())

    # --- the run

    def _work(self) -> Iterator[bytes]:
        account = self._account
        try:
            check(self._plan, self._carrier.settings)
            self._way = way(self._plan, self._carrier.settings, self._host, account, self._grant.handle)
            if self._way:
                self._progress.follow(told=self._way.telling.dump)
            if account.whole:
                self._keep_to_it()
                return
            if self._plan.words:
                self._say_words()
            elif self._plan.has_conversation:
                yield from self._in_turn()
            else:
                yield from self._run()
        except Cancelled as error:
            if self._progress.lost or (self._watched and not self._cancelled):
                raise
            self._failed(error)
        except RelayError as error:
            self._failed(error)
        except FAILS as error:
            self._failed(AppFailed("Dify's storage fails.", reason=str(error)))
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            unforeseen(self._carrier.line.request_id, error)
            self._failed(RelayError(UNFORESEEN))

    def _keep_to_it(self) -> None:
        """Make sure that what is told is the answer that there was. Raises AppFailed."""
        account = self._account
        if account.destination is Destination.CALLBACK and account.answer is None and not account.code:
            self._way = None
            raise AppFailed(NOT_KEPT)

    def _say_words(self) -> None:
        if self._plan.forgets:
            forget(self._memory(), self._plan.call, self._plan.thread)
        self._account.text, self._account.whole = self._plan.words, True

    def _in_turn(self) -> Iterator[bytes]:
        """Run while no other process runs an app in the same conversation; within this one, turns see to that."""
        lease = Delivery(
            self._records(),
            delivery_id=wire.dump(["turn", *map(str, self._plan.conversation)]),
            app_id=self._plan.call.app_id,
            fingerprint="",
        )
        yield from self._wait_for(lease)
        release = every(RENEW, lease.renew)
        try:
            yield from self._run()
        finally:
            release()
            lease.fail()

    def _wait_for(self, lease: Delivery) -> Generator[bytes, None, None]:
        while self._host.elapsed() - self._started < LONGEST / 2 and not self._cancelled:
            with suppress(DeliveryInProgress):
                lease.begin()
                return
            yield SIGN
            self._bell.wait(SOON)

    def _run(self) -> Iterator[bytes]:
        """Run the app; whoever is to be told hears of it while it speaks."""
        if self._cancelled:
            raise Cancelled(outcome.UNWANTED)
        account, plan = self._account, self._plan
        account.tries += 1
        account.step(self._host.clock(), "run", f"try {account.tries}" if account.tries > 1 else "")
        self._progress.save()
        self._begin_telling()
        pump = Pump(
            self._app.inbox,
            self._app.events(plan.call, memory=self._memory() if plan.remembers else None, thread=plan.thread),
            self._quiet,
            leave=self._app.leave,
            timing=Timing(
                ending=0.0,
                idle=self._carrier.dify.longest(plan.call.app_id) + OVER,
                total=LONGEST - (self._host.elapsed() - self._started),
            ),
        )
        try:
            pump.open()
            yield from pump.chunks()
        finally:
            account.text = self._quiet.transcript.text
        if pump.error:
            raise pump.error
        if self._app.watch.failed:
            raise AppFailed(self._app.watch.failed)
        self._answered()

    def _answered(self) -> None:
        self._body = outcome.answered(
            self._account,
            self._quiet.transcript,
            template=self._carrier.settings.answer_template,
            context=self._plan.context,
            budget=Budget(clock=self._host.elapsed),
            now=self._host.clock(),
        )
        self._ring()

    def _failed(self, error: RelayError) -> None:
        if self._cancelled and not self._account.whole:
            self._cancelled = False  # that it was is told
            self._conclude(CANCELLED, outcome.UNWANTED)
            return
        self._carrier.line.failed(error)
        outcome.failed(self._account, error, now=self._host.clock())
        self._ring()

    def _conclude(self, code: str, words: str) -> None:
        outcome.conclude(self._account, code, words, now=self._host.clock())
        self._ring()

    # --- telling

    def _begin_telling(self) -> None:
        if self._way is None or self._teller is not None:
            return
        self._teller = Teller(
            self._way,
            self._host,
            answer=self._answer,
            before=self._before,
            flying=self._progress.save,
            sent=self._sent,
            ended=self._bell.ring,
        )
        beside(self._speak)

    def _speak(self) -> None:
        self._mark()
        if self._teller:
            try:
                self._teller.work()
            except Exception as error:  # noqa: BLE001 - nobody is above this
                unforeseen(self._carrier.line.request_id, error)

    def _answer(self) -> tuple[str, bool]:
        account = self._account
        if not account.whole:
            return shortened(self._quiet.transcript.text), False
        if account.destination is Destination.CALLBACK:
            self._body = self._body or outcome.written(account)
            return self._body, True
        return account.text, True

    def _tell(self) -> Iterator[bytes]:
        """Wait until all is told, or as much as can be in the time of this request."""
        self._begin_telling()
        teller = self._teller
        if teller is None:
            return
        self._progress.save()
        teller.ring()
        signed = self._host.elapsed()
        while not teller.over:
            now = self._host.elapsed()
            if now - self._started > LONGEST or self._cancelled or self._progress.lost:
                teller.stop()
            if now - signed >= SIGN_EVERY:
                signed = now
                yield SIGN
            self._bell.wait(LOOK)

    def _before(self) -> None:
        """Before anything of an answer is sent it is written that there is one: the app is not run once more."""
        self._account.said = True
        if self._plan.joins and not self._joined:
            self._joined = True
            with suppress(*FAILS):
                self._memory().write(self._plan.joins, {"joined": True})

    def _sent(self, request: Request, response: Response, verdict: Verdict) -> None:
        if request.what not in SIGNS:
            self._account.step(self._host.clock(), request.what, words_of(verdict, response))
            self._progress.save()

    def _finish(self) -> None:
        """Write how it ended, or when it goes on."""
        account, teller = self._account, self._teller
        account.text = shortened(account.text)
        if teller and teller.late and not self._cancelled:
            if self._base:
                self._progress.postpone(self._job(account.id), teller.late)
                return
            account.code, account.error = REPLY_FAILED, "it could not be told, and there is no way to try it later"
        elif self._way and not account.code and not self._way.telling.finished:
            account.code = CANCELLED if self._cancelled else REPLY_FAILED
            account.error = self._way.telling.failed or "not all of the answer was told"
        self._progress.end(self._records())
        if account.code:
            why = f" ({account.error})" if account.code == REPLY_FAILED else ""
            self._carrier.line.notes.append(f"delivery failed: {account.code}{why}")

    # --- around it

    def _job(self, conversation: Hashable) -> Job:
        return Job(id=self._account.id, token=self._grant.token, base=self._base, conversation=conversation)

    def _grown(self) -> None:
        """Hear that the app has said something: the first time that is written, for then it is not run again."""
        if not self._heard:
            self._heard = True
            beside(self._write)
        self._ring()

    def _write(self) -> None:
        self._progress.save()

    def _ring(self) -> None:
        if self._teller:
            self._teller.ring()

    def _beat(self) -> bool:
        self._mark()
        if self._progress.beat():
            self.cancel()
        return True

    def _mark(self) -> None:
        self._host.mark(self._carrier.line.request_id)

    def _memory(self) -> Records:
        return self._carrier.records(self._plan, MEMORY, self._carrier.settings.memory_days * DAY)

    def _records(self) -> Records:
        return self._carrier.records(self._plan, DELIVERIES)
