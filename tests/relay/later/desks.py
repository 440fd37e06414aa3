"""An own address that does what it is told, for tests of who begins a delivery's run."""

from collections.abc import Callable

from relay.outward import Started


class Scripted:
    """A `relay.outward.Own`: a run ends when the test says so, and what is to be done later waits for `pass_`."""

    def __init__(self) -> None:
        self.started: list[str] = []  # tokens, in their order
        self._ids: list[str] = []
        self.answers: list[Started] = []  # of the next ones that are asked for; then RUNNING
        self._ends: dict[str, Callable[[bool], None]] = {}
        self._later: list[Callable[[], None]] = []

    def address(self, hook_id: str, relay_url: str | None) -> str | None:
        return "http://own"

    def start(
        self,
        base: str,
        delivery_id: str,
        token: str,
        *,
        patience: float,
        ended: Callable[[bool], None],
    ) -> Started:
        self.started.append(token)
        self._ids.append(delivery_id)
        self._ends[token] = ended
        return self.answers.pop(0) if self.answers else Started.RUNNING

    def reaches(self, base: str) -> bool:
        return base == "http://own"

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self._later.append(act)

    def runs(self, id_: str) -> list[str]:
        """Give the tokens by which one delivery's run was asked for."""
        return [token for id_of_it, token in zip(self._ids, self.started, strict=True) if id_of_it == id_]

    def end(self, token: str, *, whole: bool = True) -> None:
        """Let the run end that was asked for by this token."""
        self._ends.pop(token)(whole)

    def pass_(self) -> None:
        """Let the time pass that everything waits for, until nothing does."""
        while self._later:
            self._later.pop(0)()
