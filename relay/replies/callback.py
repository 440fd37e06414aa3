"""An answer that is posted to an address of the owner's: what is sent there, where that may be, what came of it.

Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from enum import StrEnum

from relay.incoming.settings.origin import origin
from relay.outward import INSIDE, Request, Response
from relay.replies.channel import Outcome, Verdict
from relay.replies.status import wait
from relay.senders.standard_webhooks import signing_key

WAITS = (5.0, 30.0, 300.0)  # seconds before each repetition; after the last one it has failed
LONGEST = 2048  # characters of an address

# Stricter than the RFCs, so that whoever reads it finds the same host in it: no user, nothing that another reader
# takes for a slash or leaves out, no letters that DNS does not know.
_URL = re.compile(
    r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:[/?][!-\"$-\[\]-~]*)?", re.IGNORECASE | re.ASCII
)
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|\Z)", re.IGNORECASE)  # leads to another path than the one that is written
UNFIT = "callback_url is no https address, or its origin is not among callback_hosts"


class Reach(StrEnum):
    """How far a callback may go."""

    REFUSED = "refused"
    LISTED = "listed"  # anywhere, inside as well: the owner has named this very origin
    PUBLIC = "public"  # to an address that is nobody's inside (`Post` with `public`)


def permitted(url: str, *, origins: frozenset[str], listed: bool) -> Reach:
    """Say where a callback may go.

    `origins` are those of callback_hosts, as `origin` writes them. With `listed` no other will do: a payload or a
    caller has had a hand in the address.
    """
    if len(url) > LONGEST or not _URL.fullmatch(url) or _DOTS.search(url.partition("?")[0]):
        return Reach.REFUSED
    try:
        found = origin(url)
    except ValueError:  # no port
        return Reach.REFUSED
    if found in origins:
        return Reach.LISTED
    return Reach.PUBLIC if found.startswith("https://") and not listed else Reach.REFUSED


def request(url: str, body: bytes, *, secrets: Sequence[str], delivery_id: str, now: float) -> Request:
    """Give the request that brings an answer, `body`, to an address that is `permitted`.

    It has a signature for each of callback_secrets, and none without any. Its id stays the same when it is repeated:
    by that a receiver knows that it has it already. `now` is in seconds since 1970, and of each repetition its own.
    """
    timestamp = str(int(now))
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    signatures = [
        "v1," + b64encode(hmac.digest(signing_key(secret), signed, "sha256")).decode() for secret in secrets
    ]
    headers = {
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        **({"webhook-signature": " ".join(signatures)} if signatures else {}),
    }
    return Request(what="callback", url=url, headers=headers, content=body, repeatable=True)


def judge(_: Request, response: Response) -> Verdict:
    """Classify what a callback's receiver has answered."""
    status = response.status
    if 200 <= status < 300:
        return Verdict(outcome=Outcome.DONE)
    if response.problem == INSIDE:
        return Verdict(outcome=Outcome.NEVER, reason=f"{INSIDE}, and callback_hosts does not list it")
    if status == 410:
        return Verdict(outcome=Outcome.NEVER, reason="the address wants no callbacks any more (410)")
    if 300 <= status < 400:
        return Verdict(outcome=Outcome.NEVER, reason=f"it redirects ({status})")
    if 400 <= status < 500 and status != 429:
        return Verdict(outcome=Outcome.NEVER, reason=f"it was refused ({status})")
    reason = f"it answered {status}" if status else response.problem
    return Verdict(outcome=Outcome.AGAIN, after=wait(response), reason=reason)
