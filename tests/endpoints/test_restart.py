"""The plugin's process ends while deliveries wait, run and are sent: the next one goes on, or says that it can't.

All of them are under way when it is killed, once: it takes half a minute until they count as left alone.
"""

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
        endpoints.later("silent", "silent-3")
        endpoints.later("first", "silent-3", memory="user")
        queue = endpoints.clients["first"]
        for name in ("second", "third"):
            endpoints.clients[name] = queue
            endpoints.ids[name] = accepted(ask(queue, "silent-3", name, user="donald"))
        endpoints.later("speaking", "chat-600-50")
        endpoints.at("told", "telegram", "chat-600-50")
        line.faults(stall={"what": "message", "seconds": 4, "times": 1})
        endpoints.at("flying", "line", "chat-2-0")
        until(lambda: line.requests())
        until(lambda: mortal.sender("telegram").answers(PLACES["telegram"]))
        until(lambda: all(endpoints.calls(name) for name in ("silent", "first", "speaking")))
        mortal.restart_plugin()
        try:
            until(lambda: all([endpoints.now(name)["state"] in ENDED for name in endpoints.ids]), patience=PATIENCE)
        except TimeoutError:
            print("NEVER")
        print("".join(l for l in mortal.printed if "/e/" not in l or "run" in l)[-6000:])
        yield endpoints


def test_x(killed: Endpoints) -> None:
    for name in killed.ids:
        now = killed.now(name)
        print(
            name,
            outcome(now),
            now["tries"],
            now["answer"][-80:],
            [(s["what"], s["result"], round(s["at"] - now["created_at"], 1)) for s in now["steps"]][-9:],
            [(c["outcome"], c["request"]["query"]) for c in killed.calls(name)],
        )
    for sender in PLACES:
        print(
            sender,
            [m[-90:] for m in killed.workspace.sender(sender).answers()],
            [(r["method"], r["path"], r["status"]) for r in killed.workspace.sender(sender).requests()][-6:],
        )
    print(
        [
            (r["path"], r["status"], r["headers"].get("webhook-id"))
            for r in killed.workspace.sender("callback").requests()
        ]
    )
    assert 0
