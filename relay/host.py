"""What the relay is given by the process that it runs in: the time, and somebody who looks after it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.bell import Bell, ThreadBell
from relay.outward import Nowhere, Own, Post, same_base, unsent


def _nobody(_: str) -> None:
    pass


def _unsent(_: str) -> Post:
    return unsent


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The process, as far as the relay needs it."""

    clock: Callable[[], float]  # seconds since 1970
    elapsed: Callable[[], float]  # seconds that never go back
    ending: float = 0.25  # seconds that the end of an answer stays behind its first chunk, in this runtime
    bell: Callable[[], Bell] = ThreadBell  # makes what a request's one taker of events sleeps by
    post: Callable[[str], Post] = _unsent  # sends to a sender's API, by its name, or to a "callback"
    base: Callable[[str, str, str | None], str] = same_base  # of a sender's API: its name, its base, `sender_url`
    own: Own = field(default_factory=Nowhere)
    mark: Callable[[str], None] = _nobody  # says for which request, by its id, the current thread works
