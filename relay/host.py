"""What the relay is given by the process that it runs in: the time, and somebody who looks after it."""

from collections.abc import Callable
from dataclasses import dataclass


def _nobody(_: str) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The process, as far as the relay needs it."""

    clock: Callable[[], float]  # seconds since 1970
    elapsed: Callable[[], float]  # seconds that never go back
    mark: Callable[[str], None] = _nobody  # says for which request, by its id, the current thread works
