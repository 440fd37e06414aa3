"""What WhatsApp and Messenger have in common: Meta's Graph API, whose errors are numbers in the body."""

import re
from collections.abc import Mapping
from dataclasses import replace

from relay.outward import Request, Response
from relay.replies.channel import Judge, Outcome, Target, Verdict
from relay.replies.lost import lost
from relay.replies.status import by_status
from relay.senders.delivery import find, text_of

BASE = "https://graph.facebook.com/v25.0"
ID = re.compile(r"[0-9]{1,32}")
CODE = re.compile(r"[0-9]{1,10}")

# by code, and code:subcode where that says more. Source: Graph API docs, "Handle errors"
COMMON: Mapping[str, Verdict] = {
    "2": Verdict(outcome=Outcome.AGAIN, reason="Meta has trouble of its own"),
    "4": Verdict(outcome=Outcome.AGAIN, reason="too many calls of the app"),
    "10": Verdict(outcome=Outcome.NEVER, reason="the token lacks a permission"),
    "32": Verdict(outcome=Outcome.AGAIN, reason="too many calls of the page"),
    "100": Verdict(outcome=Outcome.NEVER, reason="Meta does not take the message"),
    "100:33": Verdict(outcome=Outcome.NEVER, reason="the token does not reach this account"),
    "190": Verdict(outcome=Outcome.NEVER, reason="bot_token is wrong or has expired"),
    "200": Verdict(outcome=Outcome.NEVER, reason="the token lacks a permission"),
    "368": Verdict(outcome=Outcome.NEVER, reason="Meta has blocked the account for now"),
    "613": Verdict(outcome=Outcome.AGAIN, reason="too many calls"),
}


def needs(target: Target) -> str:
    return "" if target.token else "bot_token is not set"


def headers(target: Target) -> Mapping[str, str]:
    """Give the token as a header: in an address, where it may stand too, logs would hold it."""
    return {"Authorization": f"Bearer {target.token}"}


def judge(codes: Mapping[str, Verdict]) -> Judge:
    """Judge by the error's number, and where that is unknown by the status."""
    known = {**COMMON, **codes}

    def verdict(request: Request, response: Response) -> Verdict:
        error = find(response.body, "error")
        code, subcode = (_code(find(error, name)) for name in ("code", "error_subcode"))
        if found := known.get(f"{code}:{subcode}") or known.get(code):
            return replace(found, reason=f"{found.reason} ({code})")
        judged = lost(request, response) or by_status(response, code=code)
        if error is not None and judged.outcome is Outcome.DONE:
            return Verdict(outcome=Outcome.NEVER, reason=f"Meta answered with an error ({code or response.status})")
        return judged

    return verdict


def _code(value: object) -> str:
    text = text_of(value)
    return text if CODE.fullmatch(text) else ""
