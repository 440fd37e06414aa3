"""What a browser lets a page of ours do: nothing but what stands here."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping

from relay.page import style

EVERYONE = "*"
OWN_ICON = "data:"  # the tab's; pictures of others are never so

# what may stand in a policy: the settings read both strictly, and nothing else would end a directive
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_HOST = re.compile(r"(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]{1,5})?", re.ASCII)


def headers(*, accent: str = "", image_hosts: Iterable[str] = (), framed_by: Iterable[str] = ()) -> Mapping[str, str]:
    """Give the headers of a page that asks, answers or says what went wrong, as these settings want it.

    `framed_by` are the origins whose pages may show it in a frame, beside our own. `form-action` stays our own
    address: the forms in our page post to the plugin itself, wherever the page is framed, and what another site's
    page may post is that page's policy. `frame-src` is for the frame in which the stop button's answer goes.

    X-Frame-Options has no list, so it stands only where nobody else may show it. Whoever opened this page in a
    window can't steer it (Cross-Origin-Opener-Policy), which changes nothing for a plain link or a frame.
    Sources: CSP Level 3; WHATWG HTML, "The `X-Frame-Options` header" and "Cross-origin opener policies".
    """
    by = frozenset(framed_by)
    ancestors = EVERYONE if EVERYONE in by else " ".join(["'self'", *sorted(filter(_ORIGIN.fullmatch, by))])
    directives = {
        "default-src": "'none'",
        "style-src": " ".join(map(source_of, filter(None, [style.SHEET, style.of_accent(accent)]))),
        "img-src": _images(image_hosts),
        "frame-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": ancestors,
    }
    told = {"Content-Security-Policy": written(directives), "Cross-Origin-Opener-Policy": "same-origin"}
    return told if ancestors != "'self'" else {**told, "X-Frame-Options": "SAMEORIGIN"}


def written(directives: Mapping[str, str]) -> str:
    """Write a Content-Security-Policy; a directive without a value is left out."""
    return "; ".join(f"{name} {value}" for name, value in directives.items() if value)


def source_of(sheet: str) -> str:
    """Give the source that allows a style element by the hash of what stands in it. Source: CSP Level 3, 2.3.1."""
    digest = hashlib.sha256(sheet.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _images(hosts: Iterable[str]) -> str:
    named = frozenset(hosts)
    written_out = [f"https://{host}" for host in sorted(filter(_HOST.fullmatch, named))]
    shown = ["https:"] if EVERYONE in named else written_out
    return " ".join([OWN_ICON, *shown])
