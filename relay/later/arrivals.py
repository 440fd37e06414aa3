"""The order in which the messages of a conversation have arrived, kept while each of them is being stored.

That takes some time, and a person writes the next message meanwhile: it must not be before the first among the turns.
"""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

LONGEST = 10.0  # seconds that a message waits for those before it: their storage may be silent


class Place:
    """One message's place in the line of its conversation."""

    def __init__(self, line: "list[Place]", change: threading.Condition) -> None:
        self._line = line
        self._change = change

    def wait(self) -> None:
        """Wait until those that arrived before have left the line."""
        with self._change:
            self._change.wait_for(lambda: self not in self._line[1:], LONGEST)

    def leave(self) -> None:
        """Let those behind it go on. May be called again."""
        with self._change:
            if self in self._line:
                self._line.remove(self)
                self._change.notify_all()


class Arrivals:
    """One endpoint's lines in this process."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._lines: dict[Hashable, list[Place]] = {}

    @contextmanager
    def arrive(self, conversation: Hashable) -> Iterator[Place]:
        """Give a message its place, which it leaves at the end at the latest."""
        with self._change:
            line = self._lines.setdefault(conversation, [])
            place = Place(line, self._change)
            line.append(place)
        try:
            yield place
        finally:
            place.leave()
            with self._change:
                if not line and self._lines.get(conversation) is line:
                    del self._lines[conversation]
