"""What a streamed form does."""

from typing import Protocol

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
