"""Discord: the answer to an interaction, by its own token, then as a message of the bot."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from relay.outward import Request, Response
from relay.replies.channel import Channel, Outcome, Piece, Rung, Target, Verdict, segment
from relay.replies.status import by_status, code_of
from relay.senders.delivery import find, text_of
from relay.texts import dialects

LIMIT = 2000  # characters; Discord docs, "Create Message"
PACE, GAP = 1.5, 1.0  # seconds
# seconds; until Discord has taken in that the answer is deferred, an interaction's token is unknown (10015)
SETTLE = 1.0
GOOD = 14 * 60.0  # seconds; "Interaction Tokens: tokens are valid for 15 minutes"
SNOWFLAKE = re.compile(r"[0-9]{1,20}")
TOKEN = re.compile(r"[A-Za-z0-9_.=-]{1,1024}")
ORIGINAL = "@original"  # the response that was deferred, as a message
NONCE = 20  # digits of the delivery's id; with a piece's number they stay below the 25 characters of a nonce

# "JSON Error Codes"
GONE = {
    "10008": "the message is gone",
    "10015": "the interaction's token is gone",
    "10062": "the interaction is gone",
    "40094": "no more messages by the interaction's token",
    "50027": "the interaction's token is gone",
}
REFUSED = {
    "10003": "the channel is gone",
    "50001": "the bot is not in the channel",
    "50007": "the person takes no messages from the bot",
    "50013": "the bot may not write there",
}


def judge(_: Request, response: Response) -> Verdict:
    """Classify a response. Source: Discord docs, "Opcodes and Status Codes", "Rate Limits"."""
    code = code_of(find(response.body, "code"))
    # an error's code decides over its status, which is 401, 403 or 404 for the same one
    if code in GONE:
        return Verdict(outcome=Outcome.NEXT, reason=f"{GONE[code]} ({code})")
    if code in REFUSED:
        return Verdict(outcome=Outcome.NEVER, reason=f"{REFUSED[code]} ({code})")
    return by_status(response, code=code if code != "0" else "", after=find(response.body, "retry_after"))


def _message(piece: Piece) -> dict[str, Any]:
    # no one is to be pinged by what an app writes
    return {"content": piece.text, "allowed_mentions": {"parse": []}}


def _webhook(target: Target) -> str:
    application = segment(target.to.get("application_id"), SNOWFLAKE)
    return f"/webhooks/{application}/{segment(target.handle.get('token'), TOKEN)}"


def _post_by_token(target: Target, pieces: Sequence[Piece]) -> Request:
    """Say the first piece where the person sees that the app is thinking, the others below."""
    [piece] = pieces
    if piece.number:
        return _follow(target, pieces)
    return replace(_edit_by_token(target, ORIGINAL, piece), what="post")


def _follow(target: Target, pieces: Sequence[Piece]) -> Request:
    [piece] = pieces
    return Request(what="post", path=_webhook(target), body=_message(piece))


def _edit_by_token(target: Target, message: str, piece: Piece) -> Request:
    place = segment(message, SNOWFLAKE) if piece.number else ORIGINAL
    return Request(
        what="edit",
        method="PATCH",
        path=f"{_webhook(target)}/messages/{place}",
        body=_message(piece),
        repeatable=True,
    )


def _token_is_good(target: Target, now: float) -> bool:
    return bool(target.handle.get("token")) and now < target.received + GOOD


def _channel(target: Target) -> str:
    return f"/channels/{segment(target.to.get('channel_id'), SNOWFLAKE)}/messages"


def _as_bot(target: Target) -> Mapping[str, str]:
    return {"Authorization": f"Bot {target.token}"}


def _post(target: Target, pieces: Sequence[Piece]) -> Request:
    """Post as the bot. "Create Message": the same nonce again within some minutes posts nothing."""
    [piece] = pieces
    nonce = f"{target.delivery_id[:NONCE]}-{piece.number}"
    return Request(
        what="post",
        path=_channel(target),
        headers=_as_bot(target),
        body={**_message(piece), "nonce": nonce, "enforce_nonce": True},
        repeatable=True,
    )


def _edit(target: Target, message: str, piece: Piece) -> Request:
    return Request(
        what="edit",
        method="PATCH",
        path=f"{_channel(target)}/{segment(message, SNOWFLAKE)}",
        headers=_as_bot(target),
        body=_message(piece),
        repeatable=True,
    )


def _has_token(target: Target, _: float) -> bool:
    return bool(target.token)


def _posted(response: Response) -> str:
    return text_of(find(response.body, "id"))


def _needs(target: Target) -> str:
    """Say what is missing: an interaction's own token is enough for a quarter of an hour."""
    if target.token or not target.to or target.handle.get("token"):
        return ""
    return "bot_token is not set"


def _check(target: Target) -> Request | None:
    """Ask who the bot is. Source: Discord docs, "Get Current User"."""
    if not target.token:
        return None
    return Request(what="check", method="GET", path="/users/@me", headers=_as_bot(target), repeatable=True)


def _checked(response: Response) -> str:
    verdict = by_status(response)
    return "" if verdict.outcome is Outcome.DONE else verdict.reason


CHANNEL = Channel(
    sender="discord",
    base="https://discord.com/api/v10",
    needs=_needs,
    rungs=(
        Rung(  # "Receiving and Responding: Followup Messages"
            name="interaction",
            post=_post_by_token,
            edit=_edit_by_token,
            posted=_posted,
            usable=_token_is_good,
            limit=LIMIT,
            dialect=dialects.discord,
            plain=dialects.plain,
            pace=PACE,
            gap=GAP,
        ),
        Rung(  # where the message that grows was deleted
            name="followup",
            post=_follow,
            posted=_posted,
            usable=_token_is_good,
            limit=LIMIT,
            dialect=dialects.discord,
            plain=dialects.plain,
            gap=GAP,
        ),
        Rung(
            name="channel",
            post=_post,
            edit=_edit,
            posted=_posted,
            usable=_has_token,
            limit=LIMIT,
            dialect=dialects.discord,
            plain=dialects.plain,
            pace=PACE,
            gap=GAP,
        ),
    ),
    judge=judge,
    settle=SETTLE,
    check=_check,
    checked=_checked,
)
