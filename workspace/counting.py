"""Where the daemon counts what a plugin stores: rows of its database that writes make and change.

Source: the daemon's internal/core/persistence: when it has stored, it looks for the row, makes it if there is none,
and else changes all that there are. So first writes at the same moment make a row each; from then on many writes at
the same moment lock each other out, until the database ends one of them, one a second. What that one wrote is stored
all the same. On a daemon with four rows 16 writes at once did so, and 8 did not.
"""

import asyncio

from workspace.storage import StorageError

LOCKED_OUT = "save data failed: ERROR: deadlock detected (SQLSTATE 40P01)"
_LOOK_S = 0.005  # between looking for the row and making or changing it
_NOTICED_S = 1.0  # PostgreSQL's deadlock_timeout
_BEARABLE = 8


class Counting:
    """The rows for one plugin."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._row = asyncio.Lock()
        self._writing = 0

    async def count(self, pause: float) -> None:
        """Count a write that takes `pause` seconds, one after the other. Raises StorageError if it is locked out."""
        if not self.rows:
            await asyncio.sleep(_LOOK_S)
            self.rows += 1
        elif self.rows > 1:
            await self._change_all(pause)
        elif pause:
            async with self._row:
                await asyncio.sleep(pause)

    async def _change_all(self, pause: float) -> None:
        locked_out = max(self._writing + 1 - _BEARABLE, 0)
        self._writing += 1
        try:
            await asyncio.sleep(locked_out * _NOTICED_S if locked_out else max(pause, _LOOK_S))
        finally:
            self._writing -= 1
        if locked_out:
            raise StorageError(LOCKED_OUT)
