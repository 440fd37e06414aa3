"""Telegram: the answer as a message of the bot, which is edited while it grows."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from relay.outward import Request, Response
from relay.replies.channel import Channel, NoPlace, Outcome, Piece, Rung, Target, Verdict
from relay.replies.status import by_status
from relay.senders.delivery import find, text_of
from relay.texts import dialects
from relay.texts.measure import utf16

LIMIT = 4096  # UTF-16 units of what is seen; Telegram Bot API, "sendMessage"
PACE, PACE_IN_GROUPS = 1.0, 3.0  # seconds; Telegram docs, "Bots FAQ: How can I message all of my bot's subscribers"
TYPING = 4.0  # seconds; "sendChatAction": it is shown for 5 s
TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,128}")  # all of it may stand in a path as it is
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}  # the last may not make another one

# what a description says, in lower case, and what it means; Telegram documents none of them
MEANT = (
    ("message is not modified", Verdict(outcome=Outcome.DONE)),
    ("can't parse entities", Verdict(outcome=Outcome.PLAIN, reason="the formatting is refused")),
    ("message to edit not found", Verdict(outcome=Outcome.NEXT, reason="the message is gone")),
    ("message can't be edited", Verdict(outcome=Outcome.NEXT, reason="the message can't be edited")),
    ("message_id_invalid", Verdict(outcome=Outcome.NEXT, reason="the message is gone")),
    ("chat not found", Verdict(outcome=Outcome.NEVER, reason="the chat is gone")),
    ("message thread not found", Verdict(outcome=Outcome.NEVER, reason="the topic is gone")),
)
MOVED = Verdict(outcome=Outcome.NEVER, reason="the group has become a supergroup with another id")
ODD = Verdict(outcome=Outcome.NEVER, reason="the API's answer is not Telegram's")
UNKNOWN = Verdict(outcome=Outcome.NEVER, reason="bot_token is refused (404)")  # of a path without a bot


def judge(_: Request, response: Response) -> Verdict:
    """Classify a response. Source: Telegram Bot API, "Making requests", "ResponseParameters"."""
    body = response.body
    verdict = by_status(response, after=find(body, "parameters.retry_after"))
    if verdict.outcome is Outcome.DONE:
        return verdict if find(body, "ok") is True else ODD
    if verdict.outcome is Outcome.AGAIN:
        return verdict
    if find(body, "parameters.migrate_to_chat_id") is not None:
        return MOVED
    said = text_of(find(body, "description")).lower()
    meant = next((meaning for words, meaning in MEANT if words in said), None)
    return meant or (UNKNOWN if response.status == 404 else verdict)


def plain(markdown: str) -> str:
    """Give HTML without a tag: one measure fits it and the dialect. What is sent is unescaped."""
    return escape(dialects.plain(markdown), quote=False)


def _unescaped(html: str) -> str:
    for entity, character in ENTITIES.items():
        html = html.replace(entity, character)
    return html


def _path(target: Target, method: str) -> str:
    if not TOKEN.fullmatch(target.token):
        raise NoPlace("bot_token is no token of a Telegram bot.")
    return f"/bot{target.token}/{method}"


def _place(target: Target) -> dict[str, Any]:
    """Name the chat. Raises NoPlace for an id that is no number: a name would be another chat's."""
    names = ("chat_id", "message_thread_id")
    place: dict[str, Any] = {name: _number(target.to[name]) for name in names if name in target.to}
    if "chat_id" not in place:
        raise NoPlace("The delivery names no chat.")
    connection = text_of(target.to.get("business_connection_id"))
    return {**place, "business_connection_id": connection} if connection else place


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise NoPlace("The delivery names a place that can't be one.")
    return value


def _text(piece: Piece) -> dict[str, Any]:
    text = {"text": _unescaped(piece.text)} if piece.plain else {"text": piece.text, "parse_mode": "HTML"}
    return {**text, "link_preview_options": {"is_disabled": True}}


def _post(target: Target, pieces: Sequence[Piece]) -> Request:
    [piece] = pieces
    body = {**_place(target), **_text(piece)}
    if _is_group(target) and not piece.number:
        question = _number(target.to["message_id"])
        # it may have been deleted meanwhile
        body["reply_parameters"] = {"message_id": question, "allow_sending_without_reply": True}
    return Request(what="post", path=_path(target, "sendMessage"), body=body)


def _edit(target: Target, message: str, piece: Piece) -> Request:
    place = {name: value for name, value in _place(target).items() if name != "message_thread_id"}
    body = {**place, "message_id": int(message), **_text(piece)}
    return Request(what="edit", path=_path(target, "editMessageText"), body=body, repeatable=True)


def _posted(response: Response) -> str:
    message = find(response.body, "result.message_id")
    return str(message) if type(message) is int else ""


def _type(target: Target) -> Request:
    body = {**_place(target), "action": "typing"}
    return Request(what="typing", path=_path(target, "sendChatAction"), body=body, repeatable=True)


def _is_group(target: Target) -> bool:
    return "message_id" in target.to


def _needs(target: Target) -> str:
    if not target.token:
        return "bot_token is not set"
    return "" if TOKEN.fullmatch(target.token) else "bot_token is no token of a Telegram bot: 123456:ABC…"


def _check(target: Target) -> Request | None:
    if _needs(target):
        return None
    return Request(what="check", method="GET", path=_path(target, "getMe"), repeatable=True)


def _checked(response: Response) -> str:
    # 404 where there is no such bot
    verdict = judge(Request(what="check"), response)
    return "" if verdict.outcome is Outcome.DONE else verdict.reason


def _growing(name: str, pace: float, *, groups: bool) -> Rung:
    return Rung(
        name=name,
        post=_post,
        edit=_edit,
        posted=_posted,
        usable=lambda target, _: _is_group(target) is groups,
        limit=LIMIT,
        measure=dialects.telegram_length,
        source=utf16,
        dialect=dialects.telegram_html,
        plain=plain,
        pace=pace,
        gap=pace,
    )


CHANNEL = Channel(
    sender="telegram",
    base="https://api.telegram.org",
    needs=_needs,
    rungs=(
        _growing("private", PACE, groups=False),
        _growing("group", PACE_IN_GROUPS, groups=True),
        Rung(  # where the message that grows was deleted
            name="anew",
            post=_post,
            posted=_posted,
            limit=LIMIT,
            measure=dialects.telegram_length,
            source=utf16,
            dialect=dialects.telegram_html,
            plain=plain,
            gap=PACE_IN_GROUPS,
        ),
    ),
    judge=judge,
    sign=_type,
    sign_every=TYPING,
    check=_check,
    checked=_checked,
)
