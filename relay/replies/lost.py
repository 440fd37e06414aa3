"""A response that leaves open whether what was asked has been done."""

from relay.outward import Request, Response
from relay.replies.channel import Outcome, Verdict

# a gateway has given up waiting for its own server, which may be at it still: 524 is Cloudflare's
LOST = frozenset({504, 524})


def lost(request: Request, response: Response) -> Verdict | None:
    """Give up on what must not be asked twice; None for a response that says what became of it."""
    if request.repeatable or response.status not in LOST:
        return None
    return Verdict(outcome=Outcome.NEVER, reason=f"it is not known whether it arrived ({response.status})")
