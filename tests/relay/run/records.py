"""What tests of records share: a clock that stands, and a look into what is stored."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from relay.run.records import DAY, DELIVERIES, Kind, Records
from tests.relay.storage import Shelf

SMALL = Kind(name="deliveries", budget=40_000, keep=DAY, reserve=300, page=8)
HEADS = 4_000  # bytes of heads and of the page that is just being cleared away


def nothing() -> None:
    pass


@dataclass
class Clock:
    now: float = 1_700_000_000.0  # seconds since 1970

    def __call__(self) -> float:
        return self.now


@dataclass
class Process:
    """One process of the plugin: what it has in memory ends with it."""

    shelf: Shelf
    clock: Clock
    writer: str = field(default_factory=token_hex)
    settle: Callable[[], None] = nothing

    def records(self, kind: Kind = DELIVERIES, endpoint_id: str = "e", keep: float | None = None) -> Records:
        return Records(
            self.shelf,
            endpoint_id=endpoint_id,
            kind=kind,
            clock=self.clock,
            settle=self.settle,
            keep=keep,
            writer=self.writer,
        )


def bodies(records: Iterable[dict[str, Any]]) -> list[int]:
    return [record["n"] for record in records]


def stored_records(shelf: Shelf) -> dict[str, dict[str, Any]]:
    """Give the records by their keys, without heads and pages."""
    return {key: json.loads(value) for key, value in shelf.values.items() if "-w" not in key}


def lost(shelf: Shelf) -> list[str]:
    """Give the keys of what can't be found by way of the heads: records without an entry, pages without a head."""
    listed, named = set(), set()
    for head, value in shelf.values.items():
        if "-w" not in head or head.count("-") != 2:
            continue
        prefix = head.rpartition("-")[0]
        for number, _size, _newest in json.loads(value)["pages"]:
            listed.add(page := f"{head}-{number}")
            for id_, tag, _bytes, _at in json.loads(shelf.values.get(page, b"[]")):
                named.add((f"{prefix}-{id_}", tag))
    pages = {key for key in shelf.values if "-w" in key and key.count("-") == 3}
    records = {key for key, record in stored_records(shelf).items() if (key, record["tag"]) not in named}
    return sorted(pages - listed | records)
