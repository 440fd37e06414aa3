"""The log: one line for each request, and what an unforeseen error was."""

import logging
import traceback
from dataclasses import dataclass, field

from relay.errors import RelayError
from relay.foreign import for_log

log = logging.getLogger("duck_relay")


@dataclass(slots=True, kw_only=True)
class Line:
    """What the log says of one request, filled in on its way and written once, when the answer has ended."""

    request_id: str
    method: str
    route: str
    started: float  # seconds, of the clock that `write` is told
    app: str = ""
    status: int = 0
    key: int = 0  # which of several keys was used, from 1; 0: none
    secret: int = 0  # likewise of several webhook secrets
    events: int = 0
    chunks: int = 0
    size: int = 0  # bytes of the answer
    deliveries: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what the caller is not told
    replayed: bool = False  # the same delivery was answered before
    written: bool = False

    def sent(self, chunk: bytes) -> None:
        """Count a chunk of the answer."""
        self.chunks += 1
        self.size += len(chunk)

    def failed(self, error: RelayError) -> None:
        """Note an error, and what of it the caller is not told; where an unforeseen one came from stands beside."""
        if type(error) is RelayError:
            self.notes.append("500 internal_error")
            if error.__cause__:
                unforeseen(self.request_id, error.__cause__)
            return
        self.notes.append(f"{int(error.status)} {error.code}: {error.reason or error.__cause__ or error.message}")

    def write(self, now: float) -> None:
        """Write the line; a second time nothing."""
        if self.written:
            return
        self.written = True
        log.log(logging.WARNING if self.notes else logging.INFO, "%s", self.text(now))

    def text(self, now: float) -> str:
        """Give `<id>: <method> <route> app=… status=… ms=… events=… chunks=… bytes=… delivery=…`, and the notes."""
        facts = {
            "app": quoted(self.app),
            "status": self.status,
            "ms": round(1000 * (now - self.started)),
            "events": self.events,
            "chunks": self.chunks,
            "bytes": self.size,
            "delivery": ",".join(map(quoted, self.deliveries)) or "-",
            **({"replayed": "yes"} if self.replayed else {}),
            **({"key": self.key} if self.key else {}),
            **({"secret": self.secret} if self.secret else {}),
        }
        head = f"{self.request_id}: {self.method} {self.route}"
        told = " ".join(f"{name}={value}" for name, value in facts.items())
        return " ".join([head, told, *(["-", "; ".join(map(for_log, self.notes))] if self.notes else [])])


def unforeseen(request_id: str, error: BaseException) -> None:
    """Log where an unforeseen error came from: its frames and kinds, not its words, which may be a caller's."""
    told = []
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        told.append(f"{type(error).__module__}.{type(error).__qualname__}\n{frames}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)  # type: ignore[assignment]
    log.error("%s: unforeseen: %s", request_id, "caused by ".join(told).rstrip())


def quoted(text: str) -> str:
    """Give a name or id as it is where it is plain, else in quotes."""
    shown = for_log(text)
    return shown if shown and shown.isprintable() and " " not in shown and "=" not in shown else repr(shown)
