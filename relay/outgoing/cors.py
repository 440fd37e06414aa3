"""Calls from pages of other origins. Source: WHATWG Fetch, "CORS protocol"."""

from werkzeug import Request

from relay.incoming.settings import Settings

METHODS = "GET, HEAD, OPTIONS, POST"
EVERYONE = "*"


def headers(request: Request, settings: Settings) -> dict[str, str]:
    """Give the headers that let a page of an allowed origin read the answer; {} for all others."""
    if not settings.cors_origins:
        return {}
    vary = {"Vary": "Origin"}  # a cache must not give one origin's answer to another
    origin = request.headers.get("Origin", "")
    if EVERYONE in settings.cors_origins:
        origin, vary = EVERYONE, {}
    elif origin not in settings.cors_origins:
        return vary
    allowed = {**vary, "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "X-Request-Id"}
    if request.method != "OPTIONS":
        return allowed
    return {
        **allowed,
        "Access-Control-Allow-Methods": METHODS,
        # client libraries send headers of their own; the key among them is checked when the call itself comes
        "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers", EVERYONE),
        "Access-Control-Max-Age": "600",
    }
