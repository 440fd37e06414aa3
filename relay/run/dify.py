"""What the relay needs of Dify; `provider` fills it in, a test may pass a list of events."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from relay.call import Call, Upload
from relay.event import Event
from relay.run.inbox import Inbox


class StorageFailed(Exception):
    """Dify's storage did not do what it was asked: full, or out of reach."""


class StorageSilent(StorageFailed):
    """Dify's storage gave no answer at all: mostly because the caller is gone; then no app would answer either."""


class Storage(Protocol):
    """Bytes by key (less than 256 characters), without expiry, listing or compare-and-set."""

    def get(self, key: str) -> bytes | None:
        """Give a key's value, None for a key that was never set. Raises StorageFailed."""

    def set(self, key: str, value: bytes) -> None:
        """Write a value over whatever the key held. Raises StorageFailed; then the value may stand there or not."""

    def delete(self, key: str) -> None:
        """Delete a key; one that is not there is fine. Raises StorageFailed."""


class Files(Protocol):
    """What is needed to hand files to an app. Raises whatever the SDK raises: `failure` reads it."""

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        """Give the app's `user_input_form` and the rest of what Dify's /parameters tells."""

    def upload(self, upload: Upload) -> Mapping[str, Any]:
        """Hand a file to Dify; give the object that stands for it in an app's inputs."""


class Running(Protocol):
    """One run of an app."""

    def events(self) -> Iterator[Event | None]:
        """Begin the run and give the app's events, None each time that none has come yet.

        Raises what the SDK raises: see `failure`.
        """

    def leave(self) -> None:
        """Give the run up: no further event of it need come, nor its end. May be called again, from any thread."""


class Dify(Files, Protocol):
    """The apps of the workspace, for the length of one request."""

    def run(self, call: Call, inbox: Inbox) -> Running:
        """Prepare a run, which begins when its events are asked for, and comes in by the inbox.

        Of several in one request each stands for itself.
        """

    def anew(self) -> "Dify":
        """Give another way to the same: what it found silent before is asked again."""

    @property
    def endpoint_id(self) -> str:
        """Name the endpoint that was called: what is stored for one must not serve another."""

    @property
    def storage(self) -> Storage:
        """Give the plugin's storage, shared by all its endpoints in a workspace."""
