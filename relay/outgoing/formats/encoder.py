"""What a form does: a streamed one, and one in a single piece."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from relay.errors import RelayError
from relay.event import Event


class Encoder(Protocol):
    """Turns one answer into bytes, piece by piece; made anew for each answer."""

    @property
    def keep_alive(self) -> bytes:
        """Give what a reader of this form skips."""

    def opening(self) -> bytes:
        """Give what may go out before the app has said anything."""

    def event(self, event: Event) -> bytes:
        """Encode one event; nothing for one that this form does not show."""

    def error(self, error: RelayError) -> bytes:
        """Encode the error that ended the answer."""

    def closing(self) -> bytes:
        """Give what comes after the last event or the error."""


class Gatherer(Protocol):
    """Folds one answer into one piece of JSON; made anew for each answer."""

    def add(self, event: Event) -> object:
        """Take one event in."""

    def whole(self) -> Mapping[str, Any]:
        """Give the answer. Raises RelayError where the app's end says that it failed."""


@runtime_checkable
class Telling(Protocol):
    """An Encoder or Gatherer whose reader sends back what it has read."""

    @property
    def text(self) -> str:
        """What the reader has read of the answer."""


@runtime_checkable
class Named(Protocol):
    """An Encoder or Gatherer whose reader may name the answer when it goes on."""

    @property
    def id(self) -> str:
        """The answer's id, "" where nothing has told any."""
