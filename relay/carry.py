"""Carrying a plan out: the only step that runs an app, stores, and uploads."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

from werkzeug import Response

from relay.errors import AnswerNotKept, AppFailed, AppTimeout, RelayError, TooManyRequests
from relay.execution import Execution, Means
from relay.log import unforeseen
from relay.outgoing.formats import FORMATS, FORMS
from relay.outgoing.openai.errors import SHOULD_RETRY
from relay.outgoing.pump import UNFORESEEN, together
from relay.outgoing.response import of_type
from relay.plan import Dialect, Plan
from relay.run.deliveries import Answer, Delivery
from relay.run.limits import Limits
from relay.run.records import DELIVERIES

AT_ONCE = 10  # runs of one batch
LONGEST_BATCH = 300.0  # seconds after which no further run of a batch begins: the daemon ends a request at 600


class Carrier(Means):
    """Carries out what was decided for one request."""

    __slots__ = ()

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
            if not run.body and plan.form not in FORMATS:
                raise AnswerNotKept
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
            if isinstance(run, Execution):
                run.whole()
            elif run.status >= HTTPStatus.BAD_REQUEST:
                return AppFailed("A message of this delivery has failed before, and would again.")
        except RelayError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the others go on
            unforeseen(self.line.request_id, error)
            return RelayError(UNFORESEEN)
        return None

    def _begin(self, plan: Plan) -> Execution | Answer:
        """Start a run, or give what the same delivery was answered with before. Raises RelayError."""
        if plan.delivery_id is None:
            self._count(plan)
            return Execution(self, plan, None)
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
            return Execution(self, plan, delivery)
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


def too_many(seconds: float) -> TooManyRequests:
    """Say that a limit is reached, and when to come again."""
    wait = math.ceil(seconds)
    return TooManyRequests(
        f"There were too many runs: ask again in {wait} seconds.", headers={"Retry-After": str(wait)}
    )
