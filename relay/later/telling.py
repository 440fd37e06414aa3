"""Bringing an answer to where it goes, in a thread beside the run: what to send is decided elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from relay.bell import Bell  # noqa: TC001 - as everywhere in this house
from relay.host import Host
from relay.outward import Request, Response
from relay.replies.channel import Verdict

AT_ONCE = 20.0  # seconds that are waited for the next try; what takes longer gets a request of its own
SIGNS = frozenset({"typing", "status", "read"})  # what requests are called that say nothing of an answer
LOOK = 1.0  # seconds from one look at the answer to the next, at most


class Telling(Protocol):
    """One answer on its way to one place: it decides, and is told what came back. See `replies.saying`."""

    @property
    def finished(self) -> bool: ...

    @property
    def failed(self) -> str: ...

    def due(self, *, whole: bool, text: str, now: float) -> float: ...

    def request(self, text: str, *, whole: bool, now: float, wall: float) -> Request | None: ...

    def told(self, request: Request, response: Response, *, now: float, wall: float) -> Verdict: ...

    def dump(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How requests get there."""

    sender: str  # or "callback"
    base: str = ""
    public: bool = False  # to an address that is nobody's inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What decides the requests, and how they get there."""

    telling: Telling
    place: Place


class Teller:
    """Sends, one request after the other, until all is told, it can't be, or it is to be tried much later."""

    def __init__(
        self,
        way: Way,
        host: Host,
        *,
        answer: Callable[[], tuple[str, bool]],
        before: Callable[[], None],
        flying: Callable[[], bool],
        sent: Callable[[Request, Response, Verdict], None],
        ended: Callable[[], None],
    ) -> None:
        """`answer` gives the text so far and whether it is whole; `before` is done before anything of it is sent.

        `flying` is done before each request: if this process ends now, the next one knows that it may have arrived.
        It tells whether the request may go: another process may have taken the answer over.
        """
        self.late = 0.0  # seconds until it is to be tried again, in a request of its own
        self.over = False
        self._telling = way.telling
        self._place = way.place
        self._host = host
        self._post = host.post(way.place.sender)
        self._answer = answer
        self._before = before
        self._flying = flying
        self._sent = sent
        self._ended = ended
        self._bell: Bell | None = None
        self._stopped = False

    def work(self) -> None:
        """Send until there is nothing left to do."""
        self._bell = self._host.bell()
        try:
            self._go_on()
        finally:
            self.over = True
            self._ended()

    def ring(self) -> None:
        """Say that the answer has changed."""
        if self._bell:
            self._bell.ring()

    def stop(self) -> None:
        """Leave what is not told to a request of its own."""
        self._stopped = True
        self.ring()

    def _go_on(self) -> None:
        telling, host = self._telling, self._host
        while not (telling.finished or telling.failed):
            text, whole = self._answer()
            now = host.elapsed()
            due = telling.due(whole=whole, text=text, now=now)
            wait = due - now
            if self._stopped or (whole and AT_ONCE < wait < inf):
                self.late = max(wait, 1.0) if wait < inf else 1.0
                return
            request = None
            if wait <= 0:
                if text:
                    self._before()
                request = telling.request(text, whole=whole, now=now, wall=host.clock())
            if request is None:
                self._wait(min(max(wait, 0.05), LOOK))
                continue
            if request.what not in SIGNS and not self._flying():
                return
            response = self._post(request, base=self._place.base, public=self._place.public)
            verdict = telling.told(request, response, now=host.elapsed(), wall=host.clock())
            self._sent(request, response, verdict)

    def _wait(self, seconds: float) -> None:
        if self._bell:
            self._bell.wait(seconds)


def words_of(verdict: Verdict, response: Response) -> str:
    """Say what came of a request, in our words."""
    status = str(response.status) if response.status else response.problem or "no answer"
    told = f"{verdict.outcome}: {status}"
    return told if verdict.reason in {"", status} else f"{told} ({verdict.reason})"
