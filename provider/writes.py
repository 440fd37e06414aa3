"""How the writes of this process to Dify's storage keep out of each other's way.

The daemon counts what a plugin stores in a row of its database: after each write it looks for the row, and makes it
if there is none. So first writes at the same moment make a row each, for good. From then on every write changes all
those rows, and writes at the same moment lock each other out, until the database ends one of them, one a second.
Source: the plugin daemon's internal/core/persistence/persistence.go; so seen there with PostgreSQL.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from relay.run.dify import StorageSilent

log = logging.getLogger("duck_relay")

# in the database's words, behind the daemon's: PostgreSQL's 40P01, MySQL's 1213
LOCKED_OUT = re.compile(r"(?:save|delete) data failed: .*\bdeadlock\b.*", re.IGNORECASE | re.DOTALL)
ATTEMPTS = 4
AT_ONCE = 4  # writes: locked out, the last of them is through after three seconds, before anyone gives it up
LONG = 1.0  # seconds after which others no longer wait for a write: its caller may be gone, and its answer never come
FIRST = 6.0  # seconds, the same for the first write: as long as it may take


class Writes:
    """Lets the first write go alone, then a few at once, or one after the other where they lock each other out."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._begun: list[float] = []  # when those that are under way did
        self._most = 1
        self._counted = False  # something was written: the row is there

    def do(self, write: Callable[[], None]) -> None:
        """Write, and do so again where others have locked it out. Raises whatever `write` raises."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._turn():
                    write()
            except StorageSilent:
                raise
            except Exception as error:
                if attempt == ATTEMPTS or not LOCKED_OUT.fullmatch(str(error)):
                    raise
                self._narrow()
            else:
                self._widen()
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
        long, now = LONG if self._counted else FIRST, time.monotonic()
        waited_for = sorted(begun for begun in self._begun if now - begun < long)
        return waited_for[-self._most] + long - now if len(waited_for) >= self._most else 0.0

    def _widen(self) -> None:
        if self._counted:
            return
        with self._change:
            self._counted, self._most = True, AT_ONCE
            self._change.notify(AT_ONCE)

    def _narrow(self) -> None:
        if self._counted and self._most == 1:
            return
        self._counted, self._most = True, 1
        log.warning(
            "Dify's plugin daemon counts what this plugin stores in several rows of its table tenant_storages, where"
            " writes lock each other out: from now on they go one after the other. One of the rows is enough."
        )
