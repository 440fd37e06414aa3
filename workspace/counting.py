"""Where the daemon counts what a plugin stores: rows of its database that writes make and change.

Source: the daemon's internal/core/persistence: a write looks for the row, makes it if there is none, and else changes
all that there are. So first writes at the same moment make a row each; from then on writes at the same moment lock
each other out, until the database ends one of them after a second. What that one wrote is stored all the same.
"""

import asyncio

LOCKED_OUT = "save data failed: ERROR: deadlock detected (SQLSTATE 40P01)"
_LOOK_S = 0.005  # between looking for the row and making or changing it
_NOTICED_S = 1.0  # PostgreSQL's deadlock_timeout


class Counting:
    """The rows for one plugin."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._row = asyncio.Lock()
        self._writing = 0

    async def count(self, pause: float) -> bool:
        """Count a write that takes `pause` seconds, one after the other; False: it was locked out."""
        if not self.rows:
            await asyncio.sleep(_LOOK_S)
            self.rows += 1
            return True
        if self.rows > 1:
            return await self._change_all(pause)
        if pause:
            async with self._row:
                await asyncio.sleep(pause)
        return True

    async def _change_all(self, pause: float) -> bool:
        others, self._writing = self._writing, self._writing + 1
        try:
            await asyncio.sleep(others * _NOTICED_S if others else max(pause, _LOOK_S))
        finally:
            self._writing -= 1
        return not others
