"""Calls from pages of other origins. Source: WHATWG Fetch, "CORS protocol"."""

from relay.incoming.received import Received
from relay.incoming.settings import Settings

METHODS = "GET, HEAD, OPTIONS, POST"  # of the relay's own routes
ALL_METHODS = f"{METHODS}, DELETE, PUT"  # of any: a page is to read why a method is refused, too
EVERYONE = "*"
EXPOSED = "Retry-After, X-Request-Id"  # what a page may read beside the answer


def headers(received: Received, settings: Settings) -> dict[str, str]:
    """Give the headers that let a page of an allowed origin read the answer; {} for all others."""
    if not settings.cors_origins:
        return {}
    vary = {"Vary": "Origin"}  # a cache must not give one origin's answer to another
    origin = received.header("origin")
    if EVERYONE in settings.cors_origins:
        origin, vary = EVERYONE, {}
    elif origin.lower() not in settings.cors_origins:
        return vary
    allowed = {**vary, "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED}
    if received.method != "OPTIONS":
        return allowed
    return {
        **allowed,
        "Access-Control-Allow-Methods": ALL_METHODS,
        # client libraries send headers of their own; the key among them is checked when the call itself comes
        "Access-Control-Allow-Headers": received.header("access-control-request-headers") or EVERYONE,
        "Access-Control-Max-Age": "600",
    }
