"""Accepting a delivery that is answered later: it is acknowledged when nothing can lose it any more."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_hex

from werkzeug import Response

from relay import wire
from relay.carry import Carrier, too_many
from relay.errors import AppUnavailable, InvalidParam, PayloadTooLarge, TooManyRequests
from relay.execution import JSON
from relay.later.account import Account, State, hashed
from relay.later.arrivals import Place
from relay.later.desk import Desk, Job
from relay.later.ledger import Grant, Ledger
from relay.later.turns import Turn
from relay.later.work import Work
from relay.outgoing.pump import every, together
from relay.outgoing.response import of_reply, of_type
from relay.outward import Started
from relay.plan import Destination, Plan
from relay.run.app import App
from relay.run.deliveries import RENEW, Answer, Delivery
from relay.run.dify import StorageFailed
from relay.run.records import DELIVERIES, MEMORY, RecordsFull
from relay.senders import SCHEMES, Reply

UNREACHED = (
    "The plugin can't reach its own address, so that this ran while its sender waited: set relay_url to this"
    " endpoint's URL, as the plugin can reach it."
)
SOON = {"Retry-After": "10"}
BUSY = "Too many questions are waiting. Please ask again in a minute."


class Unheard(Exception):
    """Nobody gets an answer, nor is anybody told so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Accepts what was decided for one request."""

    carrier: Carrier
    ledger: Ledger
    desk: Desk
    own_request: bool = False  # it is one of ours: `Duck-Relay`
    above: str = ""  # from the address that was called to the endpoint's: "../", or nothing

    def accept(self, plan: Plan) -> Response:
        """Accept one delivery, and acknowledge it in its sender's way. Raises RelayError."""
        with self.desk.arrivals.arrive(plan.conversation if plan.has_conversation else object()) as place:
            return self._accept(plan, place)

    def _accept(self, plan: Plan, place: Place) -> Response:
        if self.own_request:
            raise InvalidParam("This request comes from a relay itself: it would go round in circles.")
        if plan.unasked and not self._takes_part(plan):
            self.carrier.line.notes.append("nobody spoke to the bot")
            return self._acknowledge(plan, None)
        if plan.delivery_id is None:
            try:
                return self._acknowledge(plan, self._take(plan, None, place))
            except Unheard:
                return self._acknowledge(plan, None)
        self.carrier.line.deliveries.append(plan.delivery_id[:12])
        delivery = Delivery(
            self.carrier.records(plan, DELIVERIES),
            delivery_id=plan.delivery_id,
            app_id=plan.call.app_id,
            fingerprint=plan.fingerprint,
        )
        if answer := self._prepared(delivery):
            self.carrier.line.replayed = True
            return _again(answer)
        try:
            account = self._take(plan, delivery, place)
            response = self._acknowledge(plan, account)
        except Unheard:
            delivery.fail()
            self.carrier.line.notes.append("over a limit, and told so before")
            return self._acknowledge(plan, None)
        except BaseException:
            delivery.fail()
            raise
        if not account.code:
            body = response.get_data(as_text=True)
            answer = Answer(status=response.status_code, media_type=response.content_type or "", body=body)
            delivery.finish(answer, look=True)
        else:
            delivery.fail()
        return response

    def _prepared(self, delivery: Delivery) -> Answer | None:
        """Begin a delivery, and have ready meanwhile what it is stored in."""
        if not (unready := self.ledger.unready()):
            return delivery.begin()
        begun: list[Answer] = []

        def begin() -> None:
            if answer := delivery.begin():
                begun.append(answer)

        acts: list[Callable[[], None]] = [begin, *(partial(_try, act) for act in unready)]
        together(acts)
        return begun[0] if begun else None

    def _take(self, plan: Plan, delivery: Delivery | None, place: Place) -> Account:
        """Store a delivery and see that its run begins."""
        host = self.carrier.host
        base = host.own.address(plan.hook_id, self.carrier.settings.relay_url)
        if self.desk.reachable(base) and self.desk.full:  # before anything of it is counted, uploaded or stored
            raise TooManyRequests(BUSY, headers={"Retry-After": "60"})
        plan = self._uploaded(self._counted(plan))
        token = token_hex(16)
        account = Account(
            id=token_hex(16),
            app_id=plan.call.app_id,
            sender=plan.sender or "",
            destination=plan.destination,
            created=host.clock(),
            token=hashed(token),
            origin=(plan.delivery_id or "") if delivery else "",
        )
        account.step(account.created, "accepted")
        self.carrier.line.deliveries.append(account.id)
        self._store(account, plan, token)
        place.wait()
        if base is None or not self.desk.reachable(base):
            place.leave()
            return self._at_once(account, plan, token, base or "", delivery)
        conversation = plan.conversation if plan.has_conversation else account.id
        job = Job(id=account.id, token=token, base=base, conversation=conversation)
        turn = self.desk.enter(job)
        place.leave()
        if turn is Turn.FULL:
            self._undo(account)
            raise TooManyRequests(BUSY, headers={"Retry-After": "60"})
        if turn is Turn.LATER:
            account.state = State.WAITING
        elif (started := self.desk.begin(job)) is Started.RUNNING:
            account.state = State.RUNNING
        elif started is not Started.UNKNOWN:
            return self._begun(account) or self._at_once(account, plan, token, base, delivery)
        return account

    def _begun(self, account: Account) -> Account | None:
        """Give the delivery if its run has begun all the same: its first sign may only have been slow."""
        with suppress(StorageFailed):
            known = self.ledger.find(account.id)
            if known and (known.mark or known.over):
                return known
        return None

    def _store(self, account: Account, plan: Plan, token: str) -> None:
        """Write all that a run needs, and who sees to it. Raises RelayError; then nothing of it is left."""
        self.desk.keep(account.id)
        try:
            self.ledger.open(account, plan, token)
            self.desk.write(self.ledger)
        except BaseException as error:
            self._undo(account)
            if isinstance(error, StorageFailed):
                raise AppUnavailable("Dify's storage does not take it now.", headers=SOON) from error
            if isinstance(error, ValueError):
                raise PayloadTooLarge(f"It is too large to be answered later: {error}.") from None
            raise

    def _undo(self, account: Account) -> None:
        self.desk.drop(account.id)
        with suppress(StorageFailed):
            self.ledger.erase(account)

    def _counted(self, plan: Plan) -> Plan:
        """Count a run. Who is over a limit in a messenger is told so once, instead of an answer."""
        if plan.words or not (wait := self.carrier.limit(plan)):
            return plan
        error = too_many(wait)
        if plan.destination is not Destination.SENDER:
            raise error
        if not self.carrier.is_news(plan):
            raise Unheard
        return replace(plan, words=error.message)

    def _at_once(self, account: Account, plan: Plan, token: str, base: str, delivery: Delivery | None) -> Account:
        """Run in this request, for there is no way to have one of our own. The sender waits, if it does."""
        self.carrier.line.notes.append(UNREACHED)
        account.note(UNREACHED)
        if answers_in_response(plan):  # else it would be told twice, or before the sender knows of it
            plan, account.destination = replace(plan, destination=Destination.LATER), Destination.RESPONSE
        work = Work(
            carrier=self.carrier,
            account=account,
            plan=plan,
            grant=Grant(token=token, handle=plan.handle),
            base=base,
            ledger=self.ledger,
            desk=self.desk,
        )
        try:
            work.claim()
        except (StorageFailed, RecordsFull) as error:
            self._undo(account)  # or the next look would run it, beside the sender's next try
            raise AppUnavailable("Dify's storage does not take it now.", headers=SOON) from error
        release = every(RENEW, delivery.renew) if delivery else None
        try:
            for _ in work.chunks():
                pass
        finally:
            if release:
                release()
        return account

    def _uploaded(self, plan: Plan) -> Plan:
        if not plan.call.uploads:
            return plan
        app = App(
            self.carrier.dify,
            self.carrier.host,
            interface=plan.call.interface,
            request_id=self.carrier.line.request_id,
        )
        return replace(plan, call=app.upload(plan.call))

    def _takes_part(self, plan: Plan) -> bool:
        try:
            return self.carrier.records(plan, MEMORY).read(plan.joins) is not None
        except StorageFailed as error:
            raise AppUnavailable("Dify does not answer.", headers=SOON) from error

    def _acknowledge(self, plan: Plan, account: Account | None) -> Response:
        scheme = SCHEMES.get(plan.sender or "")
        if account is not None and account.destination is Destination.RESPONSE and scheme and scheme.message:
            return of_type(JSON, wire.dump(scheme.message(plan.reply or {}, account.text)))
        if account is None and scheme:
            return of_reply(scheme.acknowledgement, "POST")
        if account is None or plan.destination is Destination.SENDER or scheme:
            return of_reply(scheme.accepted if scheme else Reply(), "POST")
        url = f"deliveries/{account.id}"
        relay_url = self.carrier.settings.relay_url
        if relay_url and not self.carrier.host.own.address(plan.hook_id, relay_url):
            relay_url = None  # it is another endpoint's
        told = {
            "delivery_id": account.id,
            "state": account.state.value,
            "url": f"{relay_url}/{url}" if relay_url else f"{self.above}{url}",
        }
        return _again(Answer(status=202, media_type=JSON, body=wire.dump(told)))


def answers_in_response(plan: Plan) -> bool:
    """Tell whether the sender shows what the response says, so that there is another way than its API."""
    scheme = SCHEMES.get(plan.sender or "")
    return bool(scheme and scheme.message and plan.reply is not None and plan.destination is Destination.SENDER)


def _try(act: Callable[[], None]) -> None:
    with suppress(StorageFailed):  # who writes hears of it, too
        act()


def _again(answer: Answer) -> Response:
    """Give an acknowledgement, as it is or was given."""
    response = of_type(answer.media_type, answer.body, answer.status)
    if answer.status == 202 and (told := wire.parse(answer.body, "The acknowledgement")):
        response.headers["Location"] = told["url"]
    return response
