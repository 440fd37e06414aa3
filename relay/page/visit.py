"""What the head of a request says of the browser that sends it, and where its page lies.

Sources: W3C Fetch Metadata; Fetch, "Request"; RFC 3986, 5.4.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, quote, unquote, urlencode

from relay.call import Interface
from relay.incoming import access
from relay.incoming.body import MOST_FIELDS
from relay.incoming.received import KEY, OWN, Received
from relay.incoming.settings import Settings
from relay.page import texts
from relay.page.view import View
from relay.run import face
from relay.run.dify import KeyedApp

SIGNED = "duck.signed"  # in an address: somebody has just entered the key
LED = "duck.led"  # likewise: to what another site's page may have asked
# how the path begins, of each way to ask an app
ROUTES: Mapping[Interface, str] = {interface: interface.value for interface in Interface} | {Interface.ANY: "duck"}
DELIVERIES = "deliveries"  # where the key is entered, beside the folder of each route
LONGEST_ACCEPT = 2000  # characters that are read of it
LONGEST_QUERY = 4000  # characters of a query string that is gone back to: servers take heads of 8 KB

_READING = frozenset({"GET", "HEAD"})
_OURS = frozenset({"none", "same-origin"})  # Sec-Fetch-Site; none: typed, a bookmark, or another program's link
_PLACE = re.compile(
    rf"(?:{'|'.join(ROUTES.values())})"
    r"(?:/(?P<app>(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2}){1,600}))?"
    rf"(?:\?(?P<query>[A-Za-z0-9_.~+%&=-]{{1,{LONGEST_QUERY}}}))?",
    re.ASCII,
)
_DOTS = frozenset({".", ".."})


def is_navigation(received: Received) -> bool:
    """Tell whether a browser opens an address, in a window or a frame: no script, no program, no EventSource."""
    if received.method not in _READING:
        return False
    if mode := received.header("sec-fetch-mode"):
        return mode == "navigate"
    return "text/html" in received.header("accept")[:LONGEST_ACCEPT].lower()


def brings_key(received: Received) -> bool:
    """Tell whether a browser opens an address in which a key stands, and no client that was told to send it."""
    return KEY in received.query and is_navigation(received) and not any(access.in_headers(received))


def is_ours(received: Received) -> bool:
    """Tell whether surely no other site's page has led here: what says nothing may be led."""
    return received.header("sec-fetch-site") in _OURS


def deliveries(received: Received) -> str:
    """Give the address of the deliveries page, relative to that of an app's route."""
    return f"../{DELIVERIES}" if received.app_id else DELIVERIES


def place(received: Received) -> str:
    """Give the address of an app's page as it is seen from the deliveries page, without what is ours of its query."""
    path = _path(received)
    told = [(name, text) for name, texts in received.query.items() if _is_theirs(name) for text in texts]
    query = encoded(told)
    return destination(f"{path}?{query}" if query else path) or destination(path)


def _path(received: Received) -> str:
    path = ROUTES[received.interface]
    return f"{path}/{quote(received.app_id, safe='', errors='replace')}" if received.app_id else path


def destination(to: object) -> str:
    """Give the page that the field `to` names; "" for what is none of ours. Nothing else may be redirected to."""
    if not isinstance(to, str) or not (found := _PLACE.fullmatch(to)):
        return ""
    app = unquote(found["app"] or "")
    if app in _DOTS or not {"/", "\\"}.isdisjoint(app) or not app.isprintable():
        return ""
    names = (name for name, _ in arguments(to))
    return to if all(map(_is_theirs, names)) else ""


def arguments(to: str) -> list[tuple[str, str]]:
    """Give the names and texts of an address's query."""
    query = to.partition("?")[2]
    return [] if query.count("&") >= MOST_FIELDS else parse_qsl(query, keep_blank_values=True)


def encoded(told: Mapping[str, str] | Sequence[tuple[str, str]]) -> str:
    """Give names and texts as a query string."""
    return urlencode(told, errors="replace")


def gone_to(received: Received, to: str) -> Received:
    """Give the visit that somebody who has entered the key in a form makes by that: with what the address asks."""
    query: dict[str, list[str]] = {}
    for name, text in arguments(to):
        query.setdefault(name, []).append(text)
    return replace(received, method="GET", query=query, body=b"")


def signed(to: str, *, led: bool = False) -> str:
    """Give the address of a page to somebody who has just entered the key; `led`: see `sign_in.page`."""
    return f"{to}{'&' if '?' in to else '?'}{SIGNED}=1{f'&{LED}=1' if led else ''}"


def without_signed(received: Received) -> str:
    """Give an app's page its own address, relative to itself, without what says that the key was just entered."""
    at = place(received)
    led = f"{'&' if '?' in at else '?'}{LED}=1" if LED in received.query else ""
    return f"{'../' if received.app_id else ''}{at}{led}"


def view(received: Received, settings: Settings) -> View:
    """Give how any page looks, whatever app it is for."""
    return View(
        language=texts.choose(received.header("accept-language")),
        title=settings.title,
        accent=settings.accent,
        image_hosts=tuple(sorted(settings.image_hosts)),
        depth=1 if received.app_id else 0,
        place=destination(_path(received)),
    )


def headed(plain: View, keyed: KeyedApp | None) -> View:
    """Put an app's name and icon above a page, where Dify tells them; the owner's title wins."""
    shown = face.on_page(keyed) if keyed else {}
    return replace(plain, title=plain.title or shown.get("name", ""), icon=shown.get("icon", ""))


def _is_theirs(name: str) -> bool:
    return name != KEY and not name.startswith(OWN)
