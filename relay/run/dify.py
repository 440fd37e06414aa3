"""What the relay needs of Dify; `provider` fills it in, a test may pass a list of events."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from relay.call import Call, Interface, Upload
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


class Running(Protocol):
    """One run of an app."""

    def events(self) -> Iterator[Event | None]:
        """Begin the run and give the app's events, None each time that none has come yet.

        Raises what the SDK raises, see `failure`, or RelayError.
        """

    def leave(self) -> None:
        """Give the run up: no further event of it need come, nor its end. May be called again, from any thread."""


class KeyedApp(Protocol):
    """One app, through Dify's Service API by the app's own key. All of it raises RelayError."""

    def interface(self, otherwise: Interface = Interface.ANY) -> Interface:
        """Tell by which interface the app answers; where Dify does not, `otherwise`, and an error instead of ANY.

        Good for a minute, as all that is told of an app.
        """

    def parameters(self) -> Mapping[str, Any]:
        """Give what /parameters tells."""

    def info(self) -> Mapping[str, Any]:
        """Give what /info tells: name, description, tags, mode, author_name; older ones of Dify leave some out."""

    def site(self) -> Mapping[str, Any]:
        """Give what /site tells: title, icon, icon_type, icon_background, icon_url, description and more."""

    def upload(self, upload: Upload, user: str | None) -> Mapping[str, Any]:
        """Hand a file to Dify; give the object that stands for it, good for this app and user."""

    def run(self, call: Call, inbox: Inbox) -> Running:
        """Prepare a run: see `Dify.run`. When it is left before its end, Dify is told to stop it."""

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Ask for a resource of the app below the API's base, "/" first and percent-encoded; give its JSON value."""


class Session(Protocol):
    """Dify, as a request reaches it by its own session: reverse invocation, and the plugin's storage."""

    @property
    def endpoint_id(self) -> str:
        """Name the endpoint that was called: what is stored for one must not serve another."""

    @property
    def storage(self) -> Storage:
        """Give the plugin's storage, shared by all its endpoints in a workspace."""

    def anew(self) -> "Session":
        """Give another way to the same: what it found silent before is asked again."""

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        """Give the app's `user_input_form` and the rest of what Dify's /parameters tells. Raises as `Dify` does."""

    def upload(self, upload: Upload) -> Mapping[str, Any]:
        """Hand a file to Dify; give the object that stands for it in an app's inputs. Raises as `Dify` does."""

    def run(self, call: Call, inbox: Inbox) -> Running:
        """Prepare a run: see `Dify.run`."""

    def is_heard(self) -> bool:
        """Tell whether Dify still answers for this request, which it does not when the caller is gone.

        Then it takes some seconds to tell.
        """

    def by_key(self, base_url: str, key: str, *, told: bool) -> KeyedApp:
        """Give the app that a key of Dify's Service API stands for; `told` as of ServiceApiUnusable."""


class Dify(Protocol):
    """The apps of the workspace, for the length of one request, each by the way that its owner has chosen.

    Raises whatever the SDK raises, which `failure` reads, or RelayError.
    """

    @property
    def endpoint_id(self) -> str:
        """Name the endpoint that was called: what is stored for one must not serve another."""

    @property
    def storage(self) -> Storage:
        """Give the plugin's storage, shared by all its endpoints in a workspace."""

    def anew(self) -> "Dify":
        """Give another way to the same: what it found silent before is asked again."""

    def keyed(self, app_id: str) -> KeyedApp | None:
        """Give an app that is reached by its key; None for one that is reached by reverse invocation."""

    def longest(self, app_id: str) -> float:
        """Give the seconds after which a run of the app has ended, in whatever way, silent as it may be."""

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        """Give the app's `user_input_form` and the rest of what Dify's /parameters tells."""

    def upload(self, upload: Upload, *, app_id: str, user: str | None) -> Mapping[str, Any]:
        """Hand a file to Dify; give the object that stands for it in an app's inputs.

        It may be good for that app and user alone; `app_id` "" for no certain one.
        """

    def run(self, call: Call, inbox: Inbox) -> Running:
        """Prepare a run, which begins when its events are asked for, and comes in by the inbox.

        Of several in one request each stands for itself.
        """
