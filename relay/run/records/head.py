"""The head of one writer's part of an index, and the pages that it lists."""

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from relay import wire


class Entry(NamedTuple):
    """A line of the index: one record, as long as the record holds the same tag."""

    id: str  # hash
    tag: str
    size: int  # bytes that the record may take, and those of this line
    at: float  # seconds since 1970


@dataclass(slots=True, eq=False)
class Page:
    """One page of the index; its entries are read when they are needed."""

    slot: int
    number: int
    size: int = 0  # bytes of what it names
    newest: float = 0.0  # seconds since 1970
    entries: deque[Entry] | None = None

    def add(self, entry: Entry) -> None:
        self.entries = self.entries or deque()
        self.entries.append(entry)
        self.size += entry.size
        self.newest = max(self.newest, entry.at)

    def remove(self, entry: Entry) -> None:
        """Take an entry out."""
        if self.entries:
            self.entries.remove(entry)
            self.size -= entry.size

    def encode(self) -> bytes:
        return wire.encode(wire.dump(list(self.entries or ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Who writes a slot's pages, until when nobody else may, and which pages there are.

    Stored as `{"writer", "until", "claim", "pages": [[number, bytes, newest], …]}`.
    """

    writer: str
    until: float  # seconds since 1970
    claim: int  # bytes that the writer may take
    pages: tuple[Page, ...] = field(default=())  # oldest first

    def encode(self) -> bytes:
        pages = [[page.number, page.size, page.newest] for page in self.pages]
        head = {"writer": self.writer, "until": self.until, "claim": self.claim, "pages": pages}
        return wire.encode(wire.dump(head))


def read_head(stored: bytes, slot: int) -> Head:
    """Read a stored head; one that can't be read has no writer and no pages."""
    try:
        head = json.loads(stored)
        pages = (Page(slot, int(number), int(size), float(newest)) for number, size, newest in head["pages"])
        return Head(
            writer=str(head["writer"]), until=float(head["until"]), claim=int(head["claim"]), pages=tuple(pages)
        )
    except (ValueError, KeyError, TypeError):
        return Head(writer="", until=0.0, claim=0)


def read_page(stored: bytes | None) -> deque[Entry]:
    """Read a stored page's entries, oldest first; what can't be read is left out."""
    try:
        lines = json.loads(stored or b"[]")
        return deque(_entries(lines if isinstance(lines, list) else ()))
    except ValueError:
        return deque()


def _entries(lines: Iterable[object]) -> Iterable[Entry]:
    for line in lines:
        match line:
            case [str(id_), str(tag), int(size), float() | int() as at]:
                yield Entry(id_, tag, size, at)
