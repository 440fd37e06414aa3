"""Who is let in with a key: who sends it, or a browser in which it was entered. Nothing is done here.

Before anyone is let in, nothing but the head of a request is read, but for what our own page's form carries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from relay import wire
from relay.errors import Forbidden, RelayError
from relay.incoming import access, session
from relay.incoming.access import CHALLENGE
from relay.incoming.received import KEY, Received
from relay.incoming.settings import Settings
from relay.outgoing import formats
from relay.page import sign_in, visit
from relay.page.sign_in import Said
from relay.senders import Reply

HTML = "text/html; charset=utf-8"
COOKIELESS = "duck.cookieless"
TO = "to"  # where to go then, as seen from the deliveries page
LARGEST_SIGN_IN = 16 * 1024  # bytes of a form that holds a key and where to go then
LARGEST_KEPT = 64 * 1024  # bytes of a form whose question is kept while the key is entered again
OF_ANOTHER = "This was sent from another site's page. Open this page itself and send it from there."


class Way(StrEnum):
    """By what a request is let in."""

    KEY = "key"
    COOKIE = "cookie"
    TOKEN = "token"  # noqa: S105 - of a form, in a browser that keeps no cookie


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A request that is let in."""

    key: int = 0  # which of several, from 1; 0: nobody asked for one
    way: Way = Way.KEY
    token: str = ""  # for the page's forms
    arrives: str | None = None  # the key was entered just now: the address of the page that is to be shown
    sends_key: bool = False  # it stands in the request itself: no page of ours sends one
    only_stops: bool = False  # the cookie is that of another place, where a stop button's answer is shown to nobody


def enter(received: Received, settings: Settings, now: float) -> Entered | Reply:
    """Let the holder of a key in, or give what asks a person for one. `now` in seconds since 1970.

    Raises Unauthorized, and Forbidden for what another site's page has sent through a browser that holds one.
    """
    if visit.brings_key(received):
        return _exchange(received, settings)
    if access.presents_key(received):
        return Entered(key=access.check_key(received, settings), sends_key=True)
    cookies = received.header("cookie")
    names = session.names_of(received)
    if key := session.holds(cookies, settings, received.endpoint_id, now, names):
        if received.method == "POST" and not session.same_site(received):
            raise Forbidden(OF_ANOTHER)
        if visit.SIGNED in received.query and visit.is_navigation(received):
            # a bookmark of it would say, once the cookie has ended, that this browser keeps none
            return Reply(status=303, media_type="", headers={"Location": visit.without_signed(received)})
        return Entered(key=key, way=Way.COOKIE)
    if received.method == "POST" and session.same_site(received):
        return _by_form(received, settings, now)
    return ask(received, settings, Said.NO_COOKIE if visit.SIGNED in received.query else Said.FIRST)


def ask(
    received: Received, settings: Settings, said: Said = Said.FIRST, *, to: str = "", cookieless: bool = False
) -> Reply:
    """Ask a person for the key; `said` is why. Raises Unauthorized for who asks for no page."""
    if not formats.asks_for_page(received):
        access.check_key(received, settings)
    if not settings.api_keys:
        said, cookieless = Said.NO_KEY, False
    view = visit.view(received, settings)
    asked = sign_in.page(
        view, to=to or visit.place(received), said=said, cookieless=cookieless, led=not visit.is_ours(received)
    )
    return Reply(status=401, media_type=HTML, body=wire.encode(asked), headers=CHALLENGE)


def _exchange(received: Received, settings: Settings) -> Reply:
    """Send a visit whose address holds a key to where it gets a cookie instead."""
    given = received.query[KEY][: access.MOST_KEYS]
    if not (which := access.matching(given, settings.api_keys)):
        return ask(received, settings, Said.WRONG_KEY)
    told = {KEY: settings.api_keys[which - 1], TO: visit.place(received)}
    location = f"{visit.deliveries(received)}?{visit.encoded(told)}"
    return Reply(status=303, media_type="", headers={"Location": location})


def _by_form(received: Received, settings: Settings, now: float) -> Entered | Reply:
    endpoint_id = received.endpoint_id
    carried = session.carried(received)
    if key := session.proves(carried, settings, endpoint_id, now):
        return Entered(key=key, way=Way.TOKEN, token=carried)
    both = (session.NAME, session.EMBEDDED)
    if key := session.holds(received.header("cookie"), settings, endpoint_id, now, both):
        return Entered(key=key, way=Way.COOKIE, only_stops=True)
    told = _form(received, LARGEST_SIGN_IN, COOKIELESS)
    if COOKIELESS not in told:
        return ask(received, settings, Said.NO_COOKIE if carried else Said.FIRST, to=_kept(received))
    to = visit.destination(told.get(TO)) or visit.place(received)
    entered = told.get(KEY)
    given = [entered.strip()] if isinstance(entered, str) else []
    if not (which := access.matching(given, settings.api_keys)):
        return ask(received, settings, Said.WRONG_KEY, to=to, cookieless=True)
    token = session.form_token(settings.api_keys[which - 1], endpoint_id, now)
    return Entered(key=which, way=Way.TOKEN, token=token, arrives=to)


def _kept(received: Received) -> str:
    """Give the address of the page that a form came from, with what was typed into it."""
    told = _form(received, LARGEST_KEPT, "query")
    texts = {
        name.removeprefix("inputs."): text
        for name, text in told.items()
        if isinstance(text, str) and text and (name in {"query", "user"} or name.startswith("inputs."))
    }
    return visit.place(replace(received, query={name: [text] for name, text in texts.items()}))


def _form(received: Received, most: int, holding: str) -> Mapping[str, Any]:
    """Read a short form in which a name stands; {} for anything else."""
    if len(received.body) > most or holding.encode() not in received.body:
        return {}
    try:
        content = received.content
    except RelayError:
        return {}
    return content.values or {} if not content.typed else {}
