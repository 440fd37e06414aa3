"""Apps that are reached by their keys, at the port: what Dify tells of them, and what it was asked."""

from collections.abc import Iterator, Mapping
from typing import Any

from relay.call import Call, Interface, Upload
from relay.errors import AppUnavailable, RelayError
from relay.event import Event
from relay.run.inbox import Inbox
from tests.events import CHAT
from tests.relay.scripts import FORM, KEY, Run, Workspace, saying

URL = "http://dify.test/v1"
KEYED = {**KEY, "app_keys": "app=app-pond", "service_api_url": URL}

type Asked = tuple[str, str, Mapping[str, str] | None, Mapping[str, Any] | None]


class App:
    """A chat app that tells what it was given, and raises what it was given to raise."""

    def __init__(self, *, answer: Any = None, told: Mapping[str, Any] | None = None) -> None:
        """Take what `ask` gives, and what info, site, parameters and upload do, by these names."""
        self.asked: list[Asked] = []
        self.looked: list[str] = []
        self.calls: list[Call] = []
        self.uploaded: list[str] = []
        self._answer = answer
        self._told = told or {}

    def interface(self, otherwise: Interface = Interface.ANY) -> Interface:
        return Interface.CHAT

    def parameters(self) -> Mapping[str, Any]:
        return self._tell("parameters", FORM)

    def info(self) -> Mapping[str, Any]:
        return self._tell("info", {})

    def site(self) -> Mapping[str, Any]:
        return self._tell("site", {})

    def upload(self, upload: Upload, user: str | None) -> Mapping[str, Any]:
        stored = {"type": upload.type, "transfer_method": "local_file", "upload_file_id": upload.filename}
        told = self._tell("upload", stored)
        self.uploaded.append(f"{user}'s {upload.filename}")
        return told

    def run(self, call: Call, inbox: Inbox) -> Run:
        return Run(self._begin, call, inbox)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        self.asked.append((method, path, query, body))
        if isinstance(self._answer, RelayError):
            raise self._answer
        return self._answer

    def _begin(self, call: Call) -> Iterator[Event]:
        self.calls.append(call)
        return saying(CHAT)(call)

    def _tell(self, what: str, otherwise: Mapping[str, Any]) -> Mapping[str, Any]:
        self.looked.append(what)
        told: Mapping[str, Any] | RelayError = self._told.get(what, otherwise)
        if isinstance(told, RelayError):
            raise told
        return told


class Dify(Workspace):
    """A workspace whose apps are reached by their keys, too."""

    def __init__(self, **apps: App) -> None:
        """Take the apps by their keys, without the "app-" in front."""
        super().__init__(saying(CHAT))
        self.keys: list[tuple[str, bool]] = []
        self._apps = apps

    def by_key(self, base_url: str, key: str, *, told: bool) -> App:
        assert base_url == URL
        self.keys.append((key, told))
        return self._apps[key.removeprefix("app-")]


def refusing() -> AppUnavailable:
    return AppUnavailable("Dify refuses to run the app for this plugin.")
