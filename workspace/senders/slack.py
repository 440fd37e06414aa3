"""Slack's Web API and its response_urls.

Source: Slack docs, the pages of each method below, "Text streaming", "Handling user interaction in your Slack apps",
"Rate limits", "Reference: blocks". Errors come in a 200.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from re import Match
from typing import Any, ClassVar

from pydantic import ValidationError

from workspace.senders import handles
from workspace.senders.chat import Dialect, Message, Status
from workspace.senders.slack_bodies import (
    BLOCKS,
    AppendStream,
    Delete,
    PostMessage,
    Responded,
    Said,
    SetStatus,
    StartStream,
    StopStream,
    Update,
)
from workspace.senders.standin import Answer, Handler, Received, Refused, StandIn, missing_fields

BOT, TEAM = "U0DUCKBOT", "T0POND"
MARKDOWN = 12_000  # characters of a markdown_text, and of all `markdown` blocks of a message together
TEXT, UPDATED, SECTION = 40_000, 4_000, 3_000  # characters; longer ones are cut, refused, refused
STATUS_S = 120
# not documented: developers tell of streams that Slack ends after half a minute without an append, or after 5 minutes
IDLE_S, STREAM_S = 30, 300
URL_S, URL_USES = 30 * 60, 5


@dataclass
class Slack(StandIn):
    """Slack."""

    name: ClassVar[str] = "slack"
    token: ClassVar[str] = "xoxb-quack"
    expired: ClassVar[str] = "xoxb-expired"
    rate: ClassVar[Sequence[tuple[int, float]]] = ((1, 1.0),)

    streams: dict[str, tuple[float, float]] = field(default_factory=dict)  # ts: began, latest append
    used: dict[str, int] = field(default_factory=dict)  # response_url: how often
    _last: float = 0.0

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("POST", r"/(?:commands|actions)/\w+/\w+/([\w-]+)", self.respond),
            *(("POST", rf"/(?:api/)?{name.replace('.', '[.]')}", self._method(do)) for name, do in self._methods()),
            ("POST", r"/(?:api/)?[a-zA-Z.]+", self._method(self.unknown)),
        )

    def _methods(self) -> Sequence[tuple[str, Any]]:
        return (
            ("auth.test", self.auth_test),
            ("chat.postMessage", self.post_message),
            ("chat.update", self.update),
            ("chat.delete", self.delete),
            ("chat.startStream", self.start_stream),
            ("chat.appendStream", self.append_stream),
            ("chat.stopStream", self.stop_stream),
            ("assistant.threads.setStatus", self.set_status),
        )

    def _method(self, do: Any) -> Handler:
        def handle(received: Received, _: Match[str]) -> Answer:
            token = received.bearer
            try:
                content = received.content if received.body else {}
            except ValueError:
                return error("invalid_json")
            if not isinstance(content, dict):
                return error("json_not_object")
            token = token or str(content.pop("token", ""))
            if token != self.token:
                return error(
                    "not_authed" if not token else "token_expired" if token == self.expired else "invalid_auth"
                )
            return do(content)  # type: ignore[no-any-return]  # each gives an Answer

        return handle

    def missing(self, received: Received) -> Answer:
        return error("unknown_method", req_method=received.path.rpartition("/")[2])

    def unknown(self, _: Mapping[str, Any]) -> Answer:
        return error("unknown_method")

    def throttled(self, seconds: float) -> Answer:
        return Answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": f"{seconds:.0f}"})

    def malformed(self, error_: ValidationError) -> Answer:
        where = dict(missing_fields(error_))
        if where.get("channel") or where.get("channel_id"):
            name = "channel" if "channel" in where else "channel_id"
            if where[name] != "missing":
                return error("channel_not_found")
        told = {"missing": "missing required field"}
        return error(
            "invalid_arguments",
            response_metadata={
                "messages": [f"[ERROR] {told.get(kind, 'invalid value')}: {place}" for place, kind in where.items()]
            },
        )

    def auth_test(self, _: Mapping[str, Any]) -> Answer:
        return ok(url="https://pond.slack.com/", team="Pond", user="duck", team_id=TEAM, user_id=BOT, bot_id="B0DUCK")

    def post_message(self, content: Mapping[str, Any]) -> Answer:
        body = self.parse(PostMessage, content)
        text, dialect = self._said(body)
        self._known()
        self.paced(body.channel)
        message = self._add(body.channel, body.thread_ts or "", text, dialect)
        return ok(channel=body.channel, ts=message.id, message=self._shown(message))

    def update(self, content: Mapping[str, Any]) -> Answer:
        body = self.parse(Update, content)
        if body.text and not body.blocks and len(body.text) > UPDATED:
            return error("msg_too_long")
        text, dialect = self._said(body)
        message = self._own(body.channel, body.ts)
        if self._streams(message):
            return error("streaming_state_conflict")
        self.chat.edit(message, text, dialect, now=self.clock())
        return ok(channel=body.channel, ts=message.id, text=text, message=self._shown(message))

    def delete(self, content: Mapping[str, Any]) -> Answer:
        body = self.parse(Delete, content)
        message = self._own(body.channel, body.ts, wrong="cant_delete_message")
        if self._streams(message):
            return error("cant_delete_message")
        self.chat.remove(message)
        return ok(channel=body.channel, ts=body.ts)

    def start_stream(self, content: Mapping[str, Any]) -> Answer:
        body = self.parse(StartStream, content)
        self._known()
        if not body.channel.startswith("D"):
            for name in ("recipient_user_id", "recipient_team_id"):
                if not getattr(body, name):
                    return error(f"missing_{name}")
        added = _added(body)
        self._short(added)
        self.paced(body.channel)
        message = self._add(body.channel, body.thread_ts, added, "markdown")
        message.streaming = True
        self.streams[message.id] = (message.at, message.at)
        return ok(channel=body.channel, ts=message.id)

    def append_stream(self, content: Mapping[str, Any]) -> Answer:
        return self._grow(self.parse(AppendStream, content))

    def _grow(self, body: AppendStream, *, stop: bool = False) -> Answer:
        message = self._own(body.channel, body.ts, wrong="message_not_owned_by_app")
        if not self._streams(message):
            return error("message_not_in_streaming_state")
        added = _added(body)
        if not added and not body.chunks and not stop:
            return error("no_text")
        self._short(added)
        self._short(message.text + added)
        now = self.clock()
        self.streams[message.id] = (self.streams[message.id][0], now)
        if added:
            self.chat.edit(message, message.text + added, "markdown", now=now)
        if stop:
            message.streaming = False
            return ok(channel=body.channel, ts=message.id, message=self._shown(message))
        return ok(channel=body.channel, ts=message.id)

    def stop_stream(self, content: Mapping[str, Any]) -> Answer:
        return self._grow(self.parse(StopStream, content), stop=True)

    def set_status(self, content: Mapping[str, Any]) -> Answer:
        body = self.parse(SetStatus, content)
        self._known()
        self.chat.show(
            Status(place=body.channel_id, thread=body.thread_ts, text=body.status, until=self.clock() + STATUS_S)
        )
        return ok()

    def respond(self, received: Received, found: Match[str]) -> Answer:
        """Take a post to a response_url: five within half an hour, without any token."""
        try:
            handle = handles.read("slack", found[1])
        except handles.Unknown:
            return error("invalid_url", 404)
        if self.clock() > handle.issued + URL_S:
            return error("expired_url", 404)
        if self.used.get(handle.id, 0) >= URL_USES:
            return error("used_url", 404)
        try:
            content = received.content
        except ValueError:
            return error("invalid_payload", 400)
        body = self.parse(Responded, content)
        text, dialect = self._said(body, status=400)
        self._known(404)
        before = next((one for one in reversed(self.chat.messages) if one.id.startswith(f"{handle.id}-")), None)
        count = self.used[handle.id] = self.used.get(handle.id, 0) + 1
        if body.delete_original and before:
            self.chat.remove(before)
        elif body.replace_original and before:
            self.chat.edit(before, text, dialect, now=self.clock())
        else:
            message = self._add(handle.place, body.thread_ts or "", text, dialect)
            message.id = f"{handle.id}-{count}"
            message.ephemeral = body.response_type != "in_channel"
        return Answer("ok")

    def _add(self, place: str, thread: str, text: str, dialect: Dialect) -> Message:
        self._last = max(self.clock(), self._last + 1e-6)
        return self.chat.add(
            Message(id=f"{self._last:.6f}", place=place, thread=thread, text=text, dialect=dialect, at=self.clock())
        )

    def _known(self, status: int = 200) -> None:
        if self.faults.channel_gone:
            raise Refused(error("channel_not_found", status))

    def _own(self, channel: str, ts: str, wrong: str = "cant_update_message") -> Message:
        self._known()
        message = self.chat.find(ts, place=channel)
        if message is None or self.faults.message_deleted:
            raise Refused(error("message_not_found"))
        if message.by != "bot":
            raise Refused(error(wrong))
        return message

    def _streams(self, message: Message) -> bool:
        """Tell whether a message is in its streaming state, which ends by itself."""
        began, latest = self.streams.get(message.id, (0.0, 0.0))
        now = self.clock()
        if self.faults.stream_expired or now > min(latest + IDLE_S, began + STREAM_S):
            message.streaming = False
        return message.streaming

    def _short(self, text: str | None) -> None:
        if text and len(text) > MARKDOWN:
            raise Refused(error("msg_too_long"))

    def _said(self, body: Said, status: int = 200) -> tuple[str, Dialect]:
        """Give what a message says, and how it is written. Raises Refused."""
        if body.markdown_text:
            if body.text or body.blocks:
                raise Refused(error("markdown_text_conflict", status))
            self._short(body.markdown_text)
            return body.markdown_text, "markdown"
        if body.blocks:
            return _blocks(body.blocks, status)
        if not body.text:
            raise Refused(error("no_text", status))
        return body.text[:TEXT], "mrkdwn"

    def _shown(self, message: Message) -> dict[str, Any]:
        shown = {"type": "message", "user": BOT, "bot_id": "B0DUCK", "ts": message.id, "text": message.text}
        return {**shown, **({"thread_ts": message.thread} if message.thread else {})}


def _added(body: StartStream | AppendStream) -> str:
    """Give what a stream grows by: a text, or the texts among the chunks. Raises Refused for both."""
    if body.markdown_text and body.chunks:
        raise Refused(error("cannot_provide_both_markdown_text_and_chunks"))
    chunks = [chunk for chunk in body.chunks or () if chunk.get("type") == "markdown_text"]
    return body.markdown_text or "".join(str(chunk.get("text", "")) for chunk in chunks)


def _blocks(blocks: Sequence[Mapping[str, Any]], status: int) -> tuple[str, Dialect]:
    """Read the blocks of a message: sections of mrkdwn or plain text, and `markdown` blocks."""
    if len(blocks) > BLOCKS:
        raise Refused(error("invalid_blocks", status))
    texts: list[str] = []
    markdown = 0
    for block in blocks:
        kind, text = block.get("type"), block.get("text")
        if kind == "markdown" and isinstance(text, str):
            markdown += len(text)
            texts.append(text)
        elif kind == "section" and isinstance(text, dict) and 0 < len(str(text.get("text", ""))) <= SECTION:
            texts.append(str(text["text"]))
        elif kind not in {"divider", "context", "actions", "image"}:
            raise Refused(error("invalid_blocks", status))
    if markdown > MARKDOWN:
        raise Refused(error("msg_blocks_too_long", status))
    return "\n".join(texts), "markdown" if markdown else "mrkdwn"


def ok(**more: Any) -> Answer:
    return Answer({"ok": True, **more})


def error(code: str, status: int = 200, **more: Any) -> Answer:
    return Answer({"ok": False, "error": code, **more}, status)
