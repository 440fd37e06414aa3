"""Where a run's events go beside the response: a messenger, a record."""

from collections.abc import Callable
from math import inf

from relay.errors import RelayError
from relay.event import Event
from relay.outgoing.output import Output


class Beside:
    """An output that is fed beside the response. Whatever goes wrong with it is told once, and stays its own."""

    def __init__(self, output: Output, send: Callable[[bytes], None], *, failed: Callable[[Exception], None]) -> None:
        """`send` gets each piece, the last one too; it must not take long, for the response waits meanwhile."""
        self._output = output
        self._send = send
        self._failed = failed
        self._over = False

    def due(self) -> float:
        return inf if self._over else self._output.due()

    def ready(self) -> float:
        return inf if self._over else self._output.ready()

    def take(self, event: Event, now: float) -> None:
        if not self._over:
            self._attempt(lambda: self._output.take(event, now))

    def send_due(self, now: float) -> None:
        """Send the piece that is due, if one is."""
        if self.due() <= now:
            self._attempt(lambda: self._send(self._output.piece(now)))

    def end(self, error: RelayError | None) -> None:
        """Send what is left; a second time nothing."""
        if not self._over:
            self._attempt(lambda: self._send(self._output.end(error)))
        self._over = True

    def _attempt(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the response goes on
            self._over = True
            self._failed(error)
