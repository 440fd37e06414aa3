"""What is stored of later deliveries: accounts, plans, handles, and what each process has in hand."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from relay import wire
from relay.later.account import Account
from relay.plan import Plan
from relay.run.records import ACCOUNTS, DAY, HANDLES, PLANS, WRITERS, Entry, Kind, Records

log = logging.getLogger("duck_relay")

SHOWN = 100  # deliveries that are listed
REFUSED = "refused"  # the id of a record, which no writer has
HAND = 25.0  # seconds that a process' list is good for; it is written every 10 while a delivery runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A stored plan, and whether its owner wants it no more."""

    plan: Plan
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

    def open(self, account: Account, plan: Plan, token: str) -> None:
        """Store a delivery that is about to be accepted. Raises RecordsFull, and ValueError for too large a plan."""
        stored = plan.dump()
        account.until = account.created + DAY
        until = {"until": account.until}
        self._plans.write(account.id, {"plan": stored.decode("utf-8", "surrogatepass"), **until})
        self._handles.write(account.id, {"token": token, "handle": dict(plan.handle), **until})
        self.save(account)

    def save(self, account: Account) -> None:
        """Write how a delivery stands."""
        with self._lock:
            record = account.dump()
            self._entries[account.id] = self._accounts.write(account.id, record, self._entries.get(account.id))

    def find(self, id_: str) -> Account | None:
        """Give how a delivery stands; None for one that is not known, or not any more."""
        return _account(self._accounts.read(id_))

    def latest(self) -> list[Account]:
        """Give the latest deliveries, newest first."""
        found = (_account(record) for record in self._accounts.latest(SHOWN))
        return sorted((account for account in found if account), key=lambda account: -account.created)

    def plan(self, id_: str) -> Kept | None:
        """Give what is to be done for a delivery; None where that is not known any more."""
        match self._plans.read(id_):
            case {"plan": str(plan), **more}:
                try:
                    return Kept(
                        plan=Plan.load(plan.encode("utf-8", "surrogatepass")), cancelled=bool(more.get("cancelled"))
                    )
                except ValueError:
                    log.warning("a stored plan can't be read: it was another version's")
        return None

    def handle(self, id_: str) -> tuple[str, dict[str, Any]]:
        """Give the token of a delivery's run, "" for none, and what only its answer may use."""
        match self._handles.read(id_):
            case {"token": str(token), "handle": dict(handle)}:
                return token, handle
        return "", {}

    def admit(self, account: Account, token: str) -> None:
        """Let a delivery's run in by another token."""
        _, handle = self.handle(account.id)
        self._handles.write(account.id, {"token": token, "handle": handle, "until": account.until})

    def cancel(self, account: Account) -> None:
        """Say that nobody wants a delivery's answer any more: whoever works at it finds that within seconds."""
        if (kept := self._plans.read(account.id)) is not None:
            self._plans.write(account.id, {**_own(kept), "cancelled": True})

    def reopen(self, account: Account, token: str) -> bool:
        """Make an ended delivery one that may run or be told again; False where its plan is gone."""
        kept = self._plans.read(account.id)
        if kept is None:
            return False
        account.until = self.clock() + DAY
        self._plans.write(account.id, {**_own(kept), "cancelled": False, "until": account.until})
        self.admit(account, token)
        self.save(account)
        return True

    def close(self, account: Account, *, forget: bool) -> None:
        """Write how a delivery ended; what only its answer could use goes, unless it may still be told."""
        account.until = account.alive = 0.0
        if forget:
            self._handles.remove(account.id)
        self.save(account)
        if (kept := self._plans.read(account.id)) is not None:
            self._plans.write(account.id, {**_own(kept), "until": 0})

    def erase(self, account: Account) -> None:
        """Delete all that is stored of a delivery."""
        for records in (self._handles, self._plans, self._accounts):
            records.remove(account.id)

    def refused(self) -> str | None:
        """Give what the last delivery lacked whose signature was refused; None if none was, that is known."""
        match self._writers.read(REFUSED):
            case {"lacked": str(lacked)}:
                return lacked
        return None

    def note_refused(self, lacked: str) -> None:
        """Keep what a delivery lacked whose signature was refused."""
        self._writers.write(REFUSED, {"lacked": lacked})

    # --- what each process has in hand

    def write_hand(self, writer: str, ids: tuple[str, ...]) -> None:
        until = self.clock() + HAND if ids else 0
        self._writers.write(writer, {"writer": writer, "until": until, "ids": list(ids)})

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


def _own(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in {"tag", "at"}}


def size(value: Any) -> int:
    """Count the bytes of a value as it is stored."""
    return len(wire.encode(wire.dump(value)))
