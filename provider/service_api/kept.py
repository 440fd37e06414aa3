"""What was asked for a moment ago, and need not be asked for again."""

import time
from collections.abc import Callable, Hashable, Mapping
from math import inf
from typing import Any


class Kept[K: Hashable]:
    """JSON objects by what they tell of, each good for a minute. A failure is not kept."""

    KEEP = 60.0  # seconds
    MOST = 256

    def __init__(self) -> None:
        self._known: dict[K, tuple[float, Mapping[str, Any]]] = {}

    def get(self, key: K, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Give what is known, or ask. Raises whatever asking raises."""
        now = time.monotonic()
        asked, value = self._known.get(key, (-inf, {}))
        if now - asked < self.KEEP:
            return value
        value = ask()
        self._known.pop(key, None)
        while len(self._known) >= self.MOST:
            self._known.pop(next(iter(self._known)), None)  # the one that was asked for first
        self._known[key] = (now, value)
        return value

    def drop(self, key: K) -> None:
        """Forget what was told: it is known to be so no more."""
        self._known.pop(key, None)
