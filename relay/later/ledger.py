"""What is stored of later deliveries: accounts, plans, handles, and what each process has in hand."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from relay import wire
from relay.later.account import Account
from relay.outgoing.pump import together
from relay.plan import Plan
from relay.run.records import ACCOUNTS, DAY, HANDLES, PLANS, WRITERS, Entry, Kind, Records, RecordsFull

log = logging.getLogger("duck_relay")

SHOWN = 100  # deliveries that are listed
HAND = 25.0  # seconds that a process' list is good for; it is written every 10 while a delivery runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What only one delivery's run may use, and whether its owner wants it no more."""

    token: str = field(default="", repr=False)  # lets the run in; "" where that is not known any more
    handle: Mapping[str, Any] = field(default_factory=dict, repr=False)
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """What one process had in hand when it last said so."""

    writer: str
    until: float  # seconds since 1970
    ids: tuple[str, ...]


class Ledger:
    """One request's way to what is stored of an endpoint's later deliveries. All of it raises StorageFailed."""

    def __init__(self, records: Callable[[Kind], Records]) -> None:
        self._accounts = records(ACCOUNTS)
        self._plans = records(PLANS)
        self._handles = records(HANDLES)
        self._writers = records(WRITERS)
        self._entries: dict[str, Entry] = {}
        self._lock = threading.Lock()  # an account has one writer at a time
        self.clock = self._accounts.clock

    def unready(self) -> list[Callable[[], None]]:
        """Give what would cost `open` and `write_hand` a pause each, after ten minutes without a delivery."""
        kinds = (self._accounts, self._plans, self._handles, self._writers)
        return [records.ready for records in kinds if not records.is_ready]

    def open(self, account: Account, plan: Plan, token: str) -> None:
        """Store a delivery that is about to be accepted. Raises RecordsFull, and ValueError for too large a plan."""
        stored = plan.dump().decode("utf-8", "surrogatepass")
        account.until = account.created + DAY
        until = {"until": account.until}
        together(
            [
                lambda: self._plans.write(account.id, {"plan": stored, **until}),
                lambda: self._handles.write(account.id, {"token": token, "handle": dict(plan.handle), **until}),
                lambda: self.save(account),
            ]
        )

    def save(self, account: Account) -> None:
        """Write how a delivery stands; without most of its answer where there is no room for that."""
        with self._lock:
            entry = self._entries.get(account.id)
            try:
                entry = self._accounts.write(account.id, account.dump(), entry)
            except RecordsFull:
                entry = self._accounts.write(account.id, account.dump(short=True), entry)
            self._entries[account.id] = entry

    def find(self, id_: str) -> Account | None:
        """Give how a delivery stands; None for one that is not known, or not any more."""
        record = self._accounts.read(id_)
        if record is not None and (entry := self._accounts.standing(id_, record)):
            self._entries.setdefault(id_, entry)
        return _account(record)

    def latest(self) -> list[Account]:
        """Give the latest deliveries, newest first."""
        found = (_account(record) for record in self._accounts.latest(SHOWN))
        return sorted((account for account in found if account), key=lambda account: -account.created)

    def plan(self, id_: str) -> Plan | None:
        """Give what is to be done for a delivery; None where that is not known any more."""
        match self._plans.read(id_):
            case {"plan": str(plan)}:
                try:
                    return Plan.load(plan.encode("utf-8", "surrogatepass"))
                except ValueError:
                    log.warning("a stored plan can't be read: it was another version's")
        return None

    def grant(self, id_: str) -> Grant:
        """Give what only a delivery's run may use."""
        match self._handles.read(id_):
            case {"token": str(token), "handle": dict(handle), **more}:
                return Grant(token=token, handle=handle, cancelled=bool(more.get("cancelled")))
        return Grant()

    def admit(self, account: Account, token: str, *, cancelled: bool = False) -> None:
        """Let a delivery's run in by another token."""
        handle = dict(self.grant(account.id).handle)
        record = {"token": token, "handle": handle, "cancelled": cancelled, "until": account.until}
        self._handles.write(account.id, record)

    def cancel(self, account: Account) -> None:
        """Say that nobody wants a delivery's answer any more: whoever works at it finds that within seconds."""
        self.admit(account, self.grant(account.id).token, cancelled=True)

    def reopen(self, account: Account, token: str) -> None:
        """Make an ended delivery one that may run or be told again."""
        account.until = self.clock() + DAY
        if (kept := self._plans.read(account.id)) is not None:
            own = {name: value for name, value in kept.items() if name not in {"tag", "at"}}
            self._plans.write(account.id, {**own, "until": account.until})
        self.admit(account, token)
        self.save(account)

    def close(self, account: Account, *, forget: bool) -> None:
        """Write how a delivery ended; what only its answer could use goes, unless it may still be told."""
        account.until = account.alive = 0.0
        if forget:
            self._handles.remove(account.id)
        self.save(account)
        if (kept := self._plans.read(account.id)) is not None:
            own = {name: value for name, value in kept.items() if name not in {"tag", "at"}}
            self._plans.write(account.id, {**own, "until": 0}, self._plans.standing(account.id, kept))

    def erase(self, account: Account) -> None:
        """Delete all that is stored of a delivery."""
        for records in (self._handles, self._plans, self._accounts):
            records.remove(account.id)

    # --- what each process has in hand

    def write_hand(self, writer: str, ids: tuple[str, ...], entry: Entry | None) -> Entry:
        """Write what a process has in hand, over what it wrote last. Raises RecordsFull."""
        until = self.clock() + HAND if ids else 0
        return self._writers.write(writer, {"writer": writer, "until": until, "ids": list(ids)}, entry)

    def hands(self) -> list[Hand]:
        """Give what all processes have in hand, or had."""
        found = []
        for record in self._writers.latest(SHOWN):
            match record:
                case {"writer": str(writer), "until": int() | float() as until, "ids": list(ids)} if ids:
                    found.append(Hand(writer=writer, until=until, ids=tuple(map(str, ids))))
        return found

    def drop_hand(self, writer: str) -> None:
        self._writers.remove(writer)


def _account(record: dict[str, Any] | None) -> Account | None:
    if record is None:
        return None
    try:
        return Account.load(record)
    except ValueError:
        log.warning("a stored delivery can't be read: it was another version's")
        return None


def size(value: Any) -> int:
    """Count the bytes of a value as it is stored."""
    return len(wire.encode(wire.dump(value)))
