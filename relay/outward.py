"""A request that the relay sends to somebody else's API, and what came back: as data, for those who decide it.

What really sends is `provider/sending.py`; it adds the base address, and `Duck-Relay: 1`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of an API."""

    what: str  # one word for the delivery's record: "post", "edit", "typing"
    method: str = "POST"
    # below the API's base, "/" first; what a payload says in it is one percent-encoded segment. It may hold a token
    path: str = field(default="", repr=False)
    url: str = field(default="", repr=False)  # instead of a path: a whole address, which the row has checked
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)  # goes as JSON
    content: bytes = field(default=b"", repr=False)  # or as it is: what was signed; JSON too
    repeatable: bool = False  # a repetition is known as one, or does no harm: it may be sent again without an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back. Foreign in all its parts: it reaches neither a caller nor a page."""

    status: int = 0  # 0: nothing came back
    headers: Mapping[str, str] = field(default_factory=dict)  # under lower-case names
    body: Any = None  # the JSON value, None for anything else and for more than 256 KiB
    arrived: bool = True  # False: the request surely never got there, so that it may be sent again
    problem: str = ""  # in our words, why nothing came back


class Post(Protocol):
    """Sends. Takes at most 15 s, follows no redirect, and raises nothing."""

    def __call__(self, request: Request, *, base: str = "", public: bool = False) -> Response:
        """Send a request to its path below `base`, or to its own address.

        With `public` only to an address that is nobody's inside: neither private nor loopback, link-local or of a
        cloud's metadata, by whatever name.
        """
