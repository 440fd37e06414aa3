"""The plugin's process ends while deliveries wait, run and are sent: the next one goes on, or says that it can't.

All of them are under way when it is killed, once: it takes half a minute until they count as left alone.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import KEY
from tests.endpoints.later import (
    ENDED,
    HOLDER,
    accepted,
    answering,
    app_calls,
    ask,
    in_state,
    listed,
    outcome,
    said,
    shown,
)
from workspace.testing import Workspace, until

PATIENCE = 75  # seconds: a lease of 25, a look each 30, and a busy machine
LATE = 22  # seconds that a sender wants to be left alone: what is to be sent later than 20 gets a request of its own
STOPPED = "Sorry, the answer was interrupted."


@pytest.fixture(scope="module")
def mortal() -> Iterator[Workspace]:
    with Workspace() as running:
        yield running


class Endpoints:
    """Endpoints by name, and the delivery of each that is looked at."""

    def __init__(self, workspace: Workspace, stack: ExitStack) -> None:
        self.workspace = workspace
        self._stack = stack
        self.clients: dict[str, httpx.Client] = {}
        self.ids: dict[str, str] = {}

    def make(self, name: str, **settings: Any) -> httpx.Client:
        url = self.workspace.endpoint(settings={"api_key": KEY, **settings})
        self.clients[name] = self._stack.enter_context(httpx.Client(base_url=url, headers=HOLDER, timeout=60))
        return self.clients[name]

    def later(self, name: str, app: str, **settings: Any) -> None:
        self.ids[name] = accepted(ask(self.make(name, **settings), app, user="donald"))

    def at(self, name: str, sender: str, app: str) -> None:
        """Let a person write to a sender, in a place of the endpoint's name."""
        standin = self.workspace.sender(sender)
        client = self.make(name, **answering(standin, sender, app))
        place = PLACES[sender]
        standin.post(f"{client.base_url}chat", "hello", place=place, user=place)
        [row] = listed(client)
        self.ids[name] = row["delivery_id"]

    def now(self, name: str) -> dict[str, Any]:
        return shown(self.clients[name], self.ids[name])

    def calls(self, name: str) -> list[dict[str, Any]]:
        return app_calls(self.workspace, self.clients[name])

    def steps(self, name: str) -> list[str]:
        return [step["what"] for step in self.now(name)["steps"]]


PLACES: Mapping[str, str] = {"telegram": "81", "slack": "D0RESTART", "line": "U" + "8" * 32}


@pytest.fixture(scope="module")
def killed(mortal: Workspace) -> Iterator[Endpoints]:
    """Deliveries in all their states, a process that was killed, and what the next one has made of them."""
    with ExitStack() as stack:
        endpoints = Endpoints(mortal, stack)
        receiver, slack, line = (mortal.sender(name) for name in ("callback", "slack", "line"))
        slack.faults(throttle={"what": "chat.", "seconds": LATE, "times": 1})
        receiver.faults(fail={"what": "late", "status": 503, "times": 2})
        callback = {"reply": "callback", "callback_hosts": mortal.url, "callback_secret": receiver.token}
        endpoints.later("callback", "chat-3-0", callback_url=f"{receiver.base}/late", **callback)
        until(lambda: len(receiver.requests()) == 2)
        endpoints.at("late", "slack", "chat-2-0")
        for name in ("late", "callback"):
            in_state(endpoints.clients[name], endpoints.ids[name], "waiting")
        endpoints.later("speaking", "chat-600-50")
        endpoints.at("told", "telegram", "chat-600-50")
        line.faults(stall={"what": "message", "seconds": 12, "times": 1})
        endpoints.at("flying", "line", "chat-2-0")
        until(lambda: any("/message/" in request["path"] for request in line.requests()))
        until(lambda: mortal.sender("telegram").answers(PLACES["telegram"]))
        endpoints.later("silent", "silent-3")
        endpoints.later("first", "silent-3", memory="user")
        queue = endpoints.clients["first"]
        for name in ("second", "third"):
            endpoints.clients[name] = queue
            endpoints.ids[name] = accepted(ask(queue, "silent-3", name, user="donald"))
        until(lambda: all(endpoints.calls(name) for name in ("silent", "first", "speaking")))
        mortal.restart_plugin()
        until(lambda: {endpoints.now(name)["state"] for name in endpoints.ids} <= ENDED, patience=PATIENCE)
        yield endpoints


def test_what_waited_for_its_turn_runs_in_its_order(killed: Endpoints) -> None:
    assert {outcome(killed.now(name)) for name in ("first", "second", "third")} == {("done", "")}
    asked = [(call["request"]["query"], call["outcome"]) for call in killed.calls("first")]
    assert asked == [("hi", "aborted"), ("hi", "finished"), ("second", "finished"), ("third", "finished")]


def test_an_app_that_had_said_nothing_runs_once_more(killed: Endpoints) -> None:
    now = killed.now("silent")
    assert (now["state"], now["answer"], now["tries"]) == ("done", "late", 2)
    assert killed.steps("silent") == ["accepted", "run", "interrupted", "run", "answer"]
    assert [call["outcome"] for call in killed.calls("silent")] == ["aborted", "finished"]


@pytest.mark.parametrize("name", ["speaking", "told"])
def test_an_app_that_had_said_something_does_not_run_once_more(killed: Endpoints, name: str) -> None:
    now = killed.now(name)
    assert outcome(now) == ("failed", "interrupted")
    assert now["answer"].strip().startswith("tok0")
    assert now["answer"].endswith(f"{STOPPED} ({killed.ids[name]})")
    assert [call["outcome"] for call in killed.calls(name)] == ["aborted"]


def test_the_person_is_told_that_their_answer_broke_off(killed: Endpoints) -> None:
    [told] = killed.workspace.sender("telegram").answers(PLACES["telegram"])
    assert told.startswith("tok0")
    assert told.endswith(f"{STOPPED} ({killed.ids['told']})")


def test_an_answer_that_is_to_be_sent_later_is_sent_by_the_next_process(killed: Endpoints) -> None:
    assert outcome(killed.now("late")) == ("done", "")
    assert [text.strip() for text in killed.workspace.sender("slack").answers(PLACES["slack"])] == ["tok0 tok1"]
    assert [call["outcome"] for call in killed.calls("late")] == ["finished"]


def test_a_callback_goes_on_with_its_tries(killed: Endpoints) -> None:
    assert outcome(killed.now("callback")) == ("done", "")
    sent = killed.workspace.sender("callback").requests()
    assert [(one["status"], one["headers"]["webhook-id"]) for one in sent] == [
        (503, killed.ids["callback"]),
        (503, killed.ids["callback"]),
        (204, killed.ids["callback"]),
    ]
    assert [json.loads(json.dumps(one["body"]))["answer"] for one in sent] == [said(3)] * 3
    assert [call["outcome"] for call in killed.calls("callback")] == ["finished"]


def test_a_message_that_was_on_its_way_is_not_sent_twice(killed: Endpoints) -> None:
    """It may have arrived: then the person has it, else the delivery says that it is not known."""
    answers = killed.workspace.sender("line").answers(PLACES["line"])
    assert len([text for text in answers if "tok1" in text]) == 1
    assert [call["outcome"] for call in killed.calls("flying")] == ["finished"]
    assert killed.now("flying")["state"] in ENDED
