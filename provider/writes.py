"""How the writes of this process to Dify's storage keep out of each other's way.

The daemon counts what a plugin stores in a row of its database: after each write it looks for the row, and makes it
if there is none. So first writes at the same moment make a row each, for good. From then on every write changes all
those rows, and writes at the same moment lock each other out, until the database ends one of them a second later.
Source: the plugin daemon's internal/core/persistence/persistence.go; so seen there with PostgreSQL.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from relay.run.dify import StorageSilent

log = logging.getLogger("duck_relay")

# in the database's words, behind the daemon's: PostgreSQL's 40P01, MySQL's 1213
LOCKED_OUT = re.compile(r"(?:save|delete) data failed: .*\bdeadlock\b.*", re.IGNORECASE | re.DOTALL)
ATTEMPTS = 4
FIRST = 6.0  # seconds that others wait for the first write: as long as it may take
OTHERS = 1.0  # seconds that one waits for those before it where they go one after the other


class Writes:
    """Lets the first write go alone, and all others together, unless it turns out that they can't."""

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._counted = False  # something was written: the row is there
        self._several = False  # so many rows are there that writes lock each other out

    def do(self, write: Callable[[], None]) -> None:
        """Write, and do so again where others have locked it out. Raises whatever `write` raises."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._in_order():
                    write()
                    self._counted = True
                    return
            except StorageSilent:
                raise
            except Exception as error:
                if attempt == ATTEMPTS or not LOCKED_OUT.fullmatch(str(error)):
                    raise
                self._note_several()

    @contextmanager
    def _in_order(self) -> Iterator[None]:
        if self._together:
            yield
            return
        # a caller who is gone would keep all others waiting
        alone = self._alone.acquire(timeout=OTHERS if self._counted else FIRST)
        if alone and self._together:
            self._alone.release()
            alone = False
        try:
            yield
        finally:
            if alone:
                self._alone.release()

    @property
    def _together(self) -> bool:
        return self._counted and not self._several

    def _note_several(self) -> None:
        if not self._several:
            self._several = True
            log.warning(
                "Dify's plugin daemon counts what this plugin stores in several rows of its table tenant_storages, so"
                " that writes lock each other out: from now on they go one after the other. One row is enough."
            )
