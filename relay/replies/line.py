"""LINE: the answer by the question's own reply token, later as a pushed message, which counts against a quota."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from relay.outward import Request, Response
from relay.replies.channel import Channel, NoPlace, Outcome, Piece, Rung, Target, Verdict
from relay.replies.status import by_status
from relay.senders.delivery import find, text_of
from relay.texts import dialects
from relay.texts.measure import utf16

LIMIT = 5000  # UTF-16 units; LINE docs, "Text message", "Character counting in a text"
SEVERAL = 5  # messages in one request; "Send reply message"
SOON = 25.0  # seconds that a reply token is surely good for, from when it came
LOADING = 30  # seconds, in steps of 5; "Display a loading animation"
LOADING_EVERY = 20.0  # seconds
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # of a user, group or room

TOKEN_GONE = Verdict(outcome=Outcome.NEXT, reason="the reply token is gone")
QUOTA = Verdict(outcome=Outcome.NEVER, reason="quota: this month's messages are used up")


def judge(_: Request, response: Response) -> Verdict:
    """Classify a response. Source: LINE docs, "Error responses", "Retry an API request"."""
    said = text_of(find(response.body, "message")).lower()
    match response.status:
        case 409:  # a push with this key was accepted before
            return Verdict(outcome=Outcome.DONE)
        case 400 if "reply token" in said:
            return TOKEN_GONE
        case 429 if "monthly limit" in said:
            return QUOTA
    return by_status(response)


def _reply(target: Target, pieces: Sequence[Piece]) -> Request:
    """Answer by the reply token, which is good for one request. It takes no retry key."""
    body = {"replyToken": text_of(target.handle.get("reply_token")), "messages": _messages(pieces)}
    return Request(what="post", path="/message/reply", headers=_headers(target), body=body)


def _push(target: Target, pieces: Sequence[Piece]) -> Request:
    """Push under a key by which LINE knows a repetition for a day."""
    key = str(uuid5(NAMESPACE_URL, f"urn:duck-relay:{target.delivery_id}:{pieces[0].number}"))
    return Request(
        what="post",
        path="/message/push",
        headers={**_headers(target), "X-Line-Retry-Key": key},
        body={"to": _to(target), "messages": _messages(pieces)},
        repeatable=True,
    )


def _load(target: Target) -> Request | None:
    if target.to.get("source") != "user":
        return None
    body = {"chatId": _to(target), "loadingSeconds": LOADING}
    return Request(what="typing", path="/chat/loading/start", headers=_headers(target), body=body, repeatable=True)


def _messages(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": piece.text} for piece in pieces]


def _headers(target: Target) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {target.token}"}


def _to(target: Target) -> str:
    place = text_of(target.to.get("to"))
    if not ID.fullmatch(place):
        raise NoPlace("The delivery names a place that can't be one.")
    return place


def _token_is_good(target: Target, now: float) -> bool:
    return bool(target.handle.get("reply_token")) and now < target.handle.get("expires", target.received + SOON)


def _posted(response: Response) -> str:
    sent = find(response.body, "sentMessages")
    return text_of(find(sent[-1], "id")) if isinstance(sent, list) and sent else ""


def _needs(target: Target) -> str:
    return "" if target.token else "bot_token is not set"


def _check(target: Target) -> Request | None:
    """Ask who the bot is. Source: LINE docs, "Get bot info"."""
    if not target.token:
        return None
    return Request(what="check", method="GET", path="/info", headers=_headers(target), repeatable=True)


def _checked(response: Response) -> str:
    verdict = by_status(response)
    return "" if verdict.outcome is Outcome.DONE else verdict.reason


CHANNEL = Channel(
    sender="line",
    base="https://api.line.me/v2/bot",
    needs=_needs,
    rungs=(
        Rung(
            name="reply",
            post=_reply,
            posted=_posted,
            usable=_token_is_good,
            limit=LIMIT,
            measure=utf16,
            dialect=dialects.plain,
            plain=dialects.plain,
            several=SEVERAL,
            most=SEVERAL,  # the token is used up by one request
        ),
        Rung(
            name="push",
            post=_push,
            posted=_posted,
            limit=LIMIT,
            measure=utf16,
            dialect=dialects.plain,
            plain=dialects.plain,
            several=SEVERAL,
        ),
    ),
    judge=judge,
    sign=_load,
    sign_every=LOADING_EVERY,
    check=_check,
    checked=_checked,
)
