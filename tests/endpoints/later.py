"""What tests of later deliveries share: asking for one, waiting for what becomes of it, and a person at a sender."""

from typing import Any

import httpx

from tests.endpoints.conftest import KEY
from workspace.senders.posting import SECRET
from workspace.testing import Sender, Workspace, until

ENDED = frozenset({"done", "failed"})
HOLDER = {"X-API-Key": KEY}


def ask(
    client: httpx.Client, app: str, query: str = "hi", *, key: str | None = None, **fields: Any
) -> httpx.Response:
    """Ask an app, to be answered later; `key` is an Idempotency-Key."""
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"/duck/{app}", json={"query": query, "response_mode": "later", **fields}, headers=headers)


def accepted(answer: httpx.Response) -> str:
    """Give the id of a delivery that was accepted."""
    assert answer.status_code == 202, answer.text
    return str(answer.json()["delivery_id"])


def shown(client: httpx.Client, id_: str) -> dict[str, Any]:
    """Give how a delivery stands."""
    answer = client.get(f"/deliveries/{id_}", headers=HOLDER)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def listed(client: httpx.Client) -> list[dict[str, Any]]:
    """Give the list of deliveries."""
    answer = client.get("/deliveries", headers=HOLDER)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def ended(client: httpx.Client, id_: str, *, patience: float = 30) -> dict[str, Any]:
    """Give how a delivery ended."""
    until(lambda: shown(client, id_)["state"] in ENDED, patience=patience)
    return shown(client, id_)


def in_state(client: httpx.Client, id_: str, state: str) -> dict[str, Any]:
    """Wait until a delivery is in this state."""
    until(lambda: shown(client, id_)["state"] == state)
    return shown(client, id_)


def outcome(delivery: dict[str, Any]) -> tuple[str, str]:
    """Give the state in which a delivery is, and the code of its failure."""
    return delivery["state"], (delivery["error"] or {"code": ""})["code"]


def said(events: int) -> str:
    """Give what `chat-<events>-…` says."""
    return "".join(f" tok{number}" for number in range(events))


def app_calls(workspace: Workspace, client: httpx.Client) -> list[dict[str, Any]]:
    """Give the runs of apps that reached Dify from an endpoint."""
    return [call for call in workspace.calls(hook=str(client.base_url).rstrip("/")) if call["type"] == "app"]


def at_once(calls: list[dict[str, Any]]) -> int:
    """Count how many of some ended runs went on at the same time, at most."""
    moments = sorted([(call["started"], 1) for call in calls] + [(call["ended"], -1) for call in calls])
    running = most = 0
    for _, change in moments:
        running += change
        most = max(most, running)
    return most


def answering(sender: Sender, webhook: str, app: str, **more: Any) -> dict[str, Any]:
    """Give the settings of an endpoint that answers a sender's messages where they are written."""
    return {
        "access": "signature",
        "webhook": webhook,
        "webhook_secret": SECRET,
        "reply": "sender",
        "bot_token": sender.token,
        "bot_id": "quackbot",
        "app": {"app_id": app},
        "key": None,
        **more,
    }


def moved(workspace: Workspace, client: httpx.Client, **settings: Any) -> None:
    """Change an endpoint's settings."""
    hook = str(client.base_url).rstrip("/").rpartition("/")[2]
    workspace.endpoint(hook=hook, settings={"api_key": KEY, **settings})
