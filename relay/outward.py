"""A request that the relay sends to somebody else's API, and what came back: as data, for those who decide it.

What really sends is `provider/sending.py`; it adds the base address, and `Duck-Relay: 1`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

# the header that each request of a relay carries, and its value where an app is asked for by its key
SENT_BY_RELAY = "Duck-Relay"
BY_KEY = "key"
INSIDE = "its address is not a public one"  # the problem of what `public` has refused


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


class Started(StrEnum):
    """What became of a request of the plugin to its own address."""

    RUNNING = "running"  # its answer has begun
    REFUSED = "refused"  # it was answered with another status
    UNREACHABLE = "unreachable"  # surely nobody heard it
    UNKNOWN = "unknown"  # nothing came back yet; it goes on


class Own(Protocol):
    """The plugin's own address: what a request of its own can do, and a finished one can't."""

    def address(self, hook_id: str, relay_url: str | None) -> str | None:
        """Give the address of an endpoint as the plugin reaches it; None where it can't be known."""

    def start(
        self, base: str, delivery_id: str, token: str, *, patience: float, ended: Callable[[bool], None]
    ) -> Started:
        """Ask for a delivery's run, and wait up to `patience` seconds for its first sign.

        Unless it is UNREACHABLE or REFUSED, `ended` is called once: when the answer has ended, and whether it was
        whole.
        """

    def reaches(self, base: str) -> bool:
        """Tell whether this endpoint answers at that address."""

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something later, in a thread of its own."""


class Nowhere:
    """An own address that can't be known."""

    def address(self, *_: object) -> None:
        return None

    def start(self, *_: object, **__: object) -> Started:
        return Started.UNREACHABLE

    def reaches(self, *_: object) -> bool:
        return False

    def after(self, *_: object) -> None:
        pass


def unsent(request: Request, *, base: str = "", public: bool = False) -> Response:  # noqa: ARG001 - a Post's shape
    """Send nothing: there is nobody who could."""
    return Response(arrived=False, problem="nothing can be sent here")


def same_base(sender: str, base: str, sender_url: str | None) -> str:  # noqa: ARG001
    """Give the base of a sender's API: its own, or that of an installation of the owner's."""
    return sender_url or base
