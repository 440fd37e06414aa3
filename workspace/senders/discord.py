"""Discord's API, version 10: the messages of an interaction, and those of a bot in a channel.

Source: Discord docs, "Interactions: Receiving and Responding", "Webhook Resource", "Message Resource",
"Opcodes and Status Codes", "Rate Limits"; discord/discord-api-spec, openapi.json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from re import Match
from typing import Any, ClassVar

from pydantic import Field, ValidationError

from workspace.senders import handles
from workspace.senders.chat import Message, Status
from workspace.senders.standin import Answer, Body, Handler, Received, Refused, StandIn, missing_fields

APPLICATION = "700000000000000001"
BOT = "700000000000000002"
CONTENT = 2000  # characters
TOKEN_S = 15 * 60
TYPING_S = 10
NONCE_S = 300  # "in the past few minutes"
DEFERRED, MESSAGE = 5, 4  # "Interaction Callback Type"

_TOLD = {
    "string_too_long": ("BASE_TYPE_MAX_LENGTH", f"Must be {CONTENT} or fewer in length."),
    "missing": ("BASE_TYPE_REQUIRED", "This field is required"),
    "string_type": ("STRING_TYPE_CONVERT", "Could not interpret value as string."),
}


class Mentions(Body):
    parse: list[str] | None = None
    roles: list[str] | None = None
    users: list[str] | None = None
    replied_user: bool | None = None


class Reference(Body):
    message_id: str | None = None
    channel_id: str | None = None
    guild_id: str | None = None
    fail_if_not_exists: bool | None = None


class Said(Body):
    """A message, sent or edited."""

    content: str | None = Field(None, max_length=CONTENT)
    allowed_mentions: Mentions | None = None
    embeds: list[dict[str, Any]] | None = Field(None, max_length=10)
    components: list[dict[str, Any]] | None = None
    flags: int | None = None


class Created(Said):
    tts: bool | None = None


class Posted(Created):
    nonce: int | str | None = None
    enforce_nonce: bool | None = None
    message_reference: Reference | None = None


@dataclass
class Discord(StandIn):
    """Discord."""

    name: ClassVar[str] = "discord"
    token: ClassVar[str] = "quack.discord.token"
    expired: ClassVar[str] = "quack.discord.expired"
    rate: ClassVar[Sequence[tuple[int, float]]] = ((5, 5.0),)

    originals: dict[str, str] = field(default_factory=dict)
    """The message that answers an interaction, by the id of its handle; "" while it is deferred."""
    nonces: dict[tuple[str, str], tuple[float, Message]] = field(default_factory=dict)
    _sent: int = 0

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        base = r"(?:/api)?(?:/v10)?"
        webhook = rf"{base}/webhooks/(\d+)/([\w-]+)"
        return (
            ("POST", webhook, self.follow),
            ("GET", rf"{webhook}/messages/(@original|\d+)", self.get),
            ("PATCH", rf"{webhook}/messages/(@original|\d+)", self.edit),
            ("POST", rf"{base}/channels/(\d+)/messages", self.post),
            ("PATCH", rf"{base}/channels/(\d+)/messages/(\d+)", self.edit_own),
            ("POST", rf"{base}/channels/(\d+)/typing", self.typing),
            ("GET", rf"{base}/users/@me", self.me),
        )

    def missing(self, _: Received) -> Answer:
        return refusal("404: Not Found", 0, 404)

    def throttled(self, seconds: float) -> Answer:
        body = {"message": "You are being rate limited.", "retry_after": float(seconds), "global": False}
        return Answer(body, 429, {"Retry-After": f"{seconds:.0f}", "X-RateLimit-Scope": "user"})

    def malformed(self, error: ValidationError) -> Answer:
        errors = {}
        for place, kind in missing_fields(error):
            code, message = _TOLD.get(kind, ("BASE_TYPE_BAD", "Could not interpret value."))
            errors[place] = {"_errors": [{"code": code, "message": message}]}
        return Answer({"message": "Invalid Form Body", "code": 50035, "errors": errors}, 400)

    def acknowledged(self, token: str, response: Any) -> None:
        """Take what the endpoint answered to an interaction's delivery. Nothing can be edited before."""
        handle = handles.read("discord", token)
        kind = response.get("type") if isinstance(response, dict) else None
        if kind == DEFERRED:
            self.originals[handle.id] = ""
            text = "is thinking…"
            self.chat.show(Status(place=handle.place, thread=handle.id, text=text, until=handle.issued + TOKEN_S))
        elif kind == MESSAGE and isinstance(data := response.get("data"), dict):
            self.originals[handle.id] = self._add(handle.place, handle.id, str(data.get("content", ""))).id

    def follow(self, received: Received, found: Match[str]) -> Answer:
        handle = self._handle(found)
        content = self._said(received, Created)
        self.paced(handle.id)
        # the first one after a deferral edits the original
        if not self.originals[handle.id]:
            return Answer(self._shown(self._original(handle, content)))
        return Answer(self._shown(self._add(handle.place, handle.id, content)))

    def get(self, _: Received, found: Match[str]) -> Answer:
        return Answer(self._shown(self._of(self._handle(found), found[3])))

    def edit(self, received: Received, found: Match[str]) -> Answer:
        handle = self._handle(found)
        content = self._said(received, Said)
        self.paced(handle.id)
        if found[3] == "@original" and not self.originals[handle.id]:
            return Answer(self._shown(self._original(handle, content)))
        message = self._of(handle, found[3])
        return Answer(self._shown(self.chat.edit(message, content, "markdown", now=self.clock())))

    def post(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        body = self.parse(Posted, self._content(received))
        content = _filled(body)
        nonce = "" if body.nonce is None else str(body.nonce)
        if len(nonce) > 25:
            errors = {"nonce": {"_errors": [{"code": "NONCE_TYPE_TOO_LONG", "message": "Nonce is too long."}]}}
            return Answer({"message": "Invalid Form Body", "code": 50035, "errors": errors}, 400)
        self._known()
        at, before = self.nonces.get((found[1], nonce), (0.0, None))
        if nonce and body.enforce_nonce and before and self.clock() < at + NONCE_S:
            return Answer(self._shown(before))
        self.paced(found[1])
        thread = body.message_reference.message_id or "" if body.message_reference else ""
        message = self._add(found[1], "", content)
        self.nonces[found[1], nonce] = (self.clock(), message)
        return Answer({**self._shown(message), **({"message_reference": {"message_id": thread}} if thread else {})})

    def edit_own(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        content = self._said(received, Said)
        self._known()
        self.paced(found[1])
        message = self._of(None, found[2])
        if message.by != "bot":
            return refusal("Cannot edit a message authored by another user", 50005, 403)
        return Answer(self._shown(self.chat.edit(message, content, "markdown", now=self.clock())))

    def typing(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        self._known()
        self.chat.show(Status(place=found[1], text="is typing…", until=self.clock() + TYPING_S))
        return Answer(None, 204)

    def me(self, received: Received, _: Match[str]) -> Answer:
        self._authorized(received)
        return Answer({"id": BOT, "username": "duck", "discriminator": "0000", "bot": True})

    def _authorized(self, received: Received) -> None:
        if received.headers.get("authorization") != f"Bot {self.token}":
            raise Refused(refusal("401: Unauthorized", 0, 401))

    def _handle(self, found: Match[str]) -> handles.Handle:
        """Read an interaction's token, which is good for a quarter of an hour after it was acknowledged."""
        try:
            handle = handles.read("discord", found[2])
        except handles.Unknown as error:
            raise Refused(refusal("Invalid Webhook Token", 50027, 401)) from error
        if self.clock() > handle.issued + TOKEN_S:
            raise Refused(refusal("Invalid Webhook Token", 50027, 401))
        if found[1] != APPLICATION or handle.id not in self.originals:
            raise Refused(refusal("Unknown Webhook", 10015, 404))
        self._known()
        return handle

    def _known(self) -> None:
        if self.faults.channel_gone:
            raise Refused(refusal("Unknown Channel", 10003, 404))

    def _content(self, received: Received) -> Any:
        try:
            return received.content
        except ValueError as error:
            raise Refused(refusal("The request body contains invalid JSON.", 50109, 400)) from error

    def _said(self, received: Received, model: type[Said]) -> str:
        return _filled(self.parse(model, self._content(received)))

    def _original(self, handle: handles.Handle, content: str) -> Message:
        message = self._add(handle.place, handle.id, content)
        self.originals[handle.id] = message.id
        return message

    def _of(self, handle: handles.Handle | None, name: str) -> Message:
        """Find a message, of an interaction or any. Raises Refused."""
        wanted = self.originals[handle.id] if handle and name == "@original" else name
        message = self.chat.find(wanted)
        strange = message is not None and handle is not None and message.thread != handle.id
        if message is None or strange or self.faults.message_deleted:
            raise Refused(refusal("Unknown Message", 10008, 404))
        return message

    def _add(self, place: str, thread: str, content: str) -> Message:
        self._sent += 1
        number = str((int(self.clock() * 1000) - 1_420_070_400_000 << 22) + self._sent)
        return self.chat.add(
            Message(id=number, place=place, thread=thread, text=content, dialect="markdown", at=self.clock())
        )

    def _shown(self, message: Message) -> Mapping[str, Any]:
        author = {"id": BOT, "username": "duck", "bot": True}
        return {"id": message.id, "channel_id": message.place, "content": message.text, "author": author, "type": 0}


def _filled(body: Said) -> str:
    if not (body.content or body.embeds or body.components):
        raise Refused(refusal("Cannot send an empty message", 50006, 400))
    return body.content or ""


def refusal(message: str, code: int, status: int) -> Answer:
    return Answer({"message": message, "code": code}, status)
