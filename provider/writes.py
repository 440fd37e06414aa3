"""How the writes of this process to Dify's storage keep out of each other's way.

The daemon counts what a plugin stores in a row of its database: after each write it looks for the row, and makes it
if there is none. So first writes at the same moment make a row each, for good. From then on every write changes all
those rows, and where many write at the same moment they lock each other out, until the database ends one of them, one
a second. Source: the plugin daemon's internal/core/persistence/persistence.go; so seen there with PostgreSQL.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf

from relay.run.dify import StorageSilent

log = logging.getLogger("duck_relay")

# in the database's words, behind the daemon's: PostgreSQL's 40P01, MySQL's 1213
LOCKED_OUT = re.compile(r"(?:save|delete) data failed: .*\bdeadlock\b.*", re.IGNORECASE | re.DOTALL)
ATTEMPTS = 4
AT_ONCE = 4  # writes, where there are several rows: with four, 8 locked none of 400 deliveries out, 16 nearly all
LONG = 1.0  # seconds after which others no longer wait for a write: its caller may be gone, and its answer never come
SEVERAL = (
    "Dify's plugin daemon counts what this plugin stores in several rows of its table tenant_storages, in which many"
    " writes lock each other out: from now on few go at once. One of the rows is enough."
)


class Writes:
    """Lets the first write go alone, and then all at once, or a few where they are known to lock each other out."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._begun: list[float] = []  # when those that are under way did
        self._most: float = 1
        self._first = True

    def do(self, write: Callable[[], None], *, several: Callable[[], bool], note: Callable[[], None]) -> None:
        """Write, and do so again where others have locked it out. Raises whatever `write` raises.

        `several` tells whether another process has found several rows, and `note` lets others know. Neither raises.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._turn():
                    if self._first and several():
                        self._open(AT_ONCE)
                    write()
                    if self._first:
                        self._open(inf)
            except StorageSilent:
                raise
            except Exception as error:
                if attempt == ATTEMPTS or not LOCKED_OUT.fullmatch(str(error)):
                    raise
                if self._most != AT_ONCE:
                    self._open(AT_ONCE)
                    log.warning(SEVERAL)
                    note()
            else:
                return

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._change:
            while (wait := self._wait()) > 0:
                self._change.wait(wait)
            begun = time.monotonic()
            self._begun.append(begun)
        try:
            yield
        finally:
            with self._change:
                self._begun.remove(begun)
                self._change.notify()

    def _wait(self) -> float:
        """Give for how long the next one has to wait, unless another one ends before, in seconds."""
        if self._most == inf:
            return 0.0
        now, most = time.monotonic(), int(self._most)
        waited_for = sorted(begun for begun in self._begun if now - begun < LONG)
        return waited_for[-most] + LONG - now if len(waited_for) >= most else 0.0

    def _open(self, most: float) -> None:
        with self._change:
            self._first, self._most = False, most
            self._change.notify_all()
