"""What was asked for a moment ago, and need not be asked for again."""

import sys
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from math import inf
from typing import Any


class Kept[K: Hashable]:
    """JSON objects by what they tell of, each good for a minute. A failure is not kept, nor what is too large."""

    KEEP = 60.0  # seconds
    MOST = 256
    LARGEST = 1024 * 1024  # bytes of memory that one takes
    WHOLE = 16 * 1024 * 1024  # and all together
    PATIENCE = 2.0  # seconds; of a request whose caller is gone Dify answers nothing, and the SDK waits for 250

    def __init__(self) -> None:
        self._known: dict[K, tuple[float, int, Mapping[str, Any]]] = {}
        self._asking: dict[K, threading.Event] = {}

    def get(self, key: K, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Give what is known, or ask; of many at once the first asks for all, as long as nobody waits long for that.

        Raises whatever asking raises.
        """
        if (known := self._fresh(key)) is not None:
            return known
        mine = threading.Event()
        if (asking := self._asking.setdefault(key, mine)) is not mine:
            asking.wait(self.PATIENCE)
            if (known := self._fresh(key)) is not None:
                return known
            self._asking[key] = mine
        try:
            value = ask()
            self._keep(key, value)
        finally:
            if self._asking.get(key) is mine:
                del self._asking[key]
            mine.set()
        return value

    def _fresh(self, key: K) -> Mapping[str, Any] | None:
        asked, _, value = self._known.get(key, (-inf, 0, {}))
        return value if time.monotonic() - asked < self.KEEP else None

    def _keep(self, key: K, value: Mapping[str, Any]) -> None:
        self._known.pop(key, None)
        now, size = time.monotonic(), _size(value, self.LARGEST)
        if size > self.LARGEST:
            return
        left = list(self._known.items())  # the one that was asked for first comes first
        room = self.WHOLE - size - sum(each for _, (_, each, _) in left)
        for number, (other, (asked, each, _)) in enumerate(left):
            if now - asked < self.KEEP and room >= 0 and len(left) - number < self.MOST:
                break
            self._known.pop(other, None)
            room += each
        self._known[key] = (now, size, value)

    def drop(self, key: K) -> None:
        """Forget what was told: it is known to be so no more."""
        self._known.pop(key, None)


def _size(value: Any, enough: int) -> int:
    """Count the bytes of memory that a JSON value takes, no further than just above `enough`."""
    size, values = 0, [value]
    while values and size <= enough:
        one = values.pop()
        size += sys.getsizeof(one)
        if isinstance(one, dict):
            values += [*one, *one.values()]
        elif isinstance(one, list):
            values += one
    return size
