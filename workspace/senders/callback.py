"""A receiver of callbacks: takes any post at `/senders/callback/<name>`, and keeps it with its headers."""

from collections.abc import Sequence
from dataclasses import dataclass
from re import Match
from typing import ClassVar

from pydantic import ValidationError

from workspace.senders.chat import Message
from workspace.senders.standin import Answer, Handler, Received, StandIn


@dataclass
class Callback(StandIn):
    """Somebody's own address. The path after `/callback/` is the place."""

    name: ClassVar[str] = "callback"
    token: ClassVar[str] = "whsec_cXVhY2stcXVhY2stcXVhY2stcXVhY2sh"
    """What the posts are signed with; nothing is checked here."""

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("POST", r"/(.*)", self.take),)

    def take(self, received: Received, found: Match[str]) -> Answer:
        number = received.headers.get("webhook-id", str(len(self.chat.messages)))
        text = received.body.decode(errors="replace")
        self.chat.add(Message(id=number, place=found[1], text=text, at=self.clock()))
        return Answer(None, 204)

    def missing(self, _: Received) -> Answer:
        return Answer("only posts are taken", 405)

    def throttled(self, seconds: float) -> Answer:
        return Answer("too many", 429, {"Retry-After": f"{seconds:.0f}"})

    def malformed(self, _: ValidationError) -> Answer:
        return Answer("malformed", 400)
