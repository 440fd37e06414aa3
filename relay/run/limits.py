"""How often apps may run at an endpoint, by one user and by all together.

A window begins at a round time, a day's at midnight UTC, whatever came when: at the turn of two windows there may be
twice as many runs as in one. For that a user is a few numbers, and when a run may be asked for again is known to the
second. Within a process the limits are exact; among several they are known with a delay of `LOOK` seconds.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from relay.incoming.settings.limits import Limit
from relay.run.dify import Storage
from relay.run.records.records import WRITER
from relay.run.tally import Tally, counting

SHARDS = 32  # records of an endpoint's users: each is written whole, with 128 users of each process at most
_ALL = ""  # the name by which all together are counted; they have a record of their own

_tallies: dict[tuple[str, str], Tally] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """One request's view of an endpoint's limits; what is counted, all requests of a process share.

    A user is stored as a hash. Who comes without one is one user, as for Dify, which gives them all the same.
    """

    storage: Storage
    endpoint_id: str
    of_user: Sequence[Limit] = ()
    of_endpoint: Sequence[Limit] = ()
    writer: str = field(default=WRITER, repr=False)  # marks this process among those that write

    def take(self, user: str | None, now: float) -> float:
        """Count a run and give 0, or count nothing and give the seconds after which it may be asked for again.

        `now` is in seconds since 1970. Raises nothing: where the storage fails, this process counts alone. A run
        costs two calls of the storage for each of both kinds of limits, a refusal one each `LOOK` seconds; of runs
        that begin at once, one writes for the others.
        """
        counted = [one for one in self._counted(user) if one.limits]
        read = [one.tally.look(self.storage, now) for one in counted]
        with counting():
            if wait := _wait(counted, now):
                return wait
            for one in counted:
                row = one.tally.mine(one.name, now)
                for seconds in {int(limit.seconds) for limit in one.limits}:
                    row.add(seconds, now)
        for one, known in zip(counted, read, strict=True):
            one.tally.save(self.storage, now, read=known)
        return 0.0

    def first_refusal(self, user: str | None, now: float) -> bool:
        """Tell whether a user who is refused now has not been told so yet; from then on, until the end of the window.

        Raises nothing.
        """
        counted = self._counted(user)
        of_user = counted[0]
        for one in counted:
            one.tally.look(self.storage, now)
        if not _untold(counted, now):
            return False
        # it is rare that there is something to tell, and then another process may just have told it
        read = of_user.tally.look(self.storage, now, age=0.0)
        with counting():
            if not (wait := _untold(counted, now)):
                return False
            of_user.tally.mine(of_user.name, now).told = now + wait
        of_user.tally.save(self.storage, now, read=read)
        return True

    def _counted(self, user: str | None) -> tuple["_Counted", "_Counted"]:
        hashed = _hash(user)
        shard = f"u{int(hashed[:2], 16) % SHARDS}"
        return (
            _Counted(self._tally(shard), hashed, self.of_user),
            _Counted(self._tally("all"), _ALL, self.of_endpoint),
        )

    def _tally(self, part: str) -> Tally:
        key = f"limits-{_hash(self.endpoint_id)}-{part}"
        return _tallies.setdefault((self.writer, key), Tally(key, self.writer))


@dataclass(frozen=True, slots=True)
class _Counted:
    tally: Tally
    name: str
    limits: Sequence[Limit]


def _wait(counted: Iterable[_Counted], now: float) -> float:
    """Give the seconds until the last of the full windows ends, 0 if none is full."""
    return max(
        (
            limit.seconds - now % limit.seconds
            for one in counted
            for limit in one.limits
            if one.tally.count(one.name, int(limit.seconds), now) >= limit.runs
        ),
        default=0.0,
    )


def _untold(counted: tuple[_Counted, _Counted], now: float) -> float:
    """Give what `_wait` does, but 0 to a user who has been told."""
    of_user, _ = counted
    return 0.0 if of_user.tally.told(of_user.name) > now else _wait(counted, now)


def _hash(name: str | None) -> str:
    """Hash any text, half surrogate pairs included, and None as none of them."""
    return sha256(json.dumps(name).encode()).hexdigest()[:32]
