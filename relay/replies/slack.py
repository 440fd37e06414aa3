"""Slack: the answer in the question's thread, as a stream or a message that is edited; commands by their URL."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

from relay.outward import Request, Response
from relay.replies.channel import Channel, NoPlace, Outcome, Piece, Rung, Stream, Target
from relay.replies.slack_verdicts import judge
from relay.senders.delivery import find, text_of
from relay.texts import dialects

# characters. Slack docs, "chat.postMessage", "chat.startStream": markdown_text. Of blocks of a message it is the sum
LIMIT = 11_900
COMMAND_LIMIT = 40_000  # characters; "chat.postMessage: Truncating content"
# "Handling user interaction: response_url": 5 uses in 30 minutes. One opens, one shows what is there after a while,
# one the whole answer; two are left for more messages
COMMAND_EDITS = 2
COMMAND_PACE = 10.0  # seconds
OPENING = "is thinking…"
COMMAND_GOOD = 29 * 60.0  # seconds
HOOKS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
HOOK_PATH = re.compile(r"/[A-Za-z0-9/_-]{1,512}")
CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{1,32}")
PERSON = re.compile(r"[UW][A-Z0-9]{1,32}")
TEAM = re.compile(r"[TE][A-Z0-9]{1,32}")
TS = re.compile(r"[0-9]{1,16}\.[0-9]{1,16}")
# seconds; "Rate limits": chat.update some 50 times a minute, by all the answers in a workspace
EDIT_PACE = 3.0
STATUS_EVERY = 100.0  # seconds; "assistant.threads.setStatus": two minutes without a message take it away
EPHEMERAL = "ephemeral"

METHODS = {
    "post": "chat.postMessage",
    "edit": "chat.update",
    "start": "chat.startStream",
    "append": "chat.appendStream",
    "stop": "chat.stopStream",
    "status": "assistant.threads.setStatus",
    "check": "auth.test",
}


def _call(what: str, target: Target, body: Mapping[str, Any], *, repeatable: bool = False) -> Request:
    return Request(
        what=what,
        path=f"/{METHODS[what]}",
        headers={"Authorization": f"Bearer {target.token}"},
        body=body,
        repeatable=repeatable,
    )


def _id(target: Target, name: str, pattern: re.Pattern[str]) -> str:
    value = text_of(target.to.get(name))
    if not pattern.fullmatch(value):
        raise NoPlace("The delivery names a place that can't be one.")
    return value


def _channel(target: Target) -> str:
    return _id(target, "channel", CHANNEL_ID)


def _thread(target: Target) -> str:
    """Give the thread that the question stands in, or begins."""
    return _id(target, "thread_ts" if target.to.get("thread_ts") else "ts", TS)


def _in_thread(target: Target) -> bool:
    """Tell whether the answer goes into a thread.

    Among others always, so that it stays with its question. In a direct message only where the question does: else
    the person had to open a thread for each answer, and what they write below it would be another conversation.
    """
    return bool(target.to.get("thread_ts")) or target.to.get("channel_type") != "im"


def bare(markdown: str) -> str:
    """Give text in Slack's own dialect that formats nothing. Source: "Formatting message text: Escaping"."""
    return escape(dialects.plain(markdown), quote=False)


def _said(piece: Piece) -> Mapping[str, Any]:
    # "chat.postMessage": text is in Slack's own dialect, unless mrkdwn is false
    return {"text": piece.text, "mrkdwn": False} if piece.plain else {"markdown_text": piece.text}


def _post(target: Target, pieces: Sequence[Piece]) -> Request:
    [piece] = pieces
    thread = {"thread_ts": _thread(target)} if _in_thread(target) else {}
    unfurl = {"unfurl_links": False, "unfurl_media": False}
    return _call("post", target, {"channel": _channel(target), **thread, **_said(piece), **unfurl})


def _edit(target: Target, message: str, piece: Piece) -> Request:
    body = {"channel": _channel(target), "ts": message, **_said(piece)}
    return _call("edit", target, body, repeatable=True)


def _start(target: Target, piece: Piece) -> Request:
    """Source: Slack docs, "chat.startStream": the recipient is required in channels."""
    body = {
        "channel": _channel(target),
        "thread_ts": _thread(target),
        "recipient_team_id": _id(target, "team", TEAM),
        "recipient_user_id": _id(target, "user", PERSON),
        "markdown_text": piece.text,
    }
    return _call("start", target, body)


def _append(target: Target, message: str, piece: Piece) -> Request:
    return _call("append", target, {"channel": _channel(target), "ts": message, "markdown_text": piece.text})


def _stop(target: Target, message: str) -> Request:
    return _call("stop", target, {"channel": _channel(target), "ts": message}, repeatable=True)


def _posted(response: Response) -> str:
    ts = text_of(find(response.body, "ts"))
    return ts if TS.fullmatch(ts) else ""


def _status(target: Target, words: str) -> Request | None:
    """Say what the bot does. Source: Slack docs, "assistant.threads.setStatus"; an empty status takes it back."""
    if not target.token or target.handle.get("response_url"):
        return None
    body = {"channel_id": _channel(target), "thread_ts": _thread(target), "status": words}
    return _call("status", target, body, repeatable=True)


def _sign(target: Target) -> Request | None:
    return _status(target, OPENING)


def _unsign(target: Target) -> Request | None:
    # a message in the thread takes it away
    return None if _in_thread(target) else _status(target, "")


def _streams(target: Target, _: float) -> bool:
    recipient = PERSON.fullmatch(text_of(target.to.get("user"))) and TEAM.fullmatch(text_of(target.to.get("team")))
    return _writes(target, _) and _in_thread(target) and bool(recipient)


def _writes(target: Target, _: float) -> bool:
    return bool(target.token) and not target.handle.get("response_url")


def _answers(target: Target, now: float) -> bool:
    return bool(target.handle.get("response_url")) and now < target.received + COMMAND_GOOD


def _hook(target: Target) -> str:
    """Give the command's own address. Raises NoPlace for one that is not Slack's."""
    address = text_of(target.handle.get("response_url"))
    try:
        parts = urlsplit(address)
        slacks = parts.scheme == "https" and parts.netloc in HOOKS and HOOK_PATH.fullmatch(parts.path)
    except ValueError:
        slacks = None
    if not slacks or address != f"https://{parts.netloc}{parts.path}":
        raise NoPlace("The delivery names an address that is not Slack's.")
    return address


def _answer(target: Target, pieces: Sequence[Piece]) -> Request:
    """Answer a command to its caller, as its response would. Source: "Handling user interaction: response_url"."""
    [piece] = pieces
    return _by_hook("post", target, piece, replace=False)


def _answer_anew(target: Target, _: str, piece: Piece) -> Request:
    return _by_hook("edit", target, piece, replace=True)


def _roomy(markdown: str) -> int:
    """Count Markdown as a little more than it is: what its marks become is longer, and each use counts."""
    return len(markdown) * 21 // 20


def _by_hook(what: str, target: Target, piece: Piece, *, replace: bool) -> Request:
    body = {
        "response_type": EPHEMERAL,
        "replace_original": replace,
        "text": piece.text,
        **({"mrkdwn": False} if piece.plain else {}),
    }
    return Request(what=what, url=_hook(target), body=body, repeatable=replace)


def _needs(target: Target) -> str:
    """Say what is missing: a command brings all that its answer needs."""
    if not target.handle.get("response_url"):
        return "" if target.token else "bot_token is not set"
    try:
        _hook(target)
    except NoPlace as error:
        return str(error)
    return ""


def _check(target: Target) -> Request | None:
    """Ask who the bot is. Source: Slack docs, "auth.test"."""
    return _call("check", target, {}, repeatable=True) if target.token else None


def _checked(response: Response) -> str:
    verdict = judge(Request(what="check"), response)
    return "" if verdict.outcome is Outcome.DONE else verdict.reason


CHANNEL = Channel(
    sender="slack",
    base="https://slack.com/api",
    needs=_needs,
    rungs=(
        Rung(
            name="stream",
            post=_post,
            edit=_edit,
            posted=_posted,
            usable=_streams,
            stream=Stream(start=_start, append=_append, stop=_stop, most=LIMIT, pace=1.0),
            limit=LIMIT,
            dialect=dialects.slack,
            plain=bare,
            pace=EDIT_PACE,
            gap=1.0,
        ),
        Rung(
            name="message",
            post=_post,
            edit=_edit,
            posted=_posted,
            usable=_writes,
            limit=LIMIT,
            dialect=dialects.slack,
            plain=bare,
            pace=EDIT_PACE,
            gap=1.0,
        ),
        Rung(  # where messages can't be edited
            name="once",
            post=_post,
            posted=_posted,
            usable=_writes,
            limit=LIMIT,
            dialect=dialects.slack,
            plain=bare,
            gap=1.0,
        ),
        Rung(
            name="command",
            post=_answer,
            edit=_answer_anew,
            posted=lambda _: "@original",
            usable=_answers,
            limit=COMMAND_LIMIT,
            dialect=dialects.mrkdwn,
            plain=bare,
            source=_roomy,
            pace=COMMAND_PACE,
            gap=1.0,
            opening=f"_The app {OPENING}_",
            edits=COMMAND_EDITS,
        ),
    ),
    judge=judge,
    sign=_sign,
    sign_every=STATUS_EVERY,
    unsign=_unsign,
    check=_check,
    checked=_checked,
)
