"""When the chunks of a streamed answer leave."""

from dataclasses import dataclass
from math import ceil, floor

EARLY = 0.1  # of a step: a timer may run out so much before it
PEOPLE = 9  # steps, 11 chunks a second: as fast as anyone reads, and what comes meanwhile is rendered together
STEP = 0.0096  # seconds: all answers of a process keep in step, so that one wake-up serves many of them


@dataclass(slots=True, kw_only=True)
class Pace:
    """The shortest time between two chunks, by the bytes that are on their way.

    The budget: Dify's daemon keeps 128 chunks for a caller who does not read, and silently drops what comes then.
    Before the first of them has to wait, the network takes something in: whoever reads nothing at all still receives
    some `held` bytes (TCP's windows begin at 64 KiB). So what counts is how fast the bytes come, as they are coded:

    - Slower than `trickle`, as an app's tokens are behind gzip (0.6 KiB a second at 50 tokens), the network alone
      takes in a minute and more. Chunks leave every `least` steps, 26 a second, for whoever looks on.
    - What comes faster adds up. As long as it adds up to less than `held`, the answer is young and chunks leave as
      often; from then on they become rarer, until at one and a half times `held` they leave every `most` steps,
      8.7 a second: 128 of those are 14.7 s, and a caller who sleeps for 12 s at any moment loses nothing.

    Chunks that wait are never joined again, so only fewer of them would make the time longer, and 8 a second is about
    the least that still looks like flowing.
    """

    least: int = 4  # steps
    most: int = 12  # steps
    trickle: float = 4096.0  # bytes a second
    held: int = 48 * 1024  # bytes
    _waiting: float = 0.0  # bytes that a caller who reads a trickle has not read yet
    _last: float = 0.0  # when that was so

    def sent(self, size: int, now: float) -> None:
        """Count a chunk of so many bytes."""
        self._waiting = max(self._waiting - self.trickle * (now - self._last), 0.0) + size
        self._last = now

    def next(self, now: float) -> float:
        """Say when the chunk after one that leaves now may leave."""
        age = min(max(2.0 * (self._waiting / self.held - 1.0), 0.0), 1.0)
        return (floor(now / STEP + EARLY) + ceil(self.least + age * (self.most - self.least))) * STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a stream's chunks leave. All in seconds."""

    opening: float = 0.2  # for the app's first event, before the answer opens without it
    gather: float = 0.01  # after the first event, for what follows at once
    keep_alive: float = 15.0  # of silence
