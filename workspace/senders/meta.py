"""Meta's Graph API: messages of WhatsApp's Cloud API, and of Messenger's Send API.

Source: Meta's docs, "WhatsApp Cloud API: Messages", "Typing indicators", "Error codes"; "Messenger Platform: Send
API", "Sender actions", "Error codes"; "Graph API: Handle errors".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from re import Match
from typing import Any, ClassVar
from uuid import uuid4

from pydantic import Field, ValidationError

from relay.texts.measure import utf16
from workspace.senders.chat import Message, Status
from workspace.senders.standin import Answer, Body, Handler, Received, Refused, StandIn, missing_fields

PHONE = "700000000000011"  # phone_number_id
PAGE = "700000000000012"
WHATSAPP, MESSENGER = 4096, 2000  # characters, in UTF-16 units as the strictest count them
TYPING_S, READ_S = 20, 25


class Strict(Body, extra="forbid"):
    """A body of WhatsApp's, in which nothing may stand that is not known."""


class Spoken(Strict):
    body: str = Field(min_length=1)
    preview_url: bool | None = None


class Context(Strict):
    message_id: str


class Indicator(Strict):
    type: str = Field(pattern="^text$")


class WhatsApp(Strict):
    messaging_product: str = Field(pattern="^whatsapp$")


class WhatsAppMessage(WhatsApp):
    to: str = Field(pattern=r"^\+?\d{4,20}$")
    type: str = Field("text", pattern="^text$")
    text: Spoken
    recipient_type: str | None = Field(None, pattern="^individual$")
    context: Context | None = None
    biz_opaque_callback_data: str | None = None


class WhatsAppRead(WhatsApp):
    status: str = Field(pattern="^read$")
    message_id: str = Field(min_length=1)
    typing_indicator: Indicator | None = None


class Recipient(Body):
    id: str = Field(pattern=r"^\d{1,32}$")


class MessengerText(Body):
    text: str | None = Field(None, min_length=1)
    attachment: dict[str, Any] | None = None
    quick_replies: list[dict[str, Any]] | None = None


class MessengerMessage(Body):
    recipient: Recipient
    messaging_type: str | None = Field(None, pattern="^(RESPONSE|UPDATE|MESSAGE_TAG|UTILITY)$")
    message: MessengerText | None = None
    sender_action: str | None = Field(None, pattern="^(typing_on|typing_off|mark_seen)$")
    reply_to: dict[str, Any] | None = None


@dataclass
class Meta(StandIn):
    """WhatsApp and Messenger."""

    name: ClassVar[str] = "meta"
    token: ClassVar[str] = "EAAquack"
    expired: ClassVar[str] = "EAAexpired"
    rate: ClassVar[Sequence[tuple[int, float]]] = ((1, 6.0),)

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        version = r"(?:/v\d+\.\d+)?"
        return (
            ("POST", rf"{version}/(me|{PAGE})/messages", self.messenger),
            ("POST", rf"{version}/(\d+)/messages", self.whatsapp),
            ("GET", rf"{version}/(me|{PAGE})", self.page),
            ("GET", rf"{version}/{PHONE}", self.phone),
        )

    def missing(self, received: Received) -> Answer:
        self._authorized(received)
        return _unknown(received.path)

    def throttled(self, _: float) -> Answer:
        return refusal("(#130429) Rate limit hit", 130429, details="Message failed to send: too many were sent")

    def malformed(self, error: ValidationError) -> Answer:
        [(place, kind), *_] = missing_fields(error)
        if kind == "missing":
            return refusal(f"(#100) The parameter {place} is required.", 100)
        if kind == "extra_forbidden":
            parent, _, name = place.rpartition(".")
            return refusal(f'(#100) Unexpected key "{name}" on param "{parent}".', 100)
        return refusal(f"(#100) Param {place} is not valid", 100)

    def whatsapp(self, received: Received, found: Match[str]) -> Answer:
        self._authorized(received)
        if found[1] != PHONE:
            return _unknown(found[1])
        content = self._content(received)
        if "status" in content:
            return self._read(self.parse(WhatsAppRead, content))
        body = self.parse(WhatsAppMessage, content)
        if utf16(body.text.body) > WHATSAPP:
            return refusal(f"(#100) Param text['body'] must be at most {WHATSAPP} characters long.", 100)
        person = body.to.lstrip("+")
        if self.faults.channel_gone:
            return refusal("(#131026) Message undeliverable", 131026, details="Unable to deliver the message.")
        self._pair(person)
        number = f"wamid.{uuid4().hex}"
        self._add(number, person, body.text.body, "whatsapp")
        return Answer(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": body.to, "wa_id": person}],
                "messages": [{"id": number}],
            }
        )

    def _pair(self, person: str) -> None:
        try:
            self.paced(person)
        except Refused as refused:
            told = "(#131056) (Business Account, Consumer Account) pair rate limit hit"
            raise Refused(refusal(told, 131056)) from refused

    def _read(self, body: WhatsAppRead) -> Answer:
        asked = self.chat.find(body.message_id)
        if body.typing_indicator:
            place = asked.place if asked else ""  # a person's message may have come from elsewhere
            self.chat.show(Status(place=place, text="typing…", until=self.clock() + READ_S))
        return Answer({"success": True})

    def messenger(self, received: Received, _: Match[str]) -> Answer:
        self._authorized(received)
        body = self.parse(MessengerMessage, self._content(received))
        person = body.recipient.id
        if self.faults.channel_gone:
            return refusal("(#551) This person isn't available right now.", 551, subcode=1545041)
        if body.sender_action:
            if body.message:
                return refusal("(#100) A message and a sender_action can't be sent together", 100)
            text = "typing…" if body.sender_action == "typing_on" else ""
            if body.sender_action != "mark_seen":
                self.chat.show(Status(place=person, text=text, until=self.clock() + TYPING_S))
            return Answer({"recipient_id": person})
        if not body.message or not (body.message.text or body.message.attachment):
            return refusal("(#100) Message cannot be empty, must provide valid attachment or text", 100)
        if not body.messaging_type:
            return refusal("(#100) The parameter messaging_type is required.", 100)
        text = body.message.text or "[attachment]"
        if utf16(text) > MESSENGER:
            return refusal(f"(#100) Length of param message[text] must be less than or equal to {MESSENGER}", 100)
        number = f"m_{uuid4().hex}"
        self._add(number, person, text, "plain")
        return Answer({"recipient_id": person, "message_id": number})

    def page(self, received: Received, _: Match[str]) -> Answer:
        self._authorized(received)
        return Answer({"id": PAGE, "name": "Duck"})

    def phone(self, received: Received, _: Match[str]) -> Answer:
        self._authorized(received)
        return Answer({"id": PHONE, "verified_name": "Duck", "display_phone_number": "+49 170 0000000"})

    def _add(self, number: str, person: str, text: str, dialect: Any) -> None:
        self.chat.add(Message(id=number, place=person, text=text, dialect=dialect, at=self.clock()))
        self.chat.statuses.pop(("", ""), None)

    def _authorized(self, received: Received) -> None:
        token = received.bearer or received.parameters.get("access_token", "")
        if token == self.token:
            return
        if token == self.expired:
            told = "Error validating access token: Session has expired."
            raise Refused(refusal(told, 190, status=401, subcode=463))
        raise Refused(refusal("Invalid OAuth access token - Cannot parse access token", 190, status=401))

    def _content(self, received: Received) -> dict[str, Any]:
        try:
            content = received.content
        except ValueError as error:
            raise Refused(refusal("(#100) Invalid parameter", 100)) from error
        if not isinstance(content, dict):
            raise Refused(refusal("(#100) Invalid parameter", 100))
        return content


def _unknown(name: str) -> Answer:
    told = (
        f"Unsupported post request. Object with ID '{name}' does not exist, cannot be loaded due to missing"
        " permissions, or does not support this operation."
    )
    return refusal(told, 100, kind="GraphMethodException", subcode=33)


def refusal(
    message: str, code: int, *, status: int = 400, subcode: int = 0, kind: str = "OAuthException", details: str = ""
) -> Answer:
    error = {"message": message, "type": kind, "code": code, "fbtrace_id": uuid4().hex[:23]}
    if subcode:
        error["error_subcode"] = subcode
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return Answer({"error": error}, status)
