"""What the owner of an endpoint can do with a delivery, and how somebody takes one to work at it."""

from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex

from relay.carry import Carrier
from relay.errors import DeliveryInProgress, DeliveryNotFound
from relay.host import Host
from relay.later.account import CANCELLED, REPLY_FAILED, Account, State, hashed
from relay.later.desk import Desk, Job
from relay.later.ledger import Ledger
from relay.later.turns import Turn
from relay.later.work import Work
from relay.outward import Started

NOBODY = "There is no such delivery here, or it is gone: they are kept for a day."
BEGUN = frozenset({Started.RUNNING, Started.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One request's way to the deliveries of an endpoint."""

    carrier: Carrier
    ledger: Ledger
    desk: Desk

    @property
    def host(self) -> Host:
        return self.carrier.host


def redeliver(office: Office, account: Account, base: str | None, *, run: bool) -> Account:
    """Tell a kept answer again, or run the app again. Raises DeliveryInProgress, DeliveryNotFound."""
    if not account.over:
        raise DeliveryInProgress("This delivery has not ended yet.")
    if not office.desk.keep(account.id):
        raise DeliveryInProgress("This delivery is being delivered again already.")
    try:
        return _again(office, account, base, run=run)
    except BaseException:
        if account.over:
            office.desk.drop(account.id)
        raise


def _again(office: Office, account: Account, base: str | None, *, run: bool) -> Account:
    plan = office.ledger.plan(account.id)
    if plan is None:
        raise DeliveryNotFound("What was asked is not kept any more: it can't be delivered again.")
    again = account.code != REPLY_FAILED or run
    account.state, account.code, account.error = State.ACCEPTED, "", ""
    account.ended = account.due = account.alive = 0.0
    account.mark = ""
    account.step(office.host.clock(), "redeliver", "run again" if again else "sent again")
    if again:
        account.whole = account.said = False
        account.text, account.answer, account.telling, account.tries = "", None, None, 0
    token = token_hex(16)
    account.token = hashed(token)
    office.ledger.reopen(account, token)
    office.desk.write(office.ledger)
    conversation = plan.conversation if plan.has_conversation else account.id
    if base is None or not office.desk.reachable(base):
        _here(office, account)
        return account
    job = Job(id=account.id, token=token, base=base, conversation=conversation)
    turn = office.desk.enter(job)
    if turn is Turn.NOW and office.desk.begin(job) not in BEGUN:
        _here(office, account)
    return account


def _here(office: Office, account: Account) -> None:
    """Do the work in this request, for there is no way to have one of our own."""
    with suppress(DeliveryInProgress):  # its run has begun after all
        for _ in take(office, office.ledger.find(account.id) or account, "").chunks():
            pass


def take(office: Office, account: Account, base: str, *, watched: bool = False) -> Work:
    """Take a delivery; `base` and `watched` as for `Work`. Raises DeliveryNotFound, DeliveryInProgress."""
    ledger = office.ledger
    plan, grant = ledger.plan(account.id), ledger.grant(account.id)
    if plan is None or not account.admits(grant.token):
        raise DeliveryNotFound(NOBODY)
    work = Work(
        carrier=office.carrier,
        account=account,
        plan=plan,
        grant=grant,
        base=base,
        ledger=ledger,
        desk=office.desk,
        watched=watched,
    )
    work.claim()
    if grant.cancelled:
        work.cancel()
    return work


def cancel(office: Office, account: Account) -> Account:
    """Give a delivery up that has not ended; elsewhere it ends within seconds."""
    if account.over:
        raise DeliveryInProgress("This delivery has ended already.")
    office.ledger.cancel(account)
    if give_up := office.desk.cancels.get(account.id):
        give_up()
    elif account.state is not State.RUNNING:
        office.desk.forget(account.id)
        office.desk.drop(account.id)
        account.state, account.code, account.error = State.FAILED, CANCELLED, "It was cancelled before it ran."
        account.ended = office.host.clock()
        account.step(account.ended, "cancelled")
        office.ledger.close(account, forget=True)
    return account


def delete(office: Office, account: Account) -> None:
    if not account.over:
        raise DeliveryInProgress("This delivery has not ended yet: cancel it first.")
    office.ledger.erase(account)
