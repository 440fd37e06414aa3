"""A messenger as a model: what its messages say, and what it answers to each request."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from relay.outward import Request, Response
from relay.replies.channel import Channel, Outcome, Piece, Rung, Stream, Target, Verdict
from relay.replies.saying import Saying
from relay.texts.dialects import plain

TARGET = Target(to={"channel": "C1"}, token="duck", delivery_id="0" * 32)
OK = Response(status=200)
LOST = Response(problem="no answer within 15 s")
UNSENT = Response(problem="no connection", arrived=False)


def said(outcome: Outcome, *, after: float = 0.0) -> Response:
    """Give a response that `judge` takes so, and that changed nothing."""
    return Response(status=400, body={"outcome": outcome, "after": after})


def judge(_: Request, response: Response) -> Verdict:
    if response.status == 200:
        return Verdict(outcome=Outcome.DONE)
    if response.status >= 500:
        return Verdict(outcome=Outcome.AGAIN, reason="trouble")
    return Verdict(outcome=response.body["outcome"], after=response.body["after"], reason="refused")


def _post(_: Target, pieces: Sequence[Piece]) -> Request:
    return Request(what="post", body={"texts": [piece.text for piece in pieces]})


def _post_by_key(_: Target, pieces: Sequence[Piece]) -> Request:
    texts = [piece.text for piece in pieces]
    return Request(what="post", body={"texts": texts, "key": pieces[0].number}, repeatable=True)


def _edit(_: Target, message: str, piece: Piece) -> Request:
    return Request(what="edit", body={"id": message, "text": piece.text}, repeatable=True)


STREAM = Stream(
    start=lambda _, piece: Request(what="start", body={"text": piece.text}),
    append=lambda _, message, piece: Request(what="append", body={"id": message, "text": piece.text}),
    stop=lambda _, message: Request(what="stop", body={"id": message}),
    most=40,
)

ONCE = Rung(name="once", post=_post, posted=lambda r: str(r.body), limit=40, plain=plain, gap=1.0)
SEVERAL = replace(ONCE, name="several", several=3)
KEYED = replace(ONCE, name="keyed", post=_post_by_key)
EDITED = replace(ONCE, name="edited", edit=_edit, pace=1.0)
STREAMED = replace(EDITED, name="streamed", stream=STREAM, pace=3.0)
OPENED = replace(EDITED, name="opened", opening="Wait…", edits=1)


def channel(*rungs: Rung, sign: bool = False, **more: Any) -> Channel:
    typing: Callable[[Target], Request | None] = lambda _: Request(what="typing") if sign else None  # noqa: E731
    return Channel(sender="model", base="", rungs=rungs, judge=judge, sign=typing, **more)


@dataclass
class Room:
    """Does what it is asked, unless a script says otherwise."""

    script: list[Response] = field(default_factory=list)
    late: bool = False  # what is LOST was done nevertheless
    messages: dict[str, str] = field(default_factory=dict)
    streaming: set[str] = field(default_factory=set)
    keys: dict[int, str] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        told = dict(request.body or {})
        told.pop("key", None)
        self.asked.append((request.what, told.get("texts") or told.get("text") or told.get("id", "")))
        response = self.script.pop(0) if self.script else OK
        if response == OK:
            return self._do(request)
        if response == LOST and self.late:
            self._do(request)
        if response == said(Outcome.NEXT) and request.what in {"append", "stop"}:
            self.streaming.discard(request.body["id"] if request.body else "")
        return response

    def _do(self, request: Request) -> Response:
        body: Any = request.body or {}
        match request.what:
            case "post":
                if body.get("key") in self.keys:
                    return replace(OK, body=self.keys[body["key"]])
                for text in body["texts"]:
                    self.messages[str(len(self.messages))] = text
                if "key" in body:
                    self.keys[body["key"]] = str(len(self.messages) - 1)
            case "start":
                self.streaming.add(str(len(self.messages)))
                self.messages[str(len(self.messages))] = body["text"]
            case "append" if body["id"] in self.streaming:
                self.messages[body["id"]] += body["text"]
            case "append" | "stop" if body["id"] not in self.streaming:
                return said(Outcome.NEXT)
            case "stop":
                self.streaming.discard(body["id"])
            case "edit":
                assert body["id"] not in self.streaming, "a stream can't be edited"
                self.messages[body["id"]] = body["text"]
        return replace(OK, body=str(len(self.messages) - 1))


def carry(room: Room, saying: Saying, texts: Iterable[str], *, each: float = 1.0, most: int = 200) -> Saying:
    """Let an answer grow, every `each` seconds, and send what is due. The last text is the whole one."""
    now, grown = 0.0, list(texts)
    for number, text in enumerate(grown):
        whole = number == len(grown) - 1
        until = (number + 1) * each
        for _ in range(most):
            due = saying.due(whole=whole, text=text, now=now)
            if due == float("inf") or (due >= until and not whole):
                break
            now = max(now, due)
            request = saying.request(text, whole=whole, now=now, wall=1000 + now)
            if request:
                saying.told(request, room(request), now=now, wall=1000 + now)
        now = max(now, until)
    return saying


def say(room: Room, texts: Iterable[str], *rungs: Rung, sign: bool = False) -> Saying:
    return carry(room, Saying(channel(*rungs, sign=sign), TARGET, now=0), texts)
