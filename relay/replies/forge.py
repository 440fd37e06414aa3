"""What comments have in common on whichever forge: how one is written, and what a refusal means."""

import re
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz

from relay.outward import Request, Response
from relay.replies.channel import Outcome, Target, Verdict
from relay.replies.lost import lost
from relay.replies.status import LONGEST_WAIT, by_status
from relay.senders.delivery import find, text_of
from relay.senders.forge import commandless, mark
from relay.texts import dialects

OPENING = "An answer is on its way…"
EDIT = "edit"
SECONDS = re.compile(r"[0-9]{1,10}")
NUMBER = re.compile(r"[1-9][0-9]{0,18}")  # of issues, comments and projects
NO_WORD = 60.0  # seconds, after too many requests where nothing says how long. GitHub docs, "Rate limits": a minute


def needs(target: Target) -> str:
    return "" if target.token else "bot_token is not set"


def body(target: Target, text: str) -> Mapping[str, str]:
    """Give a comment's text as it is sent: without commands, and with the mark by which it is known."""
    return {"body": f"{commandless(text)}\n\n{mark(target.delivery_id)}"}


def dialect(markdown: str) -> str:
    return commandless(dialects.gfm(markdown))


def posted(response: Response) -> str:
    """Give a new comment's id, "" for what can't be one."""
    text = text_of(find(response.body, "id"))
    return text if NUMBER.fullmatch(text) else ""


def judge(request: Request, response: Response, *, reasons: Mapping[int, str], wait: float | None = None) -> Verdict:
    """Judge by the status; `wait` are the seconds to wait for, where there were too many requests."""
    code = response.status
    if wait is not None:
        return Verdict(outcome=Outcome.AGAIN, after=wait or NO_WORD, reason=f"asked to slow down ({code})")
    if code in {404, 410} and request.what == EDIT:
        return Verdict(outcome=Outcome.NEXT, reason=f"the comment is gone ({code})")
    if code in reasons:
        return Verdict(outcome=Outcome.NEVER, reason=f"{reasons[code]} ({code})")
    return lost(request, response) or by_status(response)


def wait(headers: Mapping[str, str], reset: str) -> float:
    """Give the seconds that a response says to wait for; 0 where it says nothing.

    They are in Retry-After, or `reset` names the header with the time, in seconds since 1970 by the forge's clock,
    which may differ from ours: it is compared with Date.
    """
    after, at = headers.get("retry-after", ""), headers.get(reset, "")
    if SECONDS.fullmatch(after):
        return min(float(after), LONGEST_WAIT)
    date = parsedate_tz(headers.get("date", ""))
    if date is None or not SECONDS.fullmatch(at):
        return 0.0
    try:
        return min(max(0.0, float(at) - mktime_tz(date)), LONGEST_WAIT)
    except (ValueError, OverflowError):
        return 0.0
