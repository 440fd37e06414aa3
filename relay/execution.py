"""One run of one app, from its beginning to what is kept of its answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from relay import wire
from relay.call import Call
from relay.errors import AnswerUnshaped, AppFailed, AppUnavailable, RelayError, TooManyRequests
from relay.event import Event
from relay.host import Host
from relay.incoming.settings import Settings
from relay.incoming.templates import Budget
from relay.log import Line, unforeseen
from relay.outgoing.coding import Gzip
from relay.outgoing.formats import FORMS, Named, Telling
from relay.outgoing.output import Gathered, Output, Streamed, Withheld
from relay.outgoing.pace import PEOPLE, Pace
from relay.outgoing.pump import Pump, Timing, every, settle
from relay.outgoing.record import Record
from relay.outgoing.shape import Shaped, shape
from relay.plan import Dialect, Plan
from relay.run.app import App
from relay.run.deliveries import LONGEST_ANSWER, RENEW, Answer, Delivery
from relay.run.dify import Dify, Session
from relay.run.failure import Cancelled
from relay.run.histories import Histories
from relay.run.records import DAY, HISTORIES, MEMORY, STOPS, Kind, Records
from relay.run.tasks import LOOK, Scope, Task
from relay.run.transcript import Transcript
from relay.run.ways import Ways

JSON = "application/json"
OVER = 5.0  # seconds that Dify has to tell that a run took too long


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a request brings for carrying out what was decided."""

    settings: Settings
    dify: Dify
    line: Line
    host: Host
    gzip: bool = False  # the caller accepts a stream that is coded so

    def by(self, session: Session | None) -> Self:
        """Give the same by another session, None for the same one; which way an app goes these settings still say."""
        return replace(self, dify=Ways(session, self.settings)) if session else self

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


class Execution:
    """One run of one app, begun; its delivery is a lease that is renewed as long as it lasts."""

    def __init__(self, means: Means, plan: Plan, delivery: Delivery | None) -> None:
        self._means = means
        self._plan = plan
        self._delivery = delivery
        self._app = App(means.dify, means.host, interface=plan.call.interface, request_id=means.line.request_id)
        self._watch = self._app.watch
        form = FORMS[plan.form]
        self._encoder = form.encoder(plan.call.query, plan.options) if form.encoder else None
        self._gatherer = form.gatherer(plan.options) if form.gatherer else Shaped(self._shape)
        self._record = Record(LONGEST_ANSWER if delivery else 0)
        self._task = self._begin_task() if plan.stoppable else None
        self._concluded = False
        self._beside = [every(RENEW, delivery.renew)] if delivery else []
        if self._task:
            self._beside += [every(LOOK, self._task.look), self._task.leave]
        try:
            self._pump = Pump(
                self._app.inbox,
                self._events(self._app.upload(plan.call)),
                self._make_output(),
                leave=self._app.leave,
                conclude=self._conclude_stream,
                timing=Timing(ending=means.host.ending, idle=means.dify.longest(plan.call.app_id) + OVER),
            )
        except BaseException:
            self._release()
            raise

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
            self._means.line.failed(self._pump.error)
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
        line = self._means.line
        try:
            for chunk in self._pump.chunks():
                line.sent(chunk)
                yield chunk
        except Exception as error:  # noqa: BLE001 - the daemon would send the traceback to the caller
            unforeseen(line.request_id, error)
            line.notes.append("500 internal_error")
        finally:
            # before the generator ends, because afterwards nothing can be stored
            if self._pump.error:
                line.failed(self._pump.error)
            if not self._concluded:
                self._conclude(None)
            line.write(self._means.host.elapsed())

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

    def _conclude_stream(self) -> None:
        self._conclude(self._answer())

    def _conclude(self, answer: Answer | None) -> None:
        self._concluded = True
        self._release()
        if self._task and self._task.stopped:
            self._means.line.notes.append("stopped")
        self._means.line.events += self._pump.events
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
        coding = Gzip() if self._means.gzip and not self._plan.sender else None
        record = self._record if self._delivery else None
        pace = Pace(least=PEOPLE) if FORMS[self._plan.form].headed else None
        streamed = Streamed(self._encoder, self._means.host.elapsed(), coding=coding, record=record, pace=pace)
        # a sender goes by the status: by 200 it would take a run for done that fails later
        return Withheld(streamed) if self._plan.sender else streamed

    def _events(self, call: Call) -> Iterator[Event | None]:
        plan, app = self._plan, self._app
        if plan.history is None:
            events = app.events(call, memory=self._memory(), thread=plan.thread)
            return self._task.events(events) if self._task else events
        records = self._means.records(plan, HISTORIES)
        return Histories(
            records=records, aside=app.aside, history=plan.history, said=self._said, named=self._named
        ).run(call, app.invoke)

    def _begin_task(self) -> Task:
        plan, host = self._plan, self._means.host
        user = None if plan.dialect is Dialect.PAGE else plan.call.user or ""
        return Task(
            Scope(endpoint_id=plan.endpoint_id, app_id=plan.call.app_id, user=user),
            records=self._means.records(plan, STOPS),
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
        return self._means.records(self._plan, MEMORY, self._means.settings.memory_days * DAY)

    def _shape(self, told: Transcript) -> Mapping[str, Any]:
        plan = self._plan
        return shape(
            told,
            template=self._means.settings.answer_template,
            context=plan.context,
            sender=plan.sender,
            reply=plan.reply,
            budget=Budget(clock=self._means.host.elapsed),
        )
