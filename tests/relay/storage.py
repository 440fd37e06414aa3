"""Dify's storage as far as its promises go, for tests of what is written and read."""

from collections import Counter

from relay.run.dify import StorageFailed, StorageSilent


class Crashed(BaseException):
    """The process ends here: nothing of it may run on."""


class Shelf:
    """A dictionary behind the protocol, which counts its calls and can be told to fail.

    `broken` makes every call of that name fail, `silent` leaves it without an answer; after `crash_after` more calls
    the process that calls crashes, before the call has done anything; above `limit` bytes a `set` is refused and, as
    Dify does, stored all the same.
    """

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.broken: set[str] = set()
        self.silent: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.crash_after: int | None = None
        self.limit: int | None = None

    @property
    def stored(self) -> int:
        return sum(map(len, self.values.values()))

    def get(self, key: str) -> bytes | None:
        self._called("get")
        return self.values.get(key)

    def set(self, key: str, value: bytes) -> None:
        self._called("set")
        assert len(key) < 256
        self.values[key] = value
        if self.limit is not None and self.stored > self.limit:
            raise StorageFailed

    def delete(self, key: str) -> None:
        self._called("delete")
        self.values.pop(key, None)

    def _called(self, name: str) -> None:
        if self.crash_after is not None:
            if self.crash_after == 0:
                raise Crashed
            self.crash_after -= 1
        self.calls[name] += 1
        if name in self.broken:
            raise StorageFailed
        if name in self.silent:
            raise StorageSilent
