"""What the relay keeps in Dify's key/value storage: bounded, and each record under a key of its own.

Dify's storage has neither expiry nor listing nor compare-and-set, and all endpoints of the plugin in a workspace
share it. So what is kept for one endpoint and kind (`kinds`) has a budget in bytes and an index that is written
before the record it names: whatever is stored can be found again, and goes when the budget needs its room.

    <kind>-<endpoint>-<id>              a record: {"tag", "at", and what its kind puts in}
    <kind>-<endpoint>-w<slot>           the head of a writer's part of the index (`head`)
    <kind>-<endpoint>-w<slot>-<page>    a page of it: [[id, tag, bytes, at], …], at most 100

`<endpoint>` and `<id>` are the first 32 and 40 hexadecimal digits of a SHA-256, so no name of a caller's choice
stands in a key and none can be made to meet another's.

A page has one writer. A writer is a process; it holds a slot by a lease (`index`), and a slot whose lease has lapsed
goes to another writer together with its pages. An entry of the index belongs to a record as long as both hold the
same `tag`: a record that is written anew gets a new entry and tag, and the old entry means nothing from then on.

A record with an `until` (seconds since 1970) that is still to come is unfinished and stays, whatever room is needed:
where only unfinished ones are left, a new one is refused (`RecordsFull`).

The sum: what an endpoint's records of a kind take never exceeds the kind's budget while one process writes them. When
a second one comes, it may take a quarter more until the first has looked around (200 s after it last did, or 600 s
after its last writing, when its slot is taken over); of four that come at once, a half. Heads (32 at most, each below
4 KB) and pages come on top of the records; an entry is counted with 96 bytes for its line in a page.
"""

from relay.run.records.head import Entry
from relay.run.records.index import RecordsFull
from relay.run.records.kinds import (
    ACCOUNTS,
    DAY,
    DELIVERIES,
    HANDLES,
    HISTORIES,
    KINDS,
    MEMORY,
    PLANS,
    STOPS,
    WRITERS,
    Kind,
)
from relay.run.records.records import WRITER, Held, Records

__all__ = [
    "ACCOUNTS",
    "DAY",
    "DELIVERIES",
    "HANDLES",
    "HISTORIES",
    "KINDS",
    "MEMORY",
    "PLANS",
    "STOPS",
    "WRITER",
    "WRITERS",
    "Entry",
    "Held",
    "Kind",
    "Records",
    "RecordsFull",
]
