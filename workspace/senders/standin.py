"""What all stand-ins have in common: a table of routes, faults, and a record of all that came."""

import json
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from workspace.senders.chat import Chat
from workspace.senders.faults import Faults

_KEPT = 2000
_SECRET = frozenset({"authorization", "private-token", "cookie"})

type Clock = Callable[[], float]
type Handler = Callable[[Received, re.Match[str]], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request to a sender's API."""

    method: str
    path: str  # below the stand-in, "/" first, percent-encoded as it came
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    body: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def bearer(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def content(self) -> Any:
        """The JSON of the body, or a form's fields. Raises ValueError."""
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answers: JSON, or nothing, or a text."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Tell whether something was done: Slack refuses in a 200."""
        return self.status < 300 and not (isinstance(self.body, dict) and self.body.get("ok") is False)

    @property
    def raw(self) -> bytes:
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    @property
    def media_type(self) -> str:
        return "text/plain" if isinstance(self.body, str) else "application/json"


class Refused(Exception):
    """The API refuses, in its vendor's own words."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request as it is kept: without what stands for the token in its headers."""

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any
    status: int = 0  # 0: the connection was cut
    answer: Any = None
    ignored: list[str] = field(default_factory=list)
    """Fields that the API does not know and does not refuse."""
    fault: str = ""


class Body(BaseModel, extra="allow", strict=True):
    """A request's body. The fields that are not declared are ignored by the API, and told in the record."""


@dataclass
class StandIn:
    """One sender's API."""

    name: ClassVar[str]
    token: ClassVar[str]
    """What `bot_token` has to be."""
    expired: ClassVar[str] = "expired"
    """A token that was good once."""
    rate: ClassVar[Sequence[tuple[int, float]]] = ()
    """How many messages go to one place in how many seconds."""

    clock: Clock = time.time
    chat: Chat = field(default_factory=Chat)
    faults: Faults = field(default_factory=Faults)
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=_KEPT))
    posted: dict[str, deque[float]] = field(default_factory=dict)
    _ignored: list[str] = field(default_factory=list)

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        """Give method, pattern of the whole path, and what answers."""
        raise NotImplementedError

    def missing(self, received: Received) -> Answer:
        """Answer a request that no route takes."""
        raise NotImplementedError

    def throttled(self, seconds: float) -> Answer:
        """Answer one request too many."""
        raise NotImplementedError

    def malformed(self, error: ValidationError) -> Answer:
        """Answer a body that is not as the vendor describes it."""
        raise NotImplementedError

    def answer(self, received: Received) -> Answer:
        """Answer a request by the first route that takes it."""
        try:
            for method, pattern, handler in self.routes():
                if method == received.method and (found := re.fullmatch(pattern, received.path)):
                    return handler(received, found)
            return self.missing(received)
        except Refused as refused:
            return refused.answer

    def parse[B: Body](self, model: type[B], content: Any) -> B:
        """Check a body. Raises Refused."""
        try:
            body = model.model_validate(content)
        except ValidationError as error:
            raise Refused(self.malformed(error)) from error
        self._ignored += sorted(body.model_extra or {})
        return body

    def paced(self, place: str) -> None:
        """Count a message to a place. Raises Refused for one too many, where rates are kept."""
        now = self.clock()
        times = self.posted.setdefault(place, deque(maxlen=1000))
        for most, seconds in self.rate if self.faults.rates else ():
            recent = [at for at in times if at > now - seconds]
            if len(recent) >= most:
                raise Refused(self.throttled(max(1, round(recent[0] + seconds - now))))
        times.append(now)

    def record(self, received: Received) -> Exchange:
        self._ignored = []
        try:
            body = received.content if received.body else None
        except ValueError:
            body = received.body.decode(errors="replace")
        exchange = Exchange(
            at=self.clock(),
            method=received.method,
            path=received.path.replace(self.token, "…"),
            query=received.query.replace(self.token, "…"),
            headers={name: "…" if name in _SECRET else value for name, value in received.headers.items()},
            body=body,
        )
        self.exchanges.append(exchange)
        return exchange

    def keep(self, exchange: Exchange, answer: Answer) -> None:
        exchange.status = answer.status
        exchange.answer = answer.body
        exchange.ignored = self._ignored

    def clear(self) -> None:
        """Forget all but the handles that were used."""
        self.chat.clear()
        self.exchanges.clear()
        self.posted.clear()
        self.faults = Faults()

    def dump(self) -> dict[str, Any]:
        """Give all that is known as JSON."""
        return {
            "requests": [asdict(exchange) for exchange in self.exchanges],
            **self.chat.dump(self.clock()),
        }


def missing_fields(error: ValidationError) -> list[tuple[str, str]]:
    """Give where and what is wrong of each error: `messages[0].text`, `missing`."""
    return [(_place(one["loc"]), str(one["type"])) for one in error.errors(include_url=False)]


def _place(location: Sequence[int | str]) -> str:
    """Write a path as JavaScript does."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
