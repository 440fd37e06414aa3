"""The kinds of records, and how much each may take of the storage."""

from collections.abc import Mapping
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
DAY = 24 * 3600.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of records and its bounds, per endpoint."""

    name: str
    budget: int  # bytes of all records and of the index entries that name them
    keep: float  # seconds after which a record may go, unless whoever uses it says otherwise
    reserve: int = 0  # bytes that a record is counted with at least: up to there it grows without a word to the index
    page: int = 100  # entries of a page of the index: it is written whole for each new one, so it has to stay small


# The manifest asks for 100 MiB, the most that Dify's daemon gives by default (PERSISTENCE_STORAGE_MAX_SIZE), and all
# endpoints of a workspace share it: 16 MiB for each leave room for six that keep all they may.
DELIVERIES = Kind(name="deliveries", budget=4 * MIB, keep=DAY, reserve=2 * KIB)  # 2,000 with answers of up to 2 KiB
ACCOUNTS = Kind(name="accounts", budget=4 * MIB, keep=DAY, reserve=2 * KIB)  # what became of 2,000 later deliveries
PLANS = Kind(name="plans", budget=3 * MIB, keep=DAY)  # of at most 256 KiB each
HANDLES = Kind(name="handles", budget=512 * KIB, keep=DAY)  # what only one answer may use
WRITERS = Kind(name="writers", budget=512 * KIB, keep=DAY, reserve=12 * KIB)  # what each process has in hand
MEMORY = Kind(name="memory", budget=2 * MIB, keep=7 * DAY)  # some 10,000 conversations
HISTORIES = Kind(name="histories", budget=2 * MIB, keep=7 * DAY)
STOPS = Kind(name="stops", budget=64 * KIB, keep=600.0)  # tasks that another process is to stop: no run lasts longer

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (DELIVERIES, ACCOUNTS, PLANS, HANDLES, WRITERS, MEMORY, HISTORIES, STOPS)
}
