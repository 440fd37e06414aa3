"""Who holds a key without sending it: a browser in which somebody has entered it.

The browser's cookie holds not the key but a proof of it that expires: `<seconds since 1970>.<HMAC in hex>`. None is
stored here, so the key itself is what ends it: another key, and every session is over. A page in a window and one in
another site's frame have a cookie each; a browser that keeps none carries a proof of another kind in its forms.
"""

import hmac
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from relay.errors import Forbidden, Unauthorized
from relay.incoming import access
from relay.incoming.access import CHALLENGE
from relay.incoming.received import KEY, Received
from relay.incoming.settings import Settings

NAME = "duck_session"
EMBEDDED = "duck_embedded"  # the same in a frame, where the browser keeps it apart for each site around it
LIFE = 12 * 60 * 60  # seconds
MOST_COOKIES = 8  # of that name that are looked at: a browser sends one for each folder that has one
FIRST_FIELDS = 64 * 1024  # bytes of a form that are searched for a token: it stands among the first
LONGEST_HEADER = 16 * 1024  # characters of a Cookie header that are looked at

# for nothing else an api_key may sign: a token of another kind is none of these
_LABEL = b"duck relay: session of the deliveries page\0"
_LABEL_OF_FORMS = b"duck relay: token of a page's forms\0"
_TOKEN = re.compile(r"(?P<expires>[0-9]{1,12})\.(?P<proof>[0-9a-f]{64})", re.ASCII)
# where a form's body, of either kind, holds one: it is looked for before anything of a stranger's is parsed
_CARRIED = re.compile(
    rb'(?:name="duck\.token"\r\n\r\n|(?:\A|&)duck\.token=)([0-9]{1,12}\.[0-9a-f]{64})(?=\r\n|&|\Z)', re.ASCII
)
_READING = frozenset({"GET", "HEAD"})
_WINDOWS = frozenset({"", "document"})  # Sec-Fetch-Dest; browsers leave it out at an address without https
_FRAMES = frozenset({"iframe", "frame"})
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


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
    if not is_window(received) or not holds(received.header("cookie"), settings, received.endpoint_id, now):
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
    return _issue(_LABEL, api_key, endpoint_id, now)


def form_token(api_key: str, endpoint_id: str, now: float) -> str:
    """Give the same for the forms of a browser that keeps no cookie; it is none, nor is a cookie one of these."""
    return _issue(_LABEL_OF_FORMS, api_key, endpoint_id, now)


def holds(
    cookie_header: str, settings: Settings, endpoint_id: str, now: float, names: Sequence[str] = (NAME,)
) -> int:
    """Give the number of the key, from 1, that a cookie of these names proves; 0 for none. Raises nothing.

    Every comparison is made, so that time tells neither which cookie nor how much of one was right.
    """
    found = 0
    for value in _values(cookie_header, names):
        proven = _prove(_LABEL, value, settings, endpoint_id, now)
        found = found or proven
    return found


def carried(received: Received) -> str:
    """Give the token that a posted form carries, "" for none. Its body is searched and not parsed."""
    found = _CARRIED.search(received.body, 0, FIRST_FIELDS)
    return found[1].decode("ascii") if found else ""


def proves(form_token: str, settings: Settings, endpoint_id: str, now: float) -> int:
    """Give the number of the key, from 1, that a form's token proves; 0 for none. Raises nothing."""
    return _prove(_LABEL_OF_FORMS, form_token, settings, endpoint_id, now)


def is_holder(received: Received, settings: Settings, now: float) -> bool:
    """Tell whether the head of a request proves a key in any way, whatever `access` says. Raises nothing."""
    by_key = access.matching([*access.presented(received)][: access.MOST_KEYS], settings.api_keys)
    by_cookie = holds(received.header("cookie"), settings, received.endpoint_id, now, names_of(received))
    return bool(by_key or by_cookie)


def set_cookie(value: str, *, secure: bool, framed: bool = False) -> str:
    """Give the Set-Cookie header that keeps a token.

    Lax, so that a link to a delivery in a chat opens it: what such a visit shows, the other site can't read, and all
    that changes anything asks `same_site`. No Path: the browser then takes the folder in which `/deliveries` lies,
    which is this hook's under whatever address a proxy has given it. Source: RFC 6265, 5.1.4. In a frame another
    site's page is around it: there a cookie has to be None, Secure and Partitioned. Source: CHIPS.
    """
    return f"{_named(value, framed=framed)}; Max-Age={LIFE}; {_attributes(secure=secure, framed=framed)}"


def clear_cookie(*, secure: bool, framed: bool = False) -> str:
    """Give the Set-Cookie header that takes it away, at the address where it was set: `/deliveries`."""
    return f"{_named('', framed=framed)}; Max-Age=0; {_attributes(secure=secure, framed=framed)}"


def is_secure(received: Received, settings: Settings) -> bool:
    """Tell whether the browser is reached by https: by what it says of its own page, else by the setting.

    A browser that tells where a request comes from does so by https, or on its own machine. Source: W3C Fetch
    Metadata, "potentially trustworthy URL".
    """
    seen = (received.header("origin") or settings.relay_url or "").lower()
    if seen not in {"", "null"}:
        return seen.startswith("https://")
    host = _split(f"//{received.header('host')}").hostname or ""
    return bool(received.header("sec-fetch-site")) and bool(host) and host not in _OWN_MACHINE


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


def is_window(received: Received) -> bool:
    """Tell whether a person sees what is answered, in a window of its own.

    Not so in a script: other plugins may have pages at this very address, to which a browser shows all that it gets.
    """
    return received.header("sec-fetch-dest") in _WINDOWS


def is_frame(received: Received) -> bool:
    """Tell whether what is answered stands in another page."""
    return received.header("sec-fetch-dest") in _FRAMES


def names_of(received: Received) -> Sequence[str]:
    """Name the cookie that counts where this is shown; none in a script."""
    return (NAME,) if is_window(received) else (EMBEDDED,) if is_frame(received) else ()


def _values(cookie_header: str, names: Sequence[str]) -> Iterator[str]:
    left = MOST_COOKIES
    for pair in cookie_header[:LONGEST_HEADER].split(";"):
        name, _, value = pair.partition("=")
        if left and name.strip() in names:
            left -= 1
            yield value.strip()


def _named(value: str, *, framed: bool) -> str:
    return f"{EMBEDDED if framed else NAME}={value}"


def _attributes(*, secure: bool, framed: bool) -> str:
    if framed:
        return "HttpOnly; SameSite=None; Secure; Partitioned"
    return f"HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def _issue(label: bytes, api_key: str, endpoint_id: str, now: float) -> str:
    expires = str(int(now) + LIFE)
    return f"{expires}.{_proof(label, api_key, endpoint_id, expires)}"


def _prove(label: bytes, value: str, settings: Settings, endpoint_id: str, now: float) -> int:
    if not (sent := _TOKEN.fullmatch(value)):
        return 0
    found = 0
    for number, api_key in enumerate(settings.api_keys, start=1):
        proven = hmac.compare_digest(sent["proof"], _proof(label, api_key, endpoint_id, sent["expires"]))
        if proven and now < int(sent["expires"]):
            found = found or number
    return found


def _proof(label: bytes, api_key: str, endpoint_id: str, expires: str) -> str:
    key = hmac.digest(api_key.encode("utf-8", "surrogatepass"), label + endpoint_id.encode(), "sha256")
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
