"""What was asked for a moment ago, and need not be asked for again."""

import threading
import time
from collections.abc import Callable, Hashable, Mapping
from math import inf
from typing import Any


class Kept[K: Hashable]:
    """JSON objects by what they tell of, each good for a minute. A failure is not kept."""

    KEEP = 60.0  # seconds
    MOST = 256
    PATIENCE = 2.0  # seconds; of a request whose caller is gone Dify answers nothing, and the SDK waits for 250

    def __init__(self) -> None:
        self._known: dict[K, tuple[float, Mapping[str, Any]]] = {}
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
        asked, value = self._known.get(key, (-inf, {}))
        return value if time.monotonic() - asked < self.KEEP else None

    def _keep(self, key: K, value: Mapping[str, Any]) -> None:
        self._known.pop(key, None)
        while len(self._known) >= self.MOST:
            self._known.pop(next(iter(self._known)), None)  # the one that was asked for first
        self._known[key] = (time.monotonic(), value)

    def drop(self, key: K) -> None:
        """Forget what was told: it is known to be so no more."""
        self._known.pop(key, None)
