"""What the relay needs of Dify; `provider` fills it in, a test may pass a list of events."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from relay.body import Upload
from relay.call import Call
from relay.event import Event


class Dify(Protocol):
    """The apps of the workspace, for the length of one request."""

    def invoke(self, call: Call) -> Iterator[Event]:
        """Run the app, streaming. Raises whatever the SDK raises: `failure` reads it."""

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        """Give the app's `user_input_form` and the rest of what Dify's /parameters tells. Raises as `invoke`."""

    def upload(self, upload: Upload) -> Mapping[str, Any]:
        """Hand a file to Dify; give the object that stands for it in an app's inputs. Raises as `invoke`."""

    def leave(self) -> None:
        """Give up whatever still runs. May be called again, and from another thread."""
