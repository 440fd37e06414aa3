"""One process' part of the index of an endpoint's records of one kind.

An entry is written before its record, and a page is written once for all entries that wait for it. Room is made from
the oldest page on: an entry whose record holds another tag is dropped, a finished record is deleted, an unfinished
one is entered anew at the end. Whatever fails or breaks off between two calls of the storage leaves an entry without
a record, or two entries for one, and never a record without an entry.

A process claims a slot by writing its mark into the slot's head; it is the writer when the mark still stands there
after a pause. It renews its lease while it writes, and takes over one slot whose lease has lapsed at a time. Two
processes both write a slot only if one of them needs longer from reading the head to writing it than the pause lasts.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from relay.errors import AppUnavailable
from relay.run.dify import Storage, StorageFailed
from relay.run.records.head import Entry, Head, Page, read_head, read_page
from relay.run.records.kinds import Kind

log = logging.getLogger("duck_relay")

SLOTS = 32  # writers at once; to look around costs a call for each slot that was ever used, and one more
LEASE = 600.0  # seconds that a slot stays its writer's after the last look around
LOOK = 200.0  # seconds from one look around to the next, while there is something to write
MOST_GONE = 1000  # removed records whose entries nobody has taken out yet
GENTLE = 8  # entries more than necessary that a new one clears away: expired ones, and those above the share


class RecordsFull(AppUnavailable):
    """Unfinished records take all the room that there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What one request lends the index to work with."""

    storage: Storage
    clock: Callable[[], float]  # seconds since 1970
    settle: Callable[[], None]  # waits so long that a rival's mark is written too
    keep: float  # seconds
    clear: Callable[[Entry], bool]  # deletes a finished record that the entry names; whether the entry may go


@dataclass(slots=True, eq=False)
class _Waiting:
    entry: Entry | None  # None: it only makes sure of the slot
    placed: bool = False  # in the page, which is perhaps not written yet
    refused: bool = False
    written: bool = False
    woken: threading.Event = field(default_factory=threading.Event)  # it is done with, or leads

    @property
    def done(self) -> bool:
        return self.written or self.refused


class Index:
    """Where a record has an entry, it can be found again and goes when the room is needed."""

    def __init__(self, prefix: str, kind: Kind, writer: str) -> None:
        """Begin without a slot. `prefix` is what the kind's keys of this endpoint begin with."""
        self._prefix = prefix
        self._kind = kind
        self._writer = writer
        self._lock = threading.Lock()  # guards what waits
        self._waiting: list[_Waiting] = []  # who came first stands first
        self._gone: dict[str, float] = {}  # ids of removed records, and until when they were entered at the latest
        self._leader: _Waiting | None = None  # the only one that calls the storage: it writes for all that wait
        self._slot: int | None = None
        self._pages: list[Page] = []  # the oldest first; the last is the one that is written
        self._written = True  # whether the last page stands in the storage as it is here
        self._until = self._looked = 0.0
        self._claim = self._share = 0  # bytes that may never be exceeded, and that are aimed at

    def enter(self, reach: Reach, entry: Entry) -> None:
        """Write an entry and make room for its record. Raises StorageFailed, or RecordsFull."""
        self._wait_for(reach, _Waiting(entry))

    def ready(self, reach: Reach) -> None:
        """Make sure of the slot. Raises StorageFailed."""
        self._wait_for(reach, _Waiting(None))

    def drop(self, id_: str, before: float) -> None:
        """Take the entries of a removed record that were made before then out, with the next one that is written.

        Those in pages that an earlier process wrote stay until the room is needed: to look costs a call for each.
        """
        with self._lock:
            self._gone[id_] = before
            while len(self._gone) > MOST_GONE:
                del self._gone[next(iter(self._gone))]

    def is_ready(self, now: float) -> bool:
        """Tell whether there is a slot, and it can't be another's yet."""
        return self._looked <= now < self._until

    def _wait_for(self, reach: Reach, waiting: _Waiting) -> None:
        with self._lock:
            self._waiting.append(waiting)
            if self._leader is None:
                self._lead(waiting)
        try:
            waiting.woken.wait()
            if self._leader is waiting:
                self._write_all(reach)
        finally:
            self._leave(waiting)
        if waiting.refused:
            raise RecordsFull("Too much is under way to take on more.", headers={"Retry-After": "10"})

    def latest(self, reach: Reach, count: int) -> list[Entry]:
        """Give the newest entries of all writers, newest first. Raises StorageFailed."""
        found: list[Entry] = []
        for head in self._heads(reach).values():
            of_one: list[Entry] = []
            for page in reversed(head.pages):
                of_one[:0] = read_page(reach.storage.get(self._page_key(page)))
                if len({entry.id for entry in of_one}) >= count:
                    break
            found.extend(of_one)
        newest = {entry.id: entry for entry in sorted(found, key=lambda entry: entry.at)}
        return sorted(newest.values(), key=lambda entry: entry.at)[: -count - 1 : -1]

    # --- entering

    def _lead(self, waiting: _Waiting | None) -> None:
        self._leader = waiting
        if waiting is not None:
            waiting.woken.set()

    def _leave(self, waiting: _Waiting) -> None:
        """Let the others go on: those that are done, and whoever leads next.

        That is who came last. The storage answers nobody whose caller has hung up, so each of many who did would keep
        all others for as long as it takes to give up; who came last is the likeliest to be there, and writes for all.
        """
        with self._lock:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            if self._leader is not waiting:
                return
            for one in self._waiting:
                if one.done:
                    one.woken.set()
            self._waiting = [one for one in self._waiting if not one.done]
            self._lead(self._waiting[-1] if self._waiting else None)

    def _write_all(self, reach: Reach) -> None:
        """Write the entries of all that wait, whoever's they are."""
        self._look_around(reach)
        with self._lock:
            batch = list(self._waiting)
            gone, self._gone = self._gone, {}
        self._take_out(reach, gone)
        too_large = self._kind.budget + 1
        for waiting in batch:
            if waiting.placed or waiting.entry is None:
                continue
            size = waiting.entry.size
            if size >= too_large or not self._make_room(reach, size):
                waiting.refused = True
                too_large = min(size, too_large)  # to find that out costs a look at every record there is
                continue
            self._place(reach, waiting.entry)
            waiting.placed = True
        self._write_page(reach)
        for waiting in batch:
            waiting.written = not waiting.refused

    def _take_out(self, reach: Reach, gone: Mapping[str, float]) -> None:
        """Forget entries whose records are gone; a page goes when it names nothing any more."""
        if not gone:
            return
        for page in list(self._pages):
            found = [entry for entry in page.entries or () if entry.at < gone.get(entry.id, 0.0)]
            for entry in found:
                page.remove(entry)
            if found and not page.entries and page is not self._pages[-1]:
                self._clear_one(reach, page)

    def _place(self, reach: Reach, entry: Entry) -> None:
        if len(self._pages[-1].entries or ()) >= self._kind.page:
            self._turn_over(reach)
        self._pages[-1].add(entry)
        self._written = False

    def _turn_over(self, reach: Reach) -> None:
        """Begin a new page; the head lists it before it is written."""
        self._write_page(reach)
        page = self._pages[-1]
        self._pages.append(Page(page.slot, page.number + 1))
        try:
            self._write_head(reach, page.slot)
        except StorageFailed:
            self._pages.pop()
            raise

    def _write_page(self, reach: Reach) -> None:
        if self._written:
            return
        if reach.clock() >= self._until:
            self._looked = 0.0  # the slot may be another's by now
            raise StorageFailed
        page = self._pages[-1]
        reach.storage.set(self._page_key(page), page.encode())
        self._written = True

    # --- making room

    def _total(self) -> int:
        return sum(page.size for page in self._pages)

    def _make_room(self, reach: Reach, size: int) -> bool:
        """Clear old entries away; tell whether there is room now."""
        gentle = GENTLE
        for page in list(self._pages):  # what is carried over from them is not looked at again
            while page in self._pages:
                if self._total() + size <= self._claim:
                    old = page.newest + reach.keep < reach.clock() or self._total() + size > self._share
                    if not gentle or not old or page is self._pages[-1]:
                        return True
                    gentle -= 1
                if page is self._pages[-1]:
                    if not page.entries:
                        break
                    self._turn_over(reach)
                self._clear_one(reach, page)
        return self._total() + size <= self._claim

    def _clear_one(self, reach: Reach, page: Page) -> None:
        if page.entries is None:
            page.entries = read_page(reach.storage.get(self._page_key(page)))
            page.size = sum(entry.size for entry in page.entries)
        if page.entries:
            entry = page.entries[0]
            if not reach.clear(entry):
                self._place(reach, entry)
            page.entries.popleft()
            page.size -= entry.size
        if not page.entries:
            self._write_page(reach)  # what was carried over must stand there before it is gone here
            reach.storage.delete(self._page_key(page))
            self._pages.remove(page)
            self._write_head(reach, page.slot)

    # --- slots

    def _look_around(self, reach: Reach) -> None:
        """Make sure of the slot and of what the other writers leave. Raises StorageFailed."""
        now = reach.clock()
        if self._looked <= now < min(self._looked + LOOK, self._until):
            return
        heads = self._heads(reach)
        if self._slot is not None and not self._still_mine(reach, self._slot, heads):
            self._forget()
        self._pages = [page for page in self._pages if page.slot == self._slot or self._has(page.slot, heads, now)]
        if self._slot is None:
            self._join(reach, heads)
            heads = self._heads(reach)  # whoever joined at the same time has a head by now
        self._take_over_one(reach, heads)
        others = [head for head in heads.values() if head.writer != self._writer]
        alive = 1 + len({head.writer for head in others if head.until > now})
        left = self._kind.budget - sum(head.claim for head in others if head.pages)
        self._share = max(min(self._kind.budget // alive, left), self._kind.budget // (2 * alive))
        self._claim = max(self._share, self._total())
        self._until = now + LEASE
        for slot in {page.slot for page in self._pages}:
            self._write_head(reach, slot)
        self._looked = now

    def _still_mine(self, reach: Reach, slot: int, heads: Mapping[int, Head]) -> bool:
        if self._has(slot, heads, reach.clock()):
            return True
        lapsed = slot in heads and heads[slot].writer == self._writer
        return lapsed and self._take(reach, slot, self._pages_of(slot))

    def _has(self, slot: int, heads: Mapping[int, Head], now: float) -> bool:
        return slot in heads and heads[slot].writer == self._writer and now < self._until

    def _join(self, reach: Reach, heads: Mapping[int, Head]) -> None:
        """Find a slot: one whose lease has lapsed, or the first that was never used."""
        now = reach.clock()
        lapsed = [slot for slot, head in heads.items() if head.until <= now or head.writer == self._writer]
        for slot in [*lapsed, *range(len(heads), SLOTS)]:
            pages = heads[slot].pages if slot in heads else ()
            if self._take(reach, slot, pages):
                last = max((page.number for page in pages), default=0)
                self._slot = slot
                self._pages = [*self._inherited(reach, pages), Page(slot, last + 1)]
                self._written = True
                return
        log.warning("all %d writers' slots of the storage are taken", SLOTS)
        raise StorageFailed

    def _take_over_one(self, reach: Reach, heads: dict[int, Head]) -> None:
        mine = {page.slot for page in self._pages}
        for slot, head in heads.items():
            if slot not in mine and head.pages and head.until <= reach.clock():
                if self._take(reach, slot, head.pages):
                    heads[slot] = Head(writer=self._writer, until=0.0, claim=0)
                    older = [*self._inherited(reach, head.pages), *self._pages[:-1]]
                    self._pages[:-1] = sorted(older, key=lambda page: page.newest)
                return

    def _take(self, reach: Reach, slot: int, pages: tuple[Page, ...]) -> bool:
        """Write our mark into a slot's head; tell whether it still stands there after a pause."""
        claim = sum(page.size for page in pages)
        head = Head(writer=self._writer, until=reach.clock() + LEASE, claim=claim, pages=pages)
        reach.storage.set(self._head_key(slot), head.encode())
        reach.settle()
        return read_head(reach.storage.get(self._head_key(slot)) or b"", slot).writer == self._writer

    def _inherited(self, reach: Reach, pages: tuple[Page, ...]) -> Iterator[Page]:
        """Give a slot's pages; the last one has grown since the head was written."""
        for page in pages:
            if page is pages[-1]:
                page.entries = read_page(reach.storage.get(self._page_key(page)))
                page.size = sum(entry.size for entry in page.entries)
                page.newest = max((entry.at for entry in page.entries), default=page.newest)
            yield page

    def _forget(self) -> None:
        """Another has the slot now, and with it the pages."""
        self._slot, self._pages, self._written = None, [], True
        with self._lock:
            for waiting in self._waiting:
                waiting.placed = False

    def _heads(self, reach: Reach) -> dict[int, Head]:
        """Read the heads of all slots that were ever used."""
        heads: dict[int, Head] = {}
        for slot in range(SLOTS):
            if (stored := reach.storage.get(self._head_key(slot))) is None:
                break
            heads[slot] = read_head(stored, slot)
        return heads

    def _pages_of(self, slot: int) -> tuple[Page, ...]:
        return tuple(page for page in self._pages if page.slot == slot)

    def _write_head(self, reach: Reach, slot: int) -> None:
        claim = self._claim if slot == self._slot else 0
        pages = self._pages_of(slot)
        until = self._until if pages else 0.0
        head = Head(writer=self._writer, until=until, claim=claim, pages=pages)
        reach.storage.set(self._head_key(slot), head.encode())

    def _head_key(self, slot: int) -> str:
        return f"{self._prefix}-w{slot}"

    def _page_key(self, page: Page) -> str:
        return f"{self._prefix}-w{page.slot}-{page.number}"
