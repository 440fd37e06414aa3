"""What went wrong, as a page: what happened, what whoever reads it can do, and what the owner should change."""

import math
from collections.abc import Mapping

from relay import wire
from relay.errors import RelayError, Unauthorized
from relay.page import pieces
from relay.page.texts import Texts, in_language
from relay.page.view import View

RETRY_AFTER = "Retry-After"
_UNITS: Mapping[str, tuple[int, int]] = {  # seconds in one of it, and up to which wait it is told
    "seconds": (1, 90),
    "minutes": (60, 90 * 60),
}
_HOUR = 3600


def page(
    error: RelayError, view: View, *, owner: bool, query: str = "", request_id: str = "", signs: bool = False
) -> bytes:
    """Give the page of an error, which offers the question again where the view asks anything.

    `owner`: a holder of the key reads it, who is told what to change. `signs`: the endpoint lets in who signs.
    """
    texts = in_language(view.language)
    explained = texts.unsigned if signs and isinstance(error, Unauthorized) else texts.explain(error.code)
    wait = _wait(error, texts)
    return wire.encode(
        pieces.module("problem.html").problem(view, texts, explained, error, wait, owner, query, request_id)
    )


def _wait(error: RelayError, texts: Texts) -> str:
    told = error.headers.get(RETRY_AFTER, "")
    if not (told.isascii() and told.isdecimal()):
        return ""
    seconds = int(told[:_LONGEST])
    unit, size = next(((name, size) for name, (size, most) in _UNITS.items() if seconds <= most), ("hours", _HOUR))
    return texts.try_again.format(time=texts.units[unit].format(n=math.ceil(seconds / size)))


_LONGEST = 9  # digits of a wait, in seconds
