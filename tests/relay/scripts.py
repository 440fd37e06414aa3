"""Dify's part, played at the port by scripts of events, and the relay's answers to it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from werkzeug import Request, Response

from relay.answer import respond
from relay.call import Call, Interface, Upload
from relay.event import Event
from relay.host import Host
from relay.run.dify import KeyedApp
from relay.run.inbox import Inbox
from tests.relay.storage import Shelf
from tests.requests import request

KEY = {"api_key": "quack"}
FORM = {"user_input_form": [{"file": {"variable": "doc"}}]}

type Script = Callable[[Call], Iterator[Event]]


class Workspace:
    """Dify at the port: apps that do what a script says."""

    endpoint_id = "endpoint"

    def __init__(self, script: Script) -> None:
        self.storage = Shelf()
        self.calls: list[Call] = []
        self.uploaded: list[str] = []
        self._script = script

    def anew(self) -> "Workspace":
        return self

    def run(self, call: Call, inbox: Inbox) -> "Run":
        return Run(self.begin, call, inbox)

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        return FORM

    def keyed(self, app_id: str) -> None:
        return None

    def longest(self, app_id: str) -> float:
        return 240.0

    def is_heard(self) -> bool:
        return True

    def by_key(self, base_url: str, key: str, *, told: bool) -> KeyedApp:
        raise AssertionError(f"{base_url} is asked, although the settings name no key")

    def upload(self, upload: Upload, **_: Any) -> Mapping[str, Any]:
        self.uploaded.append(upload.filename)
        return {"tool_file_id": upload.filename}

    def begin(self, call: Call) -> Iterator[Event]:
        self.calls.append(call)
        return self._script(call)


class Run:
    def __init__(self, begin: Script, call: Call, inbox: Inbox) -> None:
        self._begin = begin
        self._call = call
        self._inbox = inbox
        self._left = False

    def events(self) -> Iterator[Event | None]:
        self._inbox.feed(self._said())
        return self._inbox.events()

    def _said(self) -> Iterator[Event]:
        for event in self._begin(self._call):
            if self._left:  # as if Dify had said all
                return
            yield event

    def leave(self) -> None:
        self._left = True


def saying(events: list[dict[str, Any]], error: Exception | None = None) -> Script:
    def script(_: Call) -> Iterator[Event]:
        yield from events
        if error:
            raise error

    return script


def answered(dify: Workspace, sent: Request, settings: Mapping[str, Any] = KEY, **options: Any) -> Response:
    interface = options.pop("interface", Interface.ANY)
    response = respond(
        sent,
        {"app_id": options.pop("app_id", "app")},
        settings,
        interface=interface,
        dify=dify,
        host=Host(clock=options.pop("clock", time.time), elapsed=options.pop("elapsed", time.monotonic)),
    )
    response.get_data()
    return response


def keyed(body: Any, **headers: str) -> Request:
    given = {"X-API-Key": "quack", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return request(method="POST", data=json.dumps(body), content_type="application/json", headers=given)
