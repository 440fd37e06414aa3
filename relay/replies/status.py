"""What a response means by its status alone, which is the same with every API."""

import re
from http import HTTPStatus
from typing import Any

from relay.outward import Response
from relay.replies.channel import Outcome, Verdict
from relay.senders.delivery import text_of

LONGEST_WAIT = 24 * 3600.0  # seconds; what names more means nothing by it
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")


def by_status(response: Response, *, code: object = "", after: object = None) -> Verdict:
    """Classify a response whose body says nothing more.

    `code` is the API's own for an error, `after` the seconds that its body says to wait; else `Retry-After` does.
    """
    status = response.status
    if not status:
        return Verdict(outcome=Outcome.AGAIN, reason=response.problem or "nothing came back")
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict(outcome=Outcome.DONE)
    named = code_of(code)
    shown = f" ({status}, {named})" if named and named != str(status) else f" ({status})"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict(outcome=Outcome.AGAIN, after=wait(response, after), reason=f"asked to slow down{shown}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict(outcome=Outcome.AGAIN, after=wait(response, after), reason=f"the API failed{shown}")
    reasons: dict[int, str] = {401: "bot_token is refused", 403: "the bot may not write there"}
    return Verdict(outcome=Outcome.NEVER, reason=f"{reasons.get(status, 'the API refused it')}{shown}")


def code_of(value: object) -> str:
    """Give an API's code for an error where it is a plain word or number, as a delivery may show it; else ""."""
    text = text_of(value)
    return text if _CODE.fullmatch(text) else ""


def wait(response: Response, told: Any = None) -> float:
    """Give the seconds to wait before the next try, 0 for what is none: `told` by the body, else by Retry-After.

    Source: RFC 9110, "Retry-After".
    """
    if isinstance(told, bool) or not isinstance(told, int | float):
        field = response.headers.get("retry-after", "").strip()
        told = float(field) if _SECONDS.fullmatch(field) else 0.0
    return float(told) if 0 <= told <= LONGEST_WAIT else 0.0
