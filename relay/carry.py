"""Carrying a plan out: the only step that runs an app, stores, and uploads."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any

from werkzeug import Response

from relay import wire
from relay.call import Call
from relay.errors import AnswerUnshaped, AppFailed, AppTimeout, AppUnavailable, RelayError, TooManyRequests
from relay.event import Event
from relay.host import Host
from relay.incoming.settings import Settings
from relay.incoming.templates import Budget
from relay.log import Line, unforeseen
from relay.outgoing.coding import Gzip
from relay.outgoing.formats import FORMS, Named, Telling
from relay.outgoing.openai.errors import SHOULD_RETRY
from relay.outgoing.output import Gathered, Output, Streamed, Withheld
from relay.outgoing.pump import UNFORESEEN, Pump, Timing, every, settle, together
from relay.outgoing.record import Record
from relay.outgoing.response import of_type
from relay.outgoing.shape import Shaped, shape
from relay.plan import Dialect, Plan
from relay.run.app import App
from relay.run.deliveries import LONGEST_ANSWER, RENEW, Answer, Delivery
from relay.run.dify import Dify
from relay.run.failure import Cancelled
from relay.run.histories import Histories
from relay.run.limits import Limits
from relay.run.records import DAY, DELIVERIES, HISTORIES, MEMORY, STOPS, Kind, Records
from relay.run.tasks import LOOK, Scope, Task
from relay.run.transcript import Transcript

JSON = "application/json"
AT_ONCE = 10  # runs of one batch
LONGEST_BATCH = 300.0  # seconds after which no further run of a batch begins: the daemon ends a request at 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Carries out what was decided for one request."""

    settings: Settings
    dify: Dify
    line: Line
    host: Host
    gzip: bool = False  # the caller accepts a stream that is coded so

    def answer(self, plan: Plan) -> Response:
        """Carry a plan out and give its answer, whole or as it comes. Raises RelayError."""
        try:
            return self._answer(plan)
        except RelayError as error:
            error.readable = plan.dialect is Dialect.PAGE
            raise

    def _answer(self, plan: Plan) -> Response:
        run = self._begin(plan)
        if isinstance(run, Answer):
            self.line.replayed = True
            return of_type(run.media_type, run.body, run.status)
        try:
            whole = run.whole()
        except RelayError as error:
            if plan.dialect is Dialect.OPENAI and not run.is_refused(error):
                error.headers[SHOULD_RETRY] = "false"
            raise
        media_type = FORMS[plan.form].media_type
        if whole is not None:
            return of_type(media_type, whole)
        response = of_type(media_type, run.stream())
        if self.gzip:
            response.content_encoding = "gzip"
        return response

    def answer_all(self, plans: Sequence[Plan]) -> None:
        """Carry out the messages of one delivery. Raises the first error, when all have been tried.

        Those of one conversation run one after the other, as they were written; the others at the same time. What is
        done is not done again when the sender sends the delivery once more.
        """
        errors: list[RelayError] = []
        enough = self.host.elapsed() + LONGEST_BATCH
        chains: dict[Any, list[Plan]] = {}
        for plan in plans:
            chains.setdefault(plan.conversation, []).append(replace(plan, form="json"))
        waiting = list(chains.values())
        while waiting:
            if self.host.elapsed() > enough:
                errors.append(
                    AppTimeout("There were more messages than time: what is left runs when they come again.")
                )
                break
            at_once, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
            failed = together(partial(self._message, chain.pop(0)) for chain in at_once)
            errors.extend(error for error in failed if error)
            waiting = [chain for chain in at_once if chain] + waiting
        for error in errors[1:]:
            self.line.failed(error)
        if errors:
            raise errors[0]

    def _message(self, plan: Plan) -> RelayError | None:
        """Carry out one message of a batch, in a thread of its own. Gives what went wrong."""
        self.host.mark(self.line.request_id)
        try:
            run = self._begin(plan)
            if isinstance(run, _Run):
                run.whole()
            elif run.status >= HTTPStatus.BAD_REQUEST:
                return AppFailed("A message of this delivery has failed before, and would again.")
        except RelayError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the others go on
            unforeseen(self.line.request_id, error)
            return RelayError(UNFORESEEN)
        return None

    def _begin(self, plan: Plan) -> "_Run | Answer":
        """Start a run, or give what the same delivery was answered with before. Raises RelayError."""
        if plan.delivery_id is None:
            self._count(plan)
            return _Run(self, plan, None)
        self.line.deliveries.append(plan.delivery_id[:12])
        delivery = Delivery(
            self.records(plan, DELIVERIES),
            delivery_id=plan.delivery_id,
            app_id=plan.call.app_id,
            fingerprint=plan.fingerprint,
        )
        if answer := delivery.begin():
            return answer
        try:
            self._count(plan)
            return _Run(self, plan, delivery)
        except BaseException:
            delivery.fail()
            raise

    def _count(self, plan: Plan) -> None:
        if wait := self.limit(plan):
            raise too_many(wait)

    def limit(self, plan: Plan) -> float:
        """Count a run, and give 0, or the seconds after which it may be asked for again."""
        return self._limits(plan).take(plan.person or plan.call.user, self.host.clock())

    def is_news(self, plan: Plan) -> bool:
        """Tell whether a user who is refused has not been told so yet."""
        return self._limits(plan).first_refusal(plan.person or plan.call.user, self.host.clock())

    def _limits(self, plan: Plan) -> Limits:
        return Limits(
            storage=self.dify.storage,
            endpoint_id=plan.endpoint_id,
            of_user=self.settings.limit_user,
            of_endpoint=self.settings.limit_endpoint,
        )

    def records(self, plan: Plan, kind: Kind, keep: float | None = None) -> Records:
        return self.records_of(plan.endpoint_id, kind, keep)

    def records_of(self, endpoint_id: str, kind: Kind, keep: float | None = None) -> Records:
        """Give an endpoint's records of a kind, kept for so many seconds."""
        return Records(
            self.dify.storage,
            endpoint_id=endpoint_id,
            kind=kind,
            clock=self.host.clock,
            settle=settle,
            keep=keep,
        )


def too_many(seconds: float) -> TooManyRequests:
    """Say that a limit is reached, and when to come again."""
    wait = math.ceil(seconds)
    return TooManyRequests(
        f"There were too many runs: ask again in {wait} seconds.", headers={"Retry-After": str(wait)}
    )


class _Run:
    """One run of one app, begun; its delivery is a lease that is renewed as long as it lasts."""

    def __init__(self, carrier: Carrier, plan: Plan, delivery: Delivery | None) -> None:
        self._carrier = carrier
        self._plan = plan
        self._delivery = delivery
        self._app = App(carrier.dify, carrier.host, interface=plan.call.interface, request_id=carrier.line.request_id)
        self._watch = self._app.watch
        form = FORMS[plan.form]
        self._encoder = form.encoder(plan.call.query, plan.options) if form.encoder else None
        self._gatherer = form.gatherer(plan.options) if form.gatherer else Shaped(self._shape)
        self._record = Record(LONGEST_ANSWER if delivery else 0)
        self._task = self._begin_task() if plan.stoppable else None
        self._beside = [every(RENEW, delivery.renew)] if delivery else []
        if self._task:
            self._beside += [every(LOOK, self._task.look), self._task.leave]
        try:
            call = self._app.upload(plan.call)
        except BaseException:
            self._release()
            raise
        self._pump = Pump(
            self._app.inbox,
            self._events(call),
            self._make_output(),
            leave=self._app.leave,
            timing=Timing(ending=carrier.host.ending),
        )

    def whole(self) -> bytes | None:
        """Wait for the opening; give the whole answer if it is complete by then. Raises RelayError when it failed."""
        try:
            whole = self._pump.open()
            if whole is None:
                return None
            if self._watch.failed and self._plan.sender:
                raise AppFailed(self._watch.failed)  # by 200 the sender would take it for done
        except AnswerUnshaped as error:
            if self._watch.failed:
                self._conclude(None)
                raise AppFailed(self._watch.failed) from None
            self._conclude(Answer(status=int(error.status), media_type=JSON, body=wire.dump(error.as_dict())))
            raise
        except BaseException:
            self._conclude(None)
            raise
        if self._pump.error:
            self._carrier.line.failed(self._pump.error)
        if self._encoder is None:
            self._record.add(whole)
        self._conclude(self._answer())
        return whole

    def is_refused(self, error: RelayError) -> bool:
        """Tell whether an error says that nothing has run, so that to ask again costs nothing."""
        begun = error.begun or self._pump.events > 0
        return not begun and isinstance(error, AppUnavailable | TooManyRequests)

    def stream(self) -> Iterator[bytes]:
        """Stream the answer. Raises nothing: the daemon would send the traceback to the caller."""
        line = self._carrier.line
        answer = None
        try:
            for chunk in self._pump.chunks():
                line.sent(chunk)
                yield chunk
            answer = self._answer()
        except Exception as error:  # noqa: BLE001 - the daemon would send the traceback to the caller
            unforeseen(line.request_id, error)
            line.notes.append("500 internal_error")
        finally:
            # before the generator ends, because afterwards nothing can be stored
            if self._pump.error:
                line.failed(self._pump.error)
            self._conclude(answer)
            line.write(self._carrier.host.elapsed())

    def _answer(self) -> Answer | None:
        """Give what to answer the same delivery with; None when it may run again."""
        if not self._pump.complete or self._watch.failed:
            return None
        return Answer(
            status=200,
            media_type=FORMS[self._plan.form].media_type,
            body=(self._record.whole or b"").decode(),
        )

    def _release(self) -> None:
        for end in self._beside:
            end()

    def _conclude(self, answer: Answer | None) -> None:
        self._release()
        if self._task and self._task.stopped:
            self._carrier.line.notes.append("stopped")
        self._carrier.line.events += self._pump.events
        if self._delivery is None:
            return
        if isinstance(self._pump.error, Cancelled):
            self._delivery.abandon()
        elif answer is None:
            self._delivery.fail()
        else:
            self._delivery.finish(answer)

    def _make_output(self) -> Output:
        if self._encoder is None:
            return Gathered(self._gatherer)
        coding = Gzip() if self._carrier.gzip and not self._plan.sender else None
        record = self._record if self._delivery else None
        streamed = Streamed(self._encoder, self._carrier.host.elapsed(), coding=coding, record=record)
        # a sender goes by the status: by 200 it would take a run for done that fails later
        return Withheld(streamed) if self._plan.sender else streamed

    def _events(self, call: Call) -> Iterator[Event | None]:
        plan, app = self._plan, self._app
        if plan.history is None:
            events = app.events(call, memory=self._memory(), thread=plan.thread)
            return self._task.events(events) if self._task else events
        records = self._carrier.records(plan, HISTORIES)
        return Histories(
            records=records, aside=app.aside, history=plan.history, said=self._said, named=self._named
        ).run(call, app.invoke)

    def _begin_task(self) -> Task:
        plan, host = self._plan, self._carrier.host
        return Task(
            Scope(endpoint_id=plan.endpoint_id, app_id=plan.call.app_id, user=plan.call.user or ""),
            records=self._carrier.records(plan, STOPS),
            wake=self._app.inbox.hurry,
            clock=host.clock,
        )

    def _said(self) -> str:
        told = self._encoder or self._gatherer
        return told.text if isinstance(told, Telling) and not self._watch.failed else ""

    def _named(self) -> str:
        told = self._encoder or self._gatherer
        return told.id if isinstance(told, Named) else ""

    def _memory(self) -> Records | None:
        if not self._plan.remembers:
            return None
        return self._carrier.records(self._plan, MEMORY, self._carrier.settings.memory_days * DAY)

    def _shape(self, told: Transcript) -> Mapping[str, Any]:
        plan = self._plan
        return shape(
            told,
            template=self._carrier.settings.answer_template,
            context=plan.context,
            sender=plan.sender,
            reply=plan.reply,
            budget=Budget(clock=self._carrier.host.elapsed),
        )
