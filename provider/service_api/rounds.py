"""Reads many busy streams by one thread.

A stream that waits for its next bytes in a thread of its own costs two changes of threads and a timer for each piece,
several times what reading the piece costs. So where many streams are busy at once, one thread goes round, takes from
each what is here, and rests: the longer, the more there are. A stream that falls silent waits by itself again, and is
read at once.
"""

import threading
import time
from typing import Protocol

EACH = 0.001  # seconds of rest for each busy stream
LONGEST = 0.125  # seconds of rest
TURN = 0.02  # seconds, after which whatever else goes on has its turn, amid a round


class Busy(Protocol):
    """A stream that has something to read again and again."""

    def glance(self, now: float) -> bool:
        """Take what is here, without waiting; tell whether to come again. Raises nothing."""

    def back(self) -> None:
        """Hear that nobody comes again."""


class Rounds:
    """The thread that goes round; there is none while no stream is busy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: list[Busy] = []
        self._going = False

    def join(self, stream: Busy) -> None:
        """Come to a stream from now on, until it wants no more."""
        with self._lock:
            self._busy.append(stream)
            if self._going:
                return
            self._going = True
        threading.Thread(target=self._go, name="service-api-rounds", daemon=True).start()

    def _go(self) -> None:
        while True:
            with self._lock:
                if not (streams := list(self._busy)):
                    self._going = False
                    return
            now = turn = time.monotonic()
            done = []
            for stream in streams:
                if not stream.glance(now):
                    done.append(stream)
                if time.monotonic() - turn > TURN:
                    time.sleep(0)
                    turn = time.monotonic()
            if done:
                with self._lock:
                    self._busy = [stream for stream in self._busy if stream not in done]
                for stream in done:
                    stream.back()
            rest = min(LONGEST, EACH * len(streams))
            # what others have to do comes first where a round takes as long as its rest
            time.sleep(max(rest - (time.monotonic() - now), rest / 4))


ROUNDS = Rounds()
