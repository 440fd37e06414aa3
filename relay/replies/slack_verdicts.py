"""What Slack's responses mean: its errors come with a status of 200."""

import re
from collections.abc import Mapping

from relay.outward import Request, Response
from relay.replies.channel import Outcome, Verdict
from relay.senders.delivery import find, text_of

CODE = re.compile(r"[a-z0-9_]{1,64}")
SECONDS = re.compile(r"[0-9]{1,6}")
STREAM = frozenset({"start", "append", "stop"})

AGAIN: Mapping[str, str] = {
    "ratelimited": "Slack asks to slow down",
    "rate_limited": "Slack asks to slow down",
    "message_limit_exceeded": "Slack asks to slow down",
    "internal_error": "Slack has trouble of its own",
    "fatal_error": "Slack has trouble of its own",
    "service_unavailable": "Slack has trouble of its own",
    "request_timeout": "Slack has trouble of its own",
    "team_added_to_org": "the workspace is being moved",
}
NEVER: Mapping[str, str] = {
    "channel_not_found": "the channel is gone, or the bot is not in it",
    "not_in_channel": "the bot is not in the channel",
    "is_archived": "the channel is archived",
    "restricted_action": "the bot may not write there",
    "invalid_auth": "bot_token is refused",
    "not_authed": "bot_token is not set",
    "account_inactive": "bot_token is refused",
    "token_revoked": "bot_token is refused",
    "token_expired": "bot_token is refused",
    "missing_scope": "bot_token lacks the scope chat:write",
    "msg_too_long": "the message is too long",
}
REASONS: Mapping[str, str] = {
    **NEVER,
    "message_not_found": "the message is gone",
    "cant_update_message": "the message can't be edited",
    "edit_window_closed": "the message can't be edited any more",
    "message_not_in_streaming_state": "the stream has ended",
    "streaming_state_conflict": "the message is still a stream",
    "invalid_blocks": "the formatting is refused",
    "invalid_blocks_format": "the formatting is refused",
    "invalid_markdown": "the formatting is refused",
    "msg_blocks_too_long": "the formatting makes it too long",
}
FORMAT = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_markdown", "markdown_text_conflict"})
FORMAT_TOO_LONG = frozenset({"msg_blocks_too_long"})  # Markdown that has become more in Slack's own blocks
# a message that can't be edited is followed by another
FIXED = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "streaming_state_conflict"})
FINAL = frozenset(NEVER) - {"missing_scope", "msg_too_long"}  # what holds for a stream holds for a message


def judge(request: Request, response: Response) -> Verdict:
    """Classify a response. Source: Slack docs, "Web API: Evaluating responses", "Rate limits", the methods' pages.

    A response_url answers in plain text ("Handling user interaction"): its status has to do.
    """
    code = text_of(find(response.body, "error"))
    code = code if CODE.fullmatch(code) else ""
    shown = f" ({code or response.status})"
    again = response.status == 429 or response.status >= 500
    if again or code in AGAIN:
        reason = AGAIN.get(code) or ("Slack asks to slow down" if response.status == 429 else AGAIN["internal_error"])
        return Verdict(outcome=Outcome.AGAIN, after=_after(response), reason=f"{reason}{shown}")
    ok = find(response.body, "ok")
    if response.status == 200 and (ok is True or (request.url and ok is None)):
        return Verdict(outcome=Outcome.DONE)
    if request.url:
        reason = "the command's address is used up" if response.status in {404, 410} else "Slack refused it"
        return Verdict(outcome=Outcome.NEVER, reason=f"{reason} ({response.status})")
    return Verdict(outcome=_outcome(request, code), reason=f"{REASONS.get(code, 'Slack refused it')}{shown}")


def _outcome(request: Request, code: str) -> Outcome:
    if request.what in STREAM:
        return Outcome.NEVER if code in FINAL else Outcome.NEXT
    if code in FORMAT or code in FORMAT_TOO_LONG:
        return Outcome.PLAIN
    return Outcome.NEXT if code in FIXED else Outcome.NEVER


def _after(response: Response) -> float:
    told = response.headers.get("retry-after", "").strip()
    return float(told) if SECONDS.fullmatch(told) else 0.0
