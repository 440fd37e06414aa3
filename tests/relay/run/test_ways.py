"""Each app goes its own way, and a run by key does not outlive the wish for its answer."""

import threading
from collections.abc import Iterator
from itertools import count

import pytest

from relay.call import Call, Upload
from relay.errors import ServiceApiUnusable
from relay.event import Event
from relay.incoming.settings import Settings
from relay.run.attended import Attended
from relay.run.dify import Running as Port
from relay.run.failure import Cancelled
from relay.run.inbox import Inbox
from relay.run.ways import CIRCLE, Ways
from tests.events import CHAT
from tests.relay.keyed import KEYED, App, Dify
from tests.relay.scripts import FORM

OWNERS = {**KEYED, "app_keys": "theirs=app-theirs, duck=app-duck"}


class Running:
    """A run that goes on until it is left."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self.left = threading.Event()

    def events(self) -> Iterator[Event | None]:
        return self._inbox.events()

    def leave(self) -> None:
        self.left.set()


def test_an_app_that_has_a_key_goes_by_it_and_no_other() -> None:
    theirs, duck = App(told={"parameters": {"by": "key"}}), App()
    session = Dify(theirs=theirs, duck=duck)
    ways = Ways(session, Settings.read({**OWNERS, "allowed_apps": "duck=named"}))
    assert ways.parameters("theirs") == {"by": "key"}
    assert (
        ways.upload(Upload(filename="a.txt", content=b"a"), app_id="named", user="bob")["upload_file_id"] == "a.txt"
    )
    asked = Call(app_id="named")
    assert heard(ways.run(asked, inbox := Inbox()), inbox) == CHAT
    assert (duck.uploaded, duck.calls) == (["bob's a.txt"], [asked])
    assert session.keys == [("app-theirs", True), ("app-duck", True), ("app-duck", True)]
    assert ways.keyed("another") is None
    assert ways.parameters("another") == FORM
    ways.upload(Upload(filename="b.txt", content=b"b"), app_id="", user="bob")
    asked = Call(app_id="another")
    assert heard(ways.run(asked, inbox := Inbox()), inbox) == CHAT
    assert (session.uploaded, session.calls) == (["b.txt"], [asked])
    assert len(session.keys) == 3


def heard(run: Port, inbox: Inbox) -> list[Event]:
    """Wait for all that an app says."""
    said = []
    for event in run.events():
        if event is None:
            inbox.wait(5)
        else:
            said.append(event)
    return said


@pytest.mark.parametrize("access", ["key", "public"])
def test_the_setting_that_is_missing_is_named_to_the_owner_alone(access: str) -> None:
    settings = Settings.read({**OWNERS, "access": access, "service_api_url": ""})
    with pytest.raises(ServiceApiUnusable) as refused:
        Ways(Dify(), settings).run(Call(app_id="theirs"), Inbox())
    assert "service_api_url is not set" in refused.value.reason
    assert ("service_api_url" in refused.value.message) == (access == "key")


def test_relays_that_lead_to_each_other_do_not_go_on_for_ever() -> None:
    ways = Ways(Dify(), Settings.read(OWNERS), asked_by_key=True)
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
    looked = next(looks)  # a slow machine may have got to a look before the end
    assert not threading.Event().wait(0.1)
    assert next(looks) == looked + 1


def test_a_run_by_key_may_take_longer_than_dify_lets_a_plugin_wait() -> None:
    ways = Ways(Dify(), Settings.read(OWNERS))
    assert (ways.longest("theirs"), ways.longest("another")) == (590.0, 240.0)
