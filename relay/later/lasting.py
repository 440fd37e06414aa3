"""A request of the plugin to itself, by whose session others of the process store what they accept.

Dify leaves unanswered what a session asks for whose caller has hung up, and senders do so after two seconds or
three. Two hundred deliveries at once take that long to be written, for the daemon counts what all of them store in
one row of its database. Nobody hangs up on this request, so that whatever has arrived is stored and answered.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from secrets import token_hex

from relay.errors import AppUnavailable
from relay.outgoing.quiet import SIGN, SIGN_EVERY
from relay.outward import Started
from relay.run.dify import Session

IDLE = 5.0  # seconds without anybody who stores, after which it ends
LONGEST = 300.0  # seconds after which nobody new stores by it: the daemon ends a request at 600
IN_VAIN = 30.0  # seconds in which none is asked for again where none could be had
PATIENCE = 2.0  # seconds that one is waited for
LOOK = 0.5  # seconds


@dataclass(slots=True, eq=False)
class _Request:
    """One request that lasts. Times are in seconds that never go back."""

    id: str
    token: str = field(repr=False)
    session: Session | None = None
    opened: float = 0.0
    used: float = 0.0
    users: int = 0
    known: threading.Event = field(default_factory=threading.Event)  # whether it could be had


class Lasting:
    """One endpoint's in this process: asked for when somebody needs it, and kept a while."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._request: _Request | None = None
        self._not_before = float("-inf")

    @contextmanager
    def lent(self, ask: Callable[[str, str, Callable[[bool], None]], Started]) -> Iterator[Session | None]:
        """Lend its session; None where it can't be had. `ask` asks for the run of an id by a token."""
        request = self._have(ask)
        if request is None:
            yield None
            return
        try:
            yield request.session.anew() if request.session else None
        except AppUnavailable:
            self._retire(request)  # its storage may be silent for good
            raise
        finally:
            with self._lock:
                request.users -= 1
                request.used = self._elapsed()

    def admit(self, id_: str, token: str, session: Session) -> Iterator[bytes] | None:
        """Take a request as the one that was asked for: gives its answer. None: it is another."""
        with self._lock:
            request = self._request
            if request is None or request.session or request.id != id_:
                return None
            if not compare_digest(request.token.encode(), token.encode("utf-8", "replace")):
                return None
            request.session, request.opened, request.used = session, self._elapsed(), self._elapsed()
        return self._last(request)

    def _have(self, ask: Callable[[str, str, Callable[[bool], None]], Started]) -> _Request | None:
        """Give one that is open, or as soon as it is: whoever comes first asks for it."""
        with self._lock:
            request, first = self._request, False
            if request is None or (request.session and self._elapsed() - request.opened > LONGEST):
                if self._elapsed() < self._not_before:
                    return None
                request, first = _Request(token_hex(16), token_hex(16)), True
                self._request = request
            request.users += 1
        if first:
            ask(request.id, request.token, lambda _: self._retire(request))
            request.known.set()
        else:
            request.known.wait(PATIENCE)
        with self._lock:
            if request.session and self._request is request:
                return request
            request.users -= 1
            if self._request is request:
                self._request, self._not_before = None, self._elapsed() + IN_VAIN
        return None

    def _retire(self, request: _Request) -> None:
        with self._lock:
            if self._request is request:
                self._request = None

    def _last(self, request: _Request) -> Iterator[bytes]:
        pause, signed = threading.Event(), self._elapsed()
        try:
            yield SIGN
            while self._is_wanted(request):
                pause.wait(LOOK)
                if self._elapsed() - signed >= SIGN_EVERY:
                    signed = self._elapsed()
                    yield SIGN
        finally:
            self._retire(request)

    def _is_wanted(self, request: _Request) -> bool:
        with self._lock:
            now = self._elapsed()
            if request.users and now - request.opened < 2 * LONGEST - SIGN_EVERY:
                return True
            if self._request is request and now - request.used < IDLE and now - request.opened < LONGEST:
                return True
            if self._request is request:
                self._request = None  # before anybody else takes it
            return False
