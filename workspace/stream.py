"""The bounded queue that stands wherever the daemon hands messages from one task to another.

Source: the daemon's pkg/utils/stream. Its close leaves what is queued to the reader and ignores later writes,
and a writer chooses whether a full queue makes it wait or makes it lose the item: most of what a plugin
suffers under the daemon follows from these two rules.
"""

import asyncio
from collections import deque


class StreamEnd(Exception):
    """The stream was closed and everything in it was read."""


class Stream[T]:
    """A queue of at most `limit` items with one reader."""

    __slots__ = ("_closed", "_error", "_items", "_limit", "_reader", "_writers")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[T] = deque()
        self._closed = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writers: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def closed(self) -> bool:
        return self._closed

    def write(self, item: T) -> bool:
        """Queue `item`, or lose it: False when the stream is full or closed."""
        if self._closed or len(self._items) >= self._limit:
            return False
        self._items.append(item)
        _wake(self._reader)
        return True

    async def write_blocking(self, item: T) -> None:
        """Queue `item` as soon as there is room; does nothing once the stream is closed."""
        while not self._closed and len(self._items) >= self._limit:
            turn = asyncio.get_running_loop().create_future()
            self._writers.append(turn)
            await turn
        self.write(item)

    def close(self, error: Exception | None = None) -> None:
        """End the stream; the reader still gets what is queued, then `error` once. Only the first close counts."""
        if self._closed:
            return
        self._closed = True
        self._error = error
        _wake(self._reader)
        while self._writers:
            _wake(self._writers.popleft())

    def drain(self) -> list[T]:
        """Take out everything that waits."""
        items = list(self._items)
        self._items.clear()
        return items

    async def read(self) -> T:
        """Return the next item. Raises the error the stream was closed with, then StreamEnd."""
        while not self._items:
            if self._closed:
                error, self._error = self._error, None
                raise error or StreamEnd
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        item = self._items.popleft()
        if self._writers:
            _wake(self._writers.popleft())
        return item


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
