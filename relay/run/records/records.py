"""An endpoint's records of one kind: read, written through the index, held while a run of this process needs them."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_hex
from typing import Any

from relay import wire
from relay.run.dify import Storage
from relay.run.records.head import Entry
from relay.run.records.index import Index, Reach
from relay.run.records.kinds import Kind

WRITER = token_hex(8)  # this process among those that write
LINE = 96  # bytes that an entry is counted with beside its record
MANY = 256  # holds, from where on it is worth looking for lapsed ones


@dataclass(frozen=True, slots=True)
class Held:
    """What a run of this process holds, so that another one here need not ask the storage."""

    mark: str
    until: float  # seconds since 1970
    about: str = ""


@dataclass(slots=True)
class _Shared:
    """What all requests of one process share; small, and one for each endpoint and kind that they name."""

    index: Index
    lock: threading.Lock = field(default_factory=threading.Lock)
    held: dict[str, Held] = field(default_factory=dict)
    flying: Counter[str] = field(default_factory=Counter)  # entered, and the record is not written yet


_shared: dict[tuple[str, str], _Shared] = {}
_shared_lock = threading.Lock()


class Records:
    """One request's way to the records of an endpoint and kind. An id is any text; the storage sees its hash."""

    def __init__(
        self,
        storage: Storage,
        *,
        endpoint_id: str,
        kind: Kind,
        clock: Callable[[], float],
        settle: Callable[[], None],
        keep: float | None = None,
        writer: str = WRITER,
    ) -> None:
        """Take the storage of a request and `clock`, seconds since 1970.

        `settle` pauses so long that a rival who read the storage at the same moment has written too. `keep` is in
        seconds, from a record's entry on. `writer` marks this process: what it shares is found by it.
        """
        self.kind = kind
        self.keep = kind.keep if keep is None else keep
        self.clock = clock
        self.settle = settle
        self._storage = storage
        self._prefix = f"{kind.name}-{_hash(endpoint_id)[:32]}"
        self._reach = Reach(storage=storage, clock=clock, settle=settle, keep=self.keep, clear=self._clear)
        with _shared_lock:
            known = _shared.setdefault((writer, self._prefix), _Shared(Index(self._prefix, kind, writer)))
        self._process = known

    def read(self, id_: str) -> dict[str, Any] | None:
        """Give a record, None for none, an expired or a spoilt one. Raises StorageFailed."""
        return self._valid(self._storage.get(self._key(_id(id_))))

    def enter(self, id_: str, record: Mapping[str, Any]) -> Entry:
        """Give a record its entry in the index before it is written: that may take some time, and `write` then none.

        Until it is written, somebody has to hold it (`hold`), or the entry may go. Raises as `write` does.
        """
        entry = self._entry(_id(id_), record, self.clock())
        self._process.index.enter(self._reach, entry)
        return entry

    def write(self, id_: str, record: Mapping[str, Any], entry: Entry | None = None) -> Entry:
        """Write a record, whose `until` says how long it may not go, and give its entry in the index.

        With the entry that it has already, the index is left alone if the record fits in there.
        Raises StorageFailed, and RecordsFull when unfinished records leave no room.
        """
        hashed = _id(id_)
        if entry is not None and len(value := _encode(record, entry)) + LINE <= entry.size:
            self._storage.set(self._key(hashed), value)
            return entry
        fresh = self._entry(hashed, record, entry.at if entry else self.clock())
        with self._process.lock:
            self._process.flying[hashed] += 1
        try:
            self._process.index.enter(self._reach, fresh)
            self._storage.set(self._key(hashed), _encode(record, fresh))
        finally:
            with self._process.lock:
                self._process.flying[hashed] -= 1
                if not self._process.flying[hashed]:
                    del self._process.flying[hashed]
        return fresh

    def standing(self, id_: str, record: Mapping[str, Any]) -> Entry | None:
        """Give the entry that a record was read with, so that it can be written over; None for a finished one.

        The entry of an unfinished one stays, and is at least as large as the record is now.
        """
        if not self.clock() < record.get("until", 0):
            return None
        size = max(len(wire.encode(wire.dump(record))), self.kind.reserve) + LINE
        return Entry(_id(id_), record["tag"], size, record["at"])

    @property
    def is_ready(self) -> bool:
        """Tell whether an entry can be written without a pause."""
        return self._process.index.is_ready(self.clock())

    def ready(self) -> None:
        """Make sure of this process' part of the index, which takes a pause. Raises StorageFailed."""
        self._process.index.ready(self._reach)

    def remove(self, id_: str) -> None:
        """Delete a record, if there is one. Raises StorageFailed."""
        self._storage.delete(self._key(_id(id_)))

    def discard(self, id_: str) -> None:
        """Delete a record, and give its room back at once instead of when the room is needed. Raises StorageFailed.

        For records that are entered and written in one: an entry that waits for its record would be taken out, too.
        """
        hashed, before = _id(id_), self.clock()
        with self._process.lock:
            flying = self._process.flying[hashed]
        self._storage.delete(self._key(hashed))
        if not flying:  # else it may be written after it was deleted
            self._process.index.drop(hashed, before)

    def latest(self, count: int) -> list[dict[str, Any]]:
        """Give the records that were entered last, by whichever process, newest first. Raises StorageFailed.

        Costs a call for each slot, for each page that is looked into and for each record. Entries whose record is
        gone don't count, or many of them would hide what is there.
        """
        read: dict[str, dict[str, Any] | None] = {}
        wanted = count
        while True:
            entries = self._process.index.latest(self._reach, wanted)
            for entry in entries:  # one of each record; what is being written anew still holds the tag before
                if entry.id not in read:
                    read[entry.id] = self._valid(self._storage.get(self._key(entry.id)))
            found = [record for entry in entries if (record := read[entry.id]) is not None]
            if len(found) >= count or len(entries) < wanted:
                return found[:count]
            wanted *= 4

    def hold(self, id_: str, held: Held) -> Held | None:
        """Take hold of a record within this process, or give what another run here holds of it."""
        hashed, now = _id(id_), self.clock()
        with self._process.lock:
            if (other := self._process.held.get(hashed)) and other.until > now and other.mark != held.mark:
                return other
            if len(self._process.held) >= MANY:
                for lapsed in [one for one, by in self._process.held.items() if by.until <= now]:
                    del self._process.held[lapsed]
            self._process.held[hashed] = held
        return None

    def release(self, id_: str, mark: str) -> None:
        """Let go of a record, unless another run here holds it by now."""
        hashed = _id(id_)
        with self._process.lock:
            if (held := self._process.held.get(hashed)) and held.mark == mark:
                del self._process.held[hashed]

    def _entry(self, hashed: str, record: Mapping[str, Any], at: float) -> Entry:
        entry = Entry(hashed, token_hex(4), 0, at)
        return entry._replace(size=max(len(_encode(record, entry)), self.kind.reserve) + LINE)

    def _valid(self, stored: bytes | None) -> dict[str, Any] | None:
        record = _decode(stored)
        return record if record is not None and self.clock() - record["at"] < self.keep else None

    def _clear(self, entry: Entry) -> bool:
        """Delete the record that an entry names, unless it is unfinished; tell whether the entry may go."""
        now = self.clock()
        with self._process.lock:
            held = self._process.held.get(entry.id)
            if self._process.flying[entry.id] or (held and held.until > now):
                return False
        if (stored := self._storage.get(self._key(entry.id))) is None:
            return True
        record = _decode(stored)
        if record is not None and record["tag"] != entry.tag:
            return True
        if record is not None and record.get("until", 0) > now:
            return False
        self._storage.delete(self._key(entry.id))
        return True

    def _key(self, hashed: str) -> str:
        return f"{self._prefix}-{hashed}"


def _hash(text: str) -> str:
    """Hash any text, half surrogate pairs included."""
    return sha256(json.dumps(text).encode()).hexdigest()


def _id(text: str) -> str:
    return _hash(text)[:40]


def _encode(record: Mapping[str, Any], entry: Entry) -> bytes:
    return wire.encode(wire.dump({"tag": entry.tag, "at": entry.at, **record}))


def _decode(stored: bytes | None) -> dict[str, Any] | None:
    """Read a stored record; None for one that can't be read."""
    try:
        record = json.loads(stored or b"null")
    except ValueError:
        return None
    match record:
        case {"tag": str(), "at": int() | float()} if isinstance(record.get("until", 0), int | float):
            return dict(record)
    return None
