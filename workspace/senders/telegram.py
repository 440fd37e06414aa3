"""Telegram's Bot API: messages, edits, drafts, chat actions.

Source: Telegram Bot API 10.1, "sendMessage", "editMessageText", "sendMessageDraft", "sendChatAction",
"Formatting options", "ResponseParameters"; PaulSonOfLars/telegram-bot-api-spec, api.json. The texts of its errors are
those that its server gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from re import Match
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError

from relay.texts.measure import utf16
from workspace.senders.chat import Dialect, Message, Status
from workspace.senders.standin import Answer, Body, Handler, Received, Refused, StandIn, missing_fields
from workspace.senders.telegram_html import Entities, Unparsed

LIMIT = 4096  # UTF-16 units after the entities are parsed
TYPING_S = 5
DRAFT_S = 30
ACTIONS = (
    "typing|upload_photo|record_video|upload_video|record_voice|upload_voice|upload_document|choose_sticker"
    "|find_location|record_video_note|upload_video_note"
)
BOT = {"id": 700000001, "is_bot": True, "first_name": "Duck", "username": "quack_bot"}


class ReplyParameters(Body, strict=False):
    message_id: int
    chat_id: int | str | None = None
    allow_sending_without_reply: bool | None = None
    quote: str | None = None


class Text(Body, strict=False):
    parse_mode: str | None = None
    entities: list[dict[str, Any]] | None = None
    link_preview_options: dict[str, Any] | None = None


class SendMessage(Text):
    chat_id: int | str
    text: str
    message_thread_id: int | None = None
    reply_parameters: ReplyParameters | None = None
    disable_notification: bool | None = None
    protect_content: bool | None = None
    reply_markup: dict[str, Any] | None = None


class EditMessageText(Text):
    chat_id: int | str
    message_id: int
    text: str
    reply_markup: dict[str, Any] | None = None


class SendMessageDraft(Text):
    chat_id: int
    draft_id: int
    text: str = ""
    message_thread_id: int | None = None


class SendChatAction(Body, strict=False):
    chat_id: int | str
    action: str = Field(pattern=f"^({ACTIONS})$")
    message_thread_id: int | None = None


class DeleteMessage(Body, strict=False):
    chat_id: int | str
    message_id: int


@dataclass
class Telegram(StandIn):
    """Telegram."""

    name: ClassVar[str] = "telegram"
    token: ClassVar[str] = "700000001:AAquackquackquackquackquackquackqua"
    expired: ClassVar[str] = "700000001:AAexpiredexpiredexpiredexpiredexpir"
    rate: ClassVar[Sequence[tuple[int, float]]] = ((1, 1.0),)

    drafts: dict[tuple[int, int], Message] = field(default_factory=dict)  # chat and draft_id
    _sent: int = 1_000_000  # a person's message has a lower number

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("POST", r"/bot([^/]+)/(\w+)", self.call), ("GET", r"/bot([^/]+)/(\w+)", self.call))

    def call(self, received: Received, found: Match[str]) -> Answer:
        """Carry out a method, by whatever case its name is written in."""
        if found[1].replace("%3A", ":") != self.token:
            return refusal(401, "Unauthorized")
        method = self._methods().get(found[2].lower())
        if method is None:
            return refusal(404, "Not Found")
        try:
            content = received.content if received.body else dict(received.parameters)
        except ValueError:
            return refusal(400, "Bad Request: can't parse JSON object")
        return done(method(content))

    def _methods(self) -> dict[str, Any]:
        return {
            "getme": lambda _: BOT,
            "sendmessage": self.send_message,
            "editmessagetext": self.edit_message_text,
            "sendmessagedraft": self.send_message_draft,
            "sendchataction": self.send_chat_action,
            "deletemessage": self.delete_message,
        }

    def missing(self, _: Received) -> Answer:
        return refusal(404, "Not Found")

    def throttled(self, seconds: float) -> Answer:
        after = max(1, round(seconds))
        return Answer(
            {
                "ok": False,
                "error_code": 429,
                "description": f"Too Many Requests: retry after {after}",
                "parameters": {"retry_after": after},
            },
            429,
            {"Retry-After": str(after)},
        )

    def malformed(self, error: ValidationError) -> Answer:
        [(place, kind), *_] = missing_fields(error)
        if place.startswith("chat_id"):
            return refusal(
                400, "Bad Request: chat_id is empty" if kind == "missing" else "Bad Request: chat not found"
            )
        if place == "text":
            return refusal(400, "Bad Request: message text is empty")
        if place == "action":
            return refusal(400, "Bad Request: wrong parameter action in request")
        return refusal(400, f"Bad Request: invalid {place} specified")

    def send_message(self, content: Any) -> Any:
        body = self.parse(SendMessage, content)
        place = self._place(body.chat_id)
        dialect = self._readable(body, body.text)
        reply = body.reply_parameters
        if reply and not reply.allow_sending_without_reply and self._strange(reply.message_id, place):
            raise Refused(refusal(400, "Bad Request: message to be replied not found"))
        self._paced(place)
        for chat, draft in [key for key in self.drafts if str(key[0]) == place]:
            self._end_draft((chat, draft))
        self._sent += 1
        message = self.chat.add(
            Message(
                id=str(self._sent),
                place=place,
                thread=str(body.message_thread_id or ""),
                text=body.text,
                dialect=dialect,
                at=self.clock(),
            )
        )
        return self._shown(message)

    def edit_message_text(self, content: Any) -> Any:
        body = self.parse(EditMessageText, content)
        place = self._place(body.chat_id)
        message = self.chat.find(str(body.message_id), place=place)
        if message is None or self.faults.message_deleted:
            raise Refused(refusal(400, "Bad Request: message to edit not found"))
        if message.by != "bot":
            raise Refused(refusal(400, "Bad Request: message can't be edited"))
        dialect = self._readable(body, body.text)
        if (message.text, message.dialect) == (body.text, dialect):
            raise Refused(
                refusal(
                    400,
                    "Bad Request: message is not modified: specified new message content and reply markup are exactly"
                    " the same as a current content and reply markup of the message",
                )
            )
        self._paced(place)
        return self._shown(self.chat.edit(message, body.text, dialect, now=self.clock()))

    def send_message_draft(self, content: Any) -> Any:
        """Show a text that is still written: for half a minute, in a private chat alone."""
        body = self.parse(SendMessageDraft, content)
        place = self._place(body.chat_id)
        if body.chat_id < 0:
            raise Refused(refusal(400, "Bad Request: TEXTDRAFT_PEER_INVALID"))
        if body.draft_id == 0:
            raise Refused(refusal(400, "Bad Request: draft_id must be non-zero"))
        dialect = self._readable(body, body.text) if body.text else "plain"
        key = (body.chat_id, body.draft_id)
        now = self.clock()
        draft = self.drafts.get(key)
        if draft and now < draft.changed + DRAFT_S:
            self.chat.edit(draft, body.text or "Thinking…", dialect, now=now)
            return True
        self._end_draft(key)
        self.drafts[key] = self.chat.add(
            Message(
                id=f"draft {body.draft_id}",
                place=place,
                thread=str(body.message_thread_id or ""),
                text=body.text or "Thinking…",
                dialect=dialect,
                streaming=True,
                at=now,
            )
        )
        return True

    def send_chat_action(self, content: Any) -> Any:
        body = self.parse(SendChatAction, content)
        place, thread = self._place(body.chat_id), str(body.message_thread_id or "")
        self.chat.show(Status(place=place, thread=thread, text=f"{body.action}…", until=self.clock() + TYPING_S))
        return True

    def delete_message(self, content: Any) -> Any:
        body = self.parse(DeleteMessage, content)
        message = self.chat.find(str(body.message_id), place=self._place(body.chat_id))
        if message is None or self.faults.message_deleted:
            raise Refused(refusal(400, "Bad Request: message to delete not found"))
        self.chat.remove(message)
        return True

    def dump(self) -> dict[str, Any]:
        for key, draft in list(self.drafts.items()):
            if self.clock() > draft.changed + DRAFT_S:
                self._end_draft(key)
        return super().dump()

    def clear(self) -> None:
        self.drafts.clear()
        super().clear()

    def _end_draft(self, key: tuple[int, int]) -> None:
        draft = self.drafts.pop(key, None)
        if draft in self.chat.messages:
            self.chat.remove(draft)

    def _place(self, chat_id: int | str) -> str:
        if self.faults.channel_gone or chat_id in {0, "", "0"}:
            raise Refused(refusal(400, "Bad Request: chat not found"))
        return str(chat_id)

    def _strange(self, message_id: int, place: str) -> bool:
        """Tell whether no message can have this number: those of people may have come from elsewhere."""
        return message_id <= 0 or (message_id > 1_000_000 and not self.chat.find(str(message_id), place=place))

    def _paced(self, place: str) -> None:
        self.paced(place)
        if (
            self.faults.rates
            and place.startswith("-")
            and len([at for at in self.posted[place] if at > self.clock() - 60]) > 20
        ):
            raise Refused(self.throttled(60))

    def _readable(self, body: Text, text: str) -> Dialect:
        """Tell how a text is written. Raises Refused for one that is empty, too long, or has tags that don't fit."""
        mode = (body.parse_mode or "").lower()
        if mode not in {"", "html"}:
            # the others are Telegram's as well, and nobody has written them here yet
            raise Refused(refusal(400, "Bad Request: unsupported parse_mode"))
        try:
            shown = Entities.text_of(text) if mode else text
        except Unparsed as error:
            raise Refused(refusal(400, f"Bad Request: can't parse entities: {error}")) from error
        if not shown.strip():
            raise Refused(refusal(400, "Bad Request: message text is empty"))
        if utf16(shown) > LIMIT:
            raise Refused(refusal(400, "Bad Request: message is too long"))
        return "html" if mode else "plain"

    def _shown(self, message: Message) -> dict[str, Any]:
        kind: Literal["private", "supergroup"] = "supergroup" if message.place.startswith("-") else "private"
        chat = {"id": int(message.place) if message.place.lstrip("-").isdigit() else message.place, "type": kind}
        return {
            "message_id": int(message.id),
            "date": int(message.at),
            "chat": chat,
            "from": BOT,
            "text": Entities.text_of(message.text) if message.dialect == "html" else message.text,
        }


def done(result: Any) -> Answer:
    return Answer({"ok": True, "result": result})


def refusal(code: int, description: str) -> Answer:
    return Answer({"ok": False, "error_code": code, "description": description}, code)
