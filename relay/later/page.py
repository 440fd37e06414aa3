"""The deliveries as pages: for a browser without a script, whoever wrote what stands in them.

All that an app, a caller or a sender says goes through the templates' autoescaping, and none of it into an attribute.
Links and forms are relative: the plugin does not know under which address a browser sees it.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from werkzeug import Response
from werkzeug.http import http_date

from relay import wire
from relay.later.account import REPLY_FAILED
from relay.later.check import Check, Status
from relay.later.shown import LATEST, Shown
from relay.outgoing.response import of_type
from relay.page import pieces, policy, style

REFRESH = 5  # seconds, while something runs
LONGEST_SHOWN = 100_000  # characters of an answer: the JSON has it whole

_SHEET = style.read("relay.later", "templates/deliveries.css")  # beside that of all pages

HEADERS = {
    "Content-Security-Policy": policy.written(
        {
            "default-src": "'none'",
            "style-src": f"{policy.source_of(style.SHEET)} {policy.source_of(_SHEET)}",
            "img-src": policy.OWN_ICON,
            "base-uri": "'none'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
        }
    ),
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",  # whoever opened this page in a window can't steer it
}

WRONG_KEY = "That is not the key of this endpoint. It stands in the endpoint's settings in Dify, under API key."
NO_KEY = "This endpoint has no key yet: set API key in its settings in Dify, then enter it here."

_DELIVERY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@cache
def _pieces() -> Any:
    """Give the macros of the template, each as a function that gives a piece."""
    environment = pieces.templates("relay.later")  # the head is that of every page
    environment.filters.update(moment=_moment, span=_span)
    environment.globals.update(own_sheet=lambda: _SHEET)
    return environment.get_template("deliveries.html").module


def respond(page: str, status: int = 200) -> Response:
    """Give a page as the response, with the headers that keep others out of it."""
    response = of_type("text/html; charset=utf-8", wire.encode(page), status)
    response.headers.update(HEADERS)
    return response


def sign_in(said: str = "", *, to: str = "", depth: int = 0) -> str:
    """Give the form that asks for the key; `said` is why it does so again.

    It posts `key` to `/deliveries`, and as `to` the delivery that is to be shown then. `depth` says how far below
    `/deliveries` this page stands: 1 at `/deliveries/<id>`, 2 at `/deliveries/<id>/cancel`.
    """
    return str(_pieces().sign_in(said, destination(to), f"{'../' * depth}deliveries"))


def destination(to: object) -> str:
    """Give the delivery that the field `to` names; "" for what can't be one. Nothing else may be redirected to."""
    return to if isinstance(to, str) and _DELIVERY.fullmatch(to) else ""


def overview(deliveries: Sequence[Shown], *, now: float) -> str:
    """Give the list, the latest first, as they come. `now` in seconds since 1970."""
    refresh = REFRESH if any(one.unfinished for one in deliveries) else 0
    return str(_pieces().overview(deliveries[:LATEST], now, refresh))


def delivery(shown: Shown, *, now: float) -> str:
    """Give one delivery with all that is known of it, and what can be done with it. `now` in seconds since 1970."""
    text = shown.text if len(shown.text) <= LONGEST_SHOWN else shown.text[: LONGEST_SHOWN - 1] + "…"
    return str(_pieces().delivery(shown, text, now, REFRESH if shown.unfinished else 0, REPLY_FAILED))


def checks(found: Sequence[Check]) -> str:
    """Give what was found when the settings were checked."""
    problems = sum(one.status is Status.PROBLEM for one in found)
    return str(_pieces().checks(found, problems))


def _moment(time: float) -> str:
    """Write a time. In UTC: without a script a page can't know its reader's zone."""
    return http_date(time)


def _span(seconds: float) -> str:
    """Write how long something takes, to what a person wants to know of it."""
    seconds = max(seconds, 0.0)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
