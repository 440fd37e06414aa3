"""LINE's Messaging API: replies, pushes, the loading animation.

Source: line/line-openapi, messaging-api.yml; LINE docs, "Send reply message", "Retry failed API requests",
"Character counting in a text", "Error responses".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from re import Match
from typing import Any, ClassVar
from uuid import UUID, uuid4

from pydantic import Field, ValidationError, field_validator

from relay.texts.measure import utf16
from workspace.senders import handles
from workspace.senders.chat import Message, Status
from workspace.senders.standin import Answer, Body, Handler, Received, Refused, StandIn, missing_fields

TOKEN_S = 60  # a reply token's life
RETRY_S = 24 * 3600  # a retry key's
TEXT = 5000  # UTF-16 units
BOT = "U" + "d" * 32

_KINDS = "^(text|textV2|sticker|image|video|audio|location|imagemap|template|flex|coupon)$"
_TOLD = {
    "missing": "May not be empty",
    "string_too_short": "May not be empty",
    "too_short": "Size must be between 1 and 5",
    "too_long": "Size must be between 1 and 5",
    "too_many_units": f"Length must be between 0 and {TEXT}",
}


class Said(Body):
    """One message."""

    type: str = Field(pattern=_KINDS)
    text: str | None = None
    quoteToken: str | None = None  # noqa: N815 - LINE's own name
    quickReply: dict[str, Any] | None = None  # noqa: N815
    sender: dict[str, Any] | None = None
    emojis: list[dict[str, Any]] | None = None

    @field_validator("text")
    @classmethod
    def _length(cls, text: str | None) -> str | None:
        if text is not None and not 0 < utf16(text) <= TEXT:
            raise ValueError("the length of a text")
        return text


class Messages(Body):
    messages: list[Said] = Field(min_length=1, max_length=5)
    notificationDisabled: bool | None = None  # noqa: N815


class Reply(Messages):
    replyToken: str  # noqa: N815


class Push(Messages):
    to: str = Field(pattern=r"^[UCR][0-9a-f]{32}$")
    customAggregationUnits: list[str] | None = None  # noqa: N815


class Loading(Body):
    chatId: str = Field(pattern=r"^U[0-9a-f]{32}$")  # noqa: N815
    loadingSeconds: int = Field(20, ge=5, le=60, multiple_of=5)  # noqa: N815


@dataclass
class Line(StandIn):
    """LINE."""

    name: ClassVar[str] = "line"
    token: ClassVar[str] = "line-quack"
    expired: ClassVar[str] = "line-expired"
    rate: ClassVar[Sequence[tuple[int, float]]] = ((2000, 1.0),)

    used: set[str] = field(default_factory=set)  # reply tokens
    accepted: dict[str, tuple[float, str, Any]] = field(default_factory=dict)  # retry key: when, request, answer
    pushes: int = 0
    """Messages that count against the quota."""

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        base = "(?:/v2/bot)?"
        return (
            ("POST", f"{base}/message/reply", self.reply),
            ("POST", f"{base}/message/push", self.push),
            ("POST", f"{base}/chat/loading/start", self.loading),
            ("GET", f"{base}/info", self.info),
        )

    def answer(self, received: Received) -> Answer:
        answer = super().answer(received)
        headers = {"x-line-request-id": str(uuid4()), **answer.headers}
        return Answer(answer.body, answer.status, headers)

    def missing(self, _: Received) -> Answer:
        return refusal("Not found", 404)

    def throttled(self, _: float) -> Answer:
        return refusal("The API rate limit has been exceeded. Try again later.", 429)

    def malformed(self, error: ValidationError) -> Answer:
        wrong = missing_fields(error)
        details = [{"message": _TOLD.get(kind, "Invalid value"), "property": place} for place, kind in wrong]
        if not [one for one in wrong if one[0]]:
            return refusal("The request body could not be parsed as JSON (line: 1, column: 1)")
        if wrong[0][0] in {"to", "chatId"} and wrong[0][1] == "string_pattern_mismatch":
            return refusal(f"The property, '{wrong[0][0]}', in the request body is invalid (line: -, column: -)")
        return refusal(f"The request body has {len(details)} error(s)", details=details)

    def reply(self, received: Received, _: Match[str]) -> Answer:
        body = self.parse(Reply, self._content(received))
        if "x-line-retry-key" in received.headers:
            return refusal("The header field 'X-Line-Retry-Key' can't be used here")
        try:
            handle = handles.read("line", body.replyToken)
        except handles.Unknown:
            return refusal("Invalid reply token")
        if handle.id in self.used or self.clock() > handle.issued + TOKEN_S or self.faults.channel_gone:
            return refusal("Invalid reply token")
        self.used.add(handle.id)
        return Answer(self._send(handle.place, body.messages))

    def push(self, received: Received, _: Match[str]) -> Answer:
        content = self._content(received)
        key = received.headers.get("x-line-retry-key", "")
        if key:
            try:
                key = str(UUID(key))
            except ValueError:
                return refusal("The value of the header field 'X-Line-Retry-Key' is no UUID")
            at, request, answer = self.accepted.get(key, (0.0, "", None))
            if self.clock() < at + RETRY_S:
                return Answer(
                    {"message": "The retry key is already accepted", **answer},
                    409,
                    {"x-line-accepted-request-id": request},
                )
        body = self.parse(Push, content)
        if self.faults.channel_gone:
            return refusal("Failed to send messages")
        self.paced("")
        sent = self._send(body.to, body.messages)
        self.pushes += len(body.messages)
        request = str(uuid4())
        if key:
            self.accepted[key] = (self.clock(), request, sent)
        return Answer(sent, headers={"x-line-request-id": request})

    def loading(self, received: Received, _: Match[str]) -> Answer:
        body = self.parse(Loading, self._content(received))
        self.chat.show(Status(place=body.chatId, text="…", until=self.clock() + body.loadingSeconds))
        return Answer({}, 202)

    def info(self, received: Received, _: Match[str]) -> Answer:
        self._authorized(received)
        return Answer(
            {
                "userId": BOT,
                "basicId": "@duck",
                "displayName": "Duck",
                "chatMode": "bot",
                "markAsReadMode": "auto",
            }
        )

    def _authorized(self, received: Received) -> None:
        if received.bearer != self.token:
            raise Refused(
                refusal(
                    "Authentication failed. Confirm that the access token in the authorization header is valid.", 401
                )
            )

    def _content(self, received: Received) -> Any:
        self._authorized(received)
        if not received.headers.get("content-type", "").startswith("application/json"):
            raise Refused(refusal("Unsupported media type", 415))
        try:
            return received.content
        except ValueError as error:
            raise Refused(refusal("The request body could not be parsed as JSON (line: 1, column: 1)")) from error

    def _send(self, place: str, messages: Sequence[Said]) -> dict[str, Any]:
        sent = []
        for message in messages:
            number = str(500_000_000_000_000_000 + len(self.chat.messages))
            self.chat.add(Message(id=number, place=place, text=message.text or f"[{message.type}]", at=self.clock()))
            sent.append({"id": number, "quoteToken": f"q{number}"})
        return {"sentMessages": sent}


def refusal(message: str, status: int = 400, **more: Any) -> Answer:
    return Answer({"message": message, **more}, status)
