"""Looking for deliveries that a process had in hand and that nobody works at any more."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from secrets import token_hex

from relay.carry import Carrier
from relay.errors import DeliveryInProgress
from relay.host import Host
from relay.incoming.received import Received
from relay.incoming.settings import Settings
from relay.later.account import INTERRUPTED, Account, State, hashed
from relay.later.desk import Desk, Job, desk_of
from relay.later.ledger import Ledger
from relay.outgoing.pump import beside
from relay.run.deliveries import Delivery
from relay.run.dify import StorageFailed
from relay.run.records import DELIVERIES, Kind, Records, RecordsFull

log = logging.getLogger("duck_relay")

EVERY = 30.0  # seconds from one look to the next, while requests come


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One request's look at what was left."""

    desk: Desk
    ledger: Ledger
    host: Host
    settings: Settings
    hook_id: str
    records: Callable[[Kind], Records]

    def is_due(self) -> bool:
        """Tell whether it is time, and say that somebody looks. Without an own address nothing can be taken up."""
        if self.host.own.address(self.hook_id, self.settings.relay_url) is None:
            return False
        now = self.host.elapsed()
        if now - self.desk.looked < EVERY:
            return False
        self.desk.looked = now
        return True

    def look(self) -> float:
        """Take up what others left, and what this process lost sight of. Raises nothing: the next look comes.

        Gives the seconds after which somebody else may be known to be gone who may be at work now, 0 for nobody.
        """
        try:
            return self._look()
        except (StorageFailed, RecordsFull):
            self.desk.looked = float("-inf")
            return 0.0

    def _look(self) -> float:
        soon = 0.0
        self._take_up(self.desk.idle)
        now = self.host.clock()
        for hand in self.ledger.hands():
            if hand.writer == self.desk.writer:
                continue
            if hand.until > now:
                soon = max(soon, hand.until - now)
                continue
            claim = Delivery(self.records(DELIVERIES), delivery_id=f"hand {hand.writer}", app_id="", fingerprint="")
            try:
                claim.begin()
            except DeliveryInProgress:
                continue  # another process takes it up
            try:
                for id_ in hand.ids:
                    self.desk.keep(id_)
                self.desk.write(self.ledger)
                self.ledger.drop_hand(hand.writer)
                self._take_up(hand.ids)
            finally:
                claim.fail()
        return soon

    def _take_up(self, ids: Iterable[str]) -> None:
        """See to deliveries that nobody works at, in the order in which they came."""
        found = {id_: self.ledger.find(id_) for id_ in ids}
        for account in sorted(filter(None, found.values()), key=lambda account: account.created):
            self._see_to(account)
        for id_, known in found.items():
            if known is None or known.over:
                self.desk.drop(id_)

    def _see_to(self, account: Account) -> None:
        id_ = account.id
        if account.over:
            return
        base = self.host.own.address(self.hook_id, self.settings.relay_url)
        if base is None:
            return  # it stays in hand: the address may be set yet
        plan = self.ledger.plan(id_)
        if plan is None:
            account.state, account.code, account.error = State.FAILED, INTERRUPTED, "What was asked is not kept."
            account.ended = self.host.clock()
            self.ledger.close(account, forget=True)
            self.desk.drop(id_)
            return
        conversation = plan.conversation if plan.has_conversation else id_
        token = self._token(account)
        job = Job(id=id_, token=token, base=base, conversation=conversation)
        log.info("a delivery is taken up that nobody works at: %s", id_)
        wait = max(account.due, account.alive) - self.host.clock()
        self.desk.later(job, max(wait, 0.0))

    def _token(self, account: Account) -> str:
        token = self.ledger.grant(account.id).token
        if account.admits(token):
            return token
        token = token_hex(16)
        account.token = hashed(token)
        self.ledger.admit(account, token)
        self.ledger.save(account)
        return token


def sweep_of(carrier: Carrier, ledger: Ledger, desk: Desk, received: Received) -> Sweep:
    """Give a request's look at what was left at its endpoint."""
    return Sweep(
        desk=desk,
        ledger=ledger,
        host=carrier.host,
        settings=carrier.settings,
        hook_id=received.header("dify-hook-id"),
        records=partial(carrier.records_of, received.endpoint_id),
    )


def look(carrier: Carrier, received: Received) -> None:
    """Look at what was left, beside whatever the request is about, if it is time.

    An answer in the response has nothing to do with all this, and costs no call of the storage for it.
    """
    desk = desk_of(received.endpoint_id, carrier.host.own, carrier.host.elapsed)
    ledger = Ledger(partial(carrier.records_of, received.endpoint_id))
    if sweep_of(carrier, ledger, desk, received).is_due():
        beside(partial(_look, carrier, received, desk))


def _look(carrier: Carrier, received: Received, desk: Desk, *, again: bool = False) -> None:
    """Look, by a session that lasts: the sender's own is over before much was taken up.

    A process that was killed counts as alive for some seconds. So who has taken its place looks once more after them:
    perhaps nobody asks anything until then.
    """
    base = carrier.host.own.address(received.header("dify-hook-id"), carrier.settings.relay_url)
    if again:
        desk.looks_again = False
    with desk.lent(base) as session:
        if again and session is None:
            return
        carrier = carrier.by(session)
        sweep = sweep_of(carrier, Ledger(partial(carrier.records_of, received.endpoint_id)), desk, received)
        desk.looked = carrier.host.elapsed()
        soon = sweep.look()
    if soon and not desk.looks_again:
        desk.looks_again = True
        carrier.host.own.after(soon + 1.0, partial(_look, carrier, received, desk, again=True))
