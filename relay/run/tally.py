"""Counts per name and window of time, kept for all processes in one record of the storage.

The storage can neither add nor compare. So each process has a part of the record to itself, which it writes whole,
and what counts is the sum of all parts. Whoever writes has just read, so a part that another has written in the same
milliseconds may fall back for a while: its owner writes it again with its next count. A part whose process has not
written for a while is added to those that are gone, so that a restart forgets nothing and costs no room.
"""

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from relay import wire
from relay.run.dify import Storage, StorageFailed

log = logging.getLogger("duck_relay")

LOOK = 2.0  # seconds for which what the others have counted is taken as known
GONE = 90.0  # seconds without a write, after which a part is added to those that are gone
RETURN = 60.0  # seconds after which a process that does not find its part takes it for added
MOST = 128  # names of a part
ROUNDS = 3  # writes that one request does for what others have counted meanwhile
_NOBODY = ""  # whose part is that of those that are gone

_memory = threading.Lock()  # over what this process has counted; held for no call


@dataclass(slots=True)
class Row:
    """What is counted for one name."""

    windows: dict[int, tuple[int, int]] = field(default_factory=dict)  # by seconds: which window, and how many in it
    told: float = 0.0  # seconds since 1970, until when no more needs to be said

    def count(self, seconds: int, now: float) -> int:
        """Give how many there were in the window that now is in."""
        window, count = self.windows.get(seconds, (0, 0))
        return count if window == now // seconds else 0

    def add(self, seconds: int, now: float, count: int = 1) -> None:
        """Count in the window that now is in."""
        self.windows[seconds] = (int(now // seconds), self.count(seconds, now) + count)

    @property
    def weight(self) -> int:
        """Say how much would be forgotten with it."""
        return sum(count for _, count in self.windows.values())

    def lapse(self, now: float) -> bool:
        """Forget windows that are over; tell whether anything is left."""
        self.windows = {seconds: one for seconds, one in self.windows.items() if one[0] == now // seconds}
        return bool(self.windows) or self.told > now


type Rows = dict[str, Row]


@dataclass(slots=True)
class _Part:
    at: float  # when it was written, in seconds since 1970
    rows: Rows


class Tally:
    """One record of counts, as one process knows it."""

    def __init__(self, key: str, writer: str) -> None:
        """Take the record's key, and what marks this process among those that write."""
        self._key = key
        self._writer = writer
        self._mine: Rows = {}
        self._others: dict[str, _Part] = {}
        self._looked = -inf
        self._written = inf
        self._reading = threading.Lock()
        self._saving = False
        self._dirty = False

    def look(self, storage: Storage, now: float, *, age: float = LOOK) -> bool:
        """Make sure that what the others have counted is known, younger than `age` seconds; tell whether it was read.

        A storage that fails is taken for empty.
        """
        if 0 <= now - self._looked < age:
            return False
        with self._reading:
            if 0 <= now - self._looked < age:
                return False
            try:
                self._read(storage, now)
            except StorageFailed:
                self._looked = now  # or every request would wait for it
                log.warning("the storage can't be read: runs are counted by this process alone")
                return False
        return True

    def count(self, name: str, seconds: int, now: float) -> int:
        """Give how many all processes have counted in this window."""
        return sum(row.count(seconds, now) for row in self._rows(name))

    def told(self, name: str) -> float:
        """Give until when no more needs to be said, in seconds since 1970."""
        return max((row.told for row in self._rows(name)), default=0.0)

    def mine(self, name: str, now: float) -> Row:
        """Give the row that this process counts in; call it within `counting`."""
        if name not in self._mine and len(self._mine) >= MOST:
            _make_room(self._mine, MOST - 1, now)
        return self._mine.setdefault(name, Row())

    def save(self, storage: Storage, now: float, *, read: bool) -> None:
        """Write what was counted; `read` is what `look` has told.

        While another request of this process writes, that one does it for this one, too.
        """
        with _memory:
            self._dirty = True
            if self._saving:
                return
            self._saving = True
        rounds = 0
        try:
            while self._take_up(rounds):
                if rounds or not read:
                    self._read(storage, now)
                self._write(storage, now)
                rounds += 1
        except StorageFailed:
            self._saving = False
            log.warning("the storage can't be written: runs are counted by this process alone")
        except BaseException:
            self._saving = False
            raise

    def _take_up(self, rounds: int) -> bool:
        """Tell whether anything is still to be written; if not, whoever counts next writes by itself."""
        with _memory:
            self._saving = self._dirty and rounds < ROUNDS
            self._dirty = self._dirty and not self._saving
            return self._saving

    def _rows(self, name: str) -> Iterator[Row]:
        for rows in (self._mine, *(part.rows for part in self._others.values())):
            if row := rows.get(name):
                yield row

    def _read(self, storage: Storage, now: float) -> None:
        parts = _decode(storage.get(self._key), now)
        with _memory:
            if parts.pop(self._writer, None) is None and now - self._written >= RETURN:
                self._mine.clear()  # they are among those that are gone
                self._written = inf
            self._others = parts
            self._looked = now

    def _write(self, storage: Storage, now: float) -> None:
        with _memory:
            for writer in [one for one, part in self._others.items() if one and now - part.at >= GONE]:
                self._bury(self._others.pop(writer).rows, now)
            value = _encode({**self._others, self._writer: _Part(now, self._mine)}, now)
        storage.set(self._key, value)
        self._written = now

    def _bury(self, rows: Rows, now: float) -> None:
        gone = self._others.setdefault(_NOBODY, _Part(now, {})).rows
        for name, row in rows.items():
            kept = gone.setdefault(name, Row())
            kept.told = max(kept.told, row.told)
            for seconds in row.windows:
                kept.add(seconds, now, row.count(seconds, now))
        _make_room(gone, MOST, now)


def counting() -> threading.Lock:
    """Give what is held while counts are looked at and added to, of as many tallies as belong together."""
    return _memory


def _make_room(rows: Rows, most: int, now: float) -> None:
    """Forget what is over, then the names that have least; a new name is never refused, it would run unlimited."""
    for name in [name for name, row in rows.items() if not row.lapse(now)]:
        del rows[name]
    for name in sorted(rows, key=lambda name: rows[name].weight)[: max(len(rows) - most, 0)]:
        del rows[name]


def _encode(parts: Mapping[str, _Part], now: float) -> bytes:
    told = {}
    for writer, part in parts.items():
        rows = {name: _plain(row) for name, row in part.rows.items() if row.lapse(now)}
        if rows:
            told[writer] = {"at": part.at, "rows": rows}
    return wire.encode(wire.dump(told))


def _plain(row: Row) -> list[Any]:
    return [row.told, *([seconds, *one] for seconds, one in row.windows.items())]


def _decode(stored: bytes | None, now: float) -> dict[str, _Part]:
    """Read a record: `{writer: {"at", "rows": {name: [told, [seconds, window, count], …]}}}`.

    A spoilt one is taken for empty.
    """
    try:
        return {
            str(writer): _Part(
                float(part["at"]),
                {str(name): row for name, one in part["rows"].items() if (row := _row(one)).lapse(now)},
            )
            for writer, part in json.loads(stored or b"{}").items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        log.warning("what was counted of runs can't be read: counting begins anew")
        return {}


def _row(stored: Any) -> Row:
    told, *windows = stored
    return Row({int(seconds): (int(window), int(count)) for seconds, window, count in windows}, float(told))
