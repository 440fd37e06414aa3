"""Who may see the deliveries: whoever holds the key, or a browser in which somebody has entered it.

The browser's cookie holds not the key but a proof of it that expires: `<seconds since 1970>.<HMAC in hex>`. None is
stored here, so the key itself is what ends it: another key, and every session is over.
"""

import hmac
import re
from collections.abc import Iterator
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from relay.errors import Forbidden, Unauthorized
from relay.incoming import access
from relay.incoming.access import CHALLENGE
from relay.incoming.received import KEY, Received
from relay.incoming.settings import Settings

NAME = "duck_session"
LIFE = 12 * 60 * 60  # seconds
MOST_COOKIES = 8  # of that name that are looked at: a browser sends one for each folder that has one
LONGEST_HEADER = 16 * 1024  # characters of a Cookie header that are looked at

# for nothing else an api_key may sign: a token of another kind is none of these
_LABEL = b"duck relay: session of the deliveries page\0"
_TOKEN = re.compile(r"(?P<expires>[0-9]{1,12})\.(?P<proof>[0-9a-f]{64})", re.ASCII)
_READING = frozenset({"GET", "HEAD"})


class How(StrEnum):
    """What lets a request in."""

    KEY = "key"
    COOKIE = "cookie"


def let_in(received: Received, settings: Settings, now: float) -> How:
    """Let the holder of a key in, or a browser that proves one, whatever `access` says.

    Raises Unauthorized, and Forbidden for what another site's page has sent through such a browser. `now` in seconds
    since 1970.
    """
    if not settings.api_keys:
        raise Unauthorized(
            "Deliveries are shown to whoever holds the API key, and this endpoint has none yet: set api_key in its"
            " settings in Dify.",
            headers=CHALLENGE,
        )
    if access.presents_key(received):
        access.check_key(received, settings)
        return How.KEY
    if not _is_visit(received) or not holds(received.header("cookie"), settings, received.endpoint_id, now):
        raise Unauthorized(
            "Deliveries are shown to whoever holds the API key: send it as Authorization: Bearer or as X-API-Key, or"
            " enter it on this page.",
            headers=CHALLENGE,
        )
    if received.method not in _READING and not same_site(received):
        raise Forbidden("This was sent from another site's page. Do it on the deliveries page itself.")
    return How.COOKIE


def sign_in(received: Received, settings: Settings, now: float) -> str:
    """Give the cookie's value for the key that a form brings as `key`.

    Raises Unauthorized, and as `Received.content` does for a body that can't be read. `now` in seconds since 1970.
    Only the key's own length stands between it and whoever tries many: nothing here counts.
    """
    if not settings.api_keys:
        raise Unauthorized("This endpoint has no key yet: set api_key in its settings in Dify.")
    given = (received.content.values or {}).get(KEY)
    if not isinstance(given, str) or not (which := access.matching([given.strip()], settings.api_keys)):
        raise Unauthorized("The key is wrong.")
    return token(settings.api_keys[which - 1], received.endpoint_id, now)


def token(api_key: str, endpoint_id: str, now: float) -> str:
    """Give a proof of the key that is good for LIFE at one endpoint. `now` in seconds since 1970."""
    expires = str(int(now) + LIFE)
    return f"{expires}.{_proof(api_key, endpoint_id, expires)}"


def holds(cookie_header: str, settings: Settings, endpoint_id: str, now: float) -> bool:
    """Tell whether a Cookie header proves one of the keys. Raises nothing.

    Every comparison is made, so that time tells neither which cookie nor how much of one was right.
    """
    found = False
    for value in _values(cookie_header):
        if not (sent := _TOKEN.fullmatch(value)):
            continue
        for api_key in settings.api_keys:
            proven = hmac.compare_digest(sent["proof"], _proof(api_key, endpoint_id, sent["expires"]))
            found |= proven and now < int(sent["expires"])
    return found


def set_cookie(value: str, *, secure: bool) -> str:
    """Give the Set-Cookie header that keeps a token.

    Lax, so that a link to a delivery in a chat opens it: what such a visit shows, the other site can't read, and all
    that changes anything asks `same_site`. No Path: the browser then takes the folder in which `/deliveries` lies,
    which is this hook's under whatever address a proxy has given it. Source: RFC 6265, 5.1.4.
    """
    return f"{NAME}={value}; Max-Age={LIFE}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def clear_cookie(*, secure: bool) -> str:
    """Give the Set-Cookie header that takes it away, at the address where it was set: `/deliveries`."""
    return f"{NAME}=; Max-Age=0; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def is_secure(received: Received, settings: Settings) -> bool:
    """Tell whether the browser is reached by https: by what it says of its own page, else by the setting."""
    seen = received.header("origin") or settings.relay_url or ""
    return seen.lower().startswith("https://")


def same_site(received: Received) -> bool:
    """Tell whether the page that sends this is one of this address.

    By Sec-Fetch-Site, which a browser sends to https and to its own machine; else by Origin. Who sends neither is no
    browser that could be told. Sources: W3C Fetch Metadata; WHATWG Fetch, "Origin header".
    """
    if told := received.header("sec-fetch-site"):
        return told == "same-origin"
    origin, host = _split(received.header("origin")), _split(f"//{received.header('host')}")
    if not origin.hostname or origin.hostname != host.hostname:
        return False
    # nginx as Dify sets it up passes the host on without its port
    return host.port is None or _port(origin) == host.port


def _is_visit(received: Received) -> bool:
    """Tell whether a person sees what is answered.

    Not so in a script: other plugins may have pages at this very address, to which a browser shows all that it gets.
    """
    return received.header("sec-fetch-dest") in {"", "document"}


def _values(cookie_header: str) -> Iterator[str]:
    left = MOST_COOKIES
    for pair in cookie_header[:LONGEST_HEADER].split(";"):
        name, _, value = pair.partition("=")
        if left and name.strip() == NAME:
            left -= 1
            yield value.strip()


def _proof(api_key: str, endpoint_id: str, expires: str) -> str:
    key = hmac.digest(api_key.encode("utf-8", "surrogatepass"), _LABEL + endpoint_id.encode(), "sha256")
    return hmac.digest(key, expires.encode(), "sha256").hex()


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def _port(origin: SplitResult) -> int | None:
    return origin.port or {"http": 80, "https": 443}.get(origin.scheme)
