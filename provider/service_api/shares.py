"""How many requests each app may have under way: the connections of a process are not one app's alone."""

import threading
from collections import Counter
from collections.abc import Hashable

RUNS = 360  # of an app, at once
REQUESTS = 400  # with those that run nothing: runs are stopped, however many there are


class Share:
    """The place of one request."""

    def __init__(self, shares: "Shares", app: Hashable) -> None:
        self._shares = shares
        self.app = app
        self._given_back = False

    def give_back(self) -> None:
        """Let another request have it; may be called again."""
        if not self._given_back:
            self._given_back = True
            self._shares.end(self.app)


class Shares:
    """The requests under way, by app."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken: Counter[Hashable] = Counter()

    def take(self, app: Hashable, *, runs: bool) -> Share | None:
        """Give a place for a request, `runs` for one that runs the app; None where the app has all of its own."""
        with self._lock:
            if self.taken[app] >= (RUNS if runs else REQUESTS):
                return None
            self.taken[app] += 1
        return Share(self, app)

    def end(self, app: Hashable) -> None:
        """Count one less."""
        with self._lock:
            self.taken[app] -= 1
            if not self.taken[app]:
                del self.taken[app]
