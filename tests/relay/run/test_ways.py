"""Each app goes its own way, and a run by key does not outlive the wish for its answer."""

import threading
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from relay.call import Call, Interface, Upload
from relay.errors import ServiceApiUnusable
from relay.event import Event
from relay.incoming.settings import Settings
from relay.run.attended import Attended
from relay.run.failure import Cancelled
from relay.run.inbox import Inbox
from relay.run.ways import CIRCLE, Ways
from tests.relay.scripts import Workspace, saying

END = {"event": "message_end"}
BASE = "http://api:5001/v1"
OWNERS = {"api_key": "quack", "app_keys": "theirs=app-1, duck=app-2", "service_api_url": BASE}


class Keyed:
    """An app by its key, which says what it was asked."""

    def __init__(self, base_url: str, key: str, *, told: bool) -> None:
        self.asked: list[Any] = [(base_url, key, told)]

    def interface(self, otherwise: Interface = Interface.ANY) -> Interface:
        return Interface.CHAT

    def parameters(self) -> Mapping[str, Any]:
        return {"by": "key"}

    def info(self) -> Mapping[str, Any]:
        return {}

    def site(self) -> Mapping[str, Any]:
        return {}

    def upload(self, upload: Upload, user: str | None) -> Mapping[str, Any]:
        self.asked.append((upload.filename, user))
        return {"upload_file_id": "1"}

    def run(self, call: Call, inbox: Inbox) -> "Running":
        self.asked.append(call)
        return Running(inbox)

    def ask(self, method: str, path: str, **_: Any) -> Any:
        raise AssertionError(f"{method} {path}")


class Running:
    """A run that goes on until it is left."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.left = threading.Event()

    def events(self) -> Iterator[Event | None]:
        return self._inbox.events()

    def leave(self) -> None:
        self.left.set()


class Session(Workspace):
    """A request's session, which gives apps by their keys."""

    def __init__(self) -> None:
        super().__init__(saying([END]))
        self.keyed_apps: list[Keyed] = []

    def by_key(self, base_url: str, key: str, *, told: bool) -> Keyed:
        self.keyed_apps.append(Keyed(base_url, key, told=told))
        return self.keyed_apps[-1]


def test_an_app_that_has_a_key_goes_by_it_and_no_other() -> None:
    session = Session()
    ways = Ways(session, Settings.read({**OWNERS, "allowed_apps": "duck=named"}))
    assert ways.parameters("theirs") == {"by": "key"}
    assert ways.upload(Upload(filename="a.txt", content=b"a"), app_id="named", user="bob") == {"upload_file_id": "1"}
    assert [keyed.asked for keyed in session.keyed_apps] == [
        [(BASE, "app-1", True)],
        [(BASE, "app-2", True), ("a.txt", "bob")],
    ]
    assert ways.keyed("another") is None
    assert ways.parameters("another") != {"by": "key"}
    ways.upload(Upload(filename="b.txt", content=b"b"), app_id="", user="bob")
    assert session.uploaded == ["b.txt"]
    assert [event for event in ways.run(Call(app_id="another"), Inbox()).events() if event] == [END]
    assert len(session.keyed_apps) == 2


@pytest.mark.parametrize("access", ["key", "public"])
def test_the_setting_that_is_missing_is_named_to_the_owner_alone(access: str) -> None:
    settings = Settings.read({**OWNERS, "access": access, "service_api_url": ""})
    with pytest.raises(ServiceApiUnusable) as refused:
        Ways(Session(), settings).run(Call(app_id="theirs"), Inbox())
    assert "service_api_url is not set" in refused.value.reason
    assert ("service_api_url" in refused.value.message) == (access == "key")


def test_relays_that_lead_to_each_other_do_not_go_on_for_ever() -> None:
    ways = Ways(Session(), Settings.read(OWNERS), asked_by_relay=True)
    assert ways.keyed("another") is None
    with pytest.raises(ServiceApiUnusable) as refused:
        ways.keyed("theirs")
    assert refused.value.reason == CIRCLE


def test_a_run_is_left_when_dify_answers_nothing_twice_that_is_asked_for_its_caller() -> None:
    inbox, heard = Inbox(), iter([True, False, True, False, False])
    running = Running(inbox)
    run = Attended(running, inbox, is_heard=lambda: next(heard), look=0.01)

    def wait_for_it() -> None:
        for _ in run.events():
            inbox.wait(1)

    with pytest.raises(Cancelled):
        wait_for_it()
    assert running.left.is_set()
    assert next(heard, None) is None


def test_nobody_is_looked_for_once_a_run_has_ended() -> None:
    inbox, looks = Inbox(), count()
    run = Attended(Running(inbox), inbox, is_heard=lambda: next(looks) >= 0, look=0.02)
    inbox.end()
    assert list(run.events()) == []
    assert not threading.Event().wait(0.1)
    assert next(looks) == 0


def test_a_run_by_key_may_take_longer_than_dify_lets_a_plugin_wait() -> None:
    ways = Ways(Session(), Settings.read(OWNERS))
    assert (ways.longest("theirs"), ways.longest("another")) == (590.0, 240.0)
