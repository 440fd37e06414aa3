"""Dify's storage as far as its promises go, for tests of what is written and read."""

from relay.run.dify import StorageFailed


class Shelf:
    """A dictionary behind the protocol; `broken` makes every call of that name fail."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.broken: set[str] = set()

    def get(self, key: str) -> bytes | None:
        if "get" in self.broken:
            raise StorageFailed
        return self.values.get(key)

    def set(self, key: str, value: bytes) -> None:
        if "set" in self.broken:
            raise StorageFailed
        assert len(key) < 256
        self.values[key] = value
