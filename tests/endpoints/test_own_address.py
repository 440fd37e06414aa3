"""The plugin asks itself for what it answers later: where its own address is wrong, and in the other runtimes."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.later import (
    HOLDER,
    accepted,
    answering,
    app_calls,
    ask,
    ended,
    listed,
    moved,
    outcome,
    said,
    shown,
)
from workspace.testing import Workspace, until

# --- an address of its own that there is not

TO_SET = "set relay_url to this endpoint's URL"


class _Stranger(BaseHTTPRequestHandler):
    """Somebody else's server: it knows nothing of what is asked."""

    def do_POST(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def wrong() -> Iterator[Mapping[str, int]]:
    """Ports where the plugin is not: of nobody, of somebody else, and of a server that never answers."""
    stranger = HTTPServer(("127.0.0.1", 0), _Stranger)
    serving = threading.Thread(target=stranger.serve_forever, daemon=True)
    serving.start()
    with socket.create_server(("127.0.0.1", 0)) as deaf, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        yield {
            "nobody": nobody.getsockname()[1],
            "a stranger": stranger.server_port,
            "the deaf": deaf.getsockname()[1],
        }
        stranger.shutdown()
        stranger.server_close()


@pytest.mark.parametrize("who", ["nobody", "a stranger", "the deaf", "another endpoint"])
def test_without_a_right_address_of_its_own_it_runs_in_the_response(
    endpoint: Open, workspace: Workspace, wrong: Mapping[str, int], who: str
) -> None:
    client = endpoint()
    hook = str(client.base_url).rstrip("/").rpartition("/")[2]
    at = f"http://127.0.0.1:{wrong[who]}/e/{hook}" if who in wrong else f"{workspace.url}/e/another"
    moved(workspace, client, relay_url=at)
    answer = ask(client, "chat-2-0")
    delivery = shown(client, accepted(answer))
    assert (answer.json()["state"], delivery["state"], delivery["answer"]) == ("done", "done", said(2))
    assert TO_SET in " ".join(delivery["notes"])
    assert workspace.line(delivery["delivery_id"], TO_SET)
    assert len(app_calls(workspace, client)) == 1


def test_the_deliverys_address_is_right_even_where_relay_url_is_anothers(
    endpoint: Open, workspace: Workspace
) -> None:
    client = endpoint()
    moved(workspace, client, relay_url=f"{workspace.url}/e/another")
    answer = ask(client, "chat-2-0")
    location = answer.request.url.join(answer.headers["location"])
    assert client.get(location).json()["answer"] == said(2)


def test_once_its_address_is_right_the_next_is_answered_later(
    endpoint: Open, workspace: Workspace, wrong: Mapping[str, int]
) -> None:
    client = endpoint()
    hook = str(client.base_url).rstrip("/").rpartition("/")[2]
    moved(workspace, client, relay_url=f"http://127.0.0.1:{wrong['nobody']}/e/{hook}")
    assert ask(client, "chat-2-0").json()["state"] == "done"
    moved(workspace, client)
    answer = ask(client, "silent-600")
    assert answer.json()["state"] == "running"
    client.post(f"/deliveries/{accepted(answer)}/cancel")
    assert ended(client, accepted(answer))["notes"] == []


def test_a_sender_is_answered_in_its_chat_all_the_same(
    endpoint: Open, workspace: Workspace, wrong: Mapping[str, int]
) -> None:
    """Telegram waits for a minute, so that nobody notices."""
    sender, place = workspace.sender("telegram"), "4711"
    client = endpoint(**answering(sender, "telegram", "chat-3-0"))
    hook = str(client.base_url).rstrip("/").rpartition("/")[2]
    settings = answering(sender, "telegram", "chat-3-0", relay_url=f"http://127.0.0.1:{wrong['nobody']}/e/{hook}")
    moved(workspace, client, **settings)
    posted = sender.post(f"{client.base_url}chat", "hello", place=place, user=place)
    [row] = listed(client)
    assert (posted["status"], row["state"]) == (200, "done")
    told = sender.answers(place) or [json.loads(posted["body"])["text"]]
    assert [text.strip() for text in told] == [said(3).strip()]


# --- in every runtime


@pytest.fixture(scope="module")
def serverless() -> Iterator[Workspace]:
    with Workspace(runtime="serverless") as running:
        yield running


@pytest.fixture(scope="module")
def remote() -> Iterator[Workspace]:
    with Workspace(runtime="remote") as running:
        yield running


@pytest.fixture(params=["remote", "serverless"])
def elsewhere(request: pytest.FixtureRequest) -> Workspace:
    """Runtimes in which the plugin can't know its own address."""
    workspace: Workspace = request.getfixturevalue(request.param)
    return workspace


def reached(workspace: Workspace, hook: str, **settings: Any) -> httpx.Client:
    """Make an endpoint whose owner has set its address."""
    base_url = workspace.endpoint(
        hook=hook, settings={"api_key": KEY, "relay_url": f"{workspace.url}/e/{hook}", **settings}
    )
    return httpx.Client(base_url=base_url, headers=HOLDER, timeout=60)


def test_in_other_runtimes_it_takes_relay_url(elsewhere: Workspace) -> None:
    with httpx.Client(base_url=elsewhere.endpoint(settings={"api_key": KEY}), headers=HOLDER, timeout=60) as unknown:
        delivery = shown(unknown, accepted(ask(unknown, "chat-2-0")))
        assert (delivery["state"], delivery["answer"]) == ("done", said(2))
        assert TO_SET in " ".join(delivery["notes"])
    with reached(elsewhere, "reached") as client:
        answer = ask(client, "chat-4-200")
        assert answer.json()["state"] == "running"
        delivery = ended(client, accepted(answer))
        assert (delivery["state"], delivery["answer"], delivery["notes"]) == ("done", said(4), [])
        ids = [accepted(ask(client, "parrot-50", str(number))) for number in range(25)]
        assert [ended(client, id_)["answer"] for id_ in ids] == [str(number) for number in range(25)]
        gone = accepted(ask(client, "silent-600"))
        client.post(f"/deliveries/{gone}/cancel")
        assert outcome(ended(client, gone)) == ("failed", "cancelled")


def test_in_other_runtimes_a_sender_is_answered_in_its_chat(elsewhere: Workspace) -> None:
    sender = elsewhere.sender("line")
    with reached(elsewhere, "line", **answering(sender, "line", "silent-3")) as client:
        posted = sender.post(f"{client.base_url}chat", "Are you there?")
        assert (posted["status"], posted["gave_up"]) == (200, False)
        until(sender.answers)
        assert sender.answers() == ["late"]


# --- a process that stands still


@pytest.mark.parametrize(
    ("limit", "state", "code", "answer"), [(240, "done", "", said(30)), (2, "failed", "app_timeout", said(3))]
)
def test_a_delivery_whose_process_was_frozen_is_not_lost_silently(
    serverless: Workspace, limit: int, state: str, code: str, answer: str
) -> None:
    """Whether Dify has waited for the process, or has not."""
    hook = f"frozen{limit}"
    with reached(serverless, hook) as client:
        settings = {"api_key": KEY, "relay_url": f"{serverless.url}/e/{hook}"}
        serverless.endpoint(hook=hook, settings=settings, faults={"invocation_limit_s": limit})
        id_ = accepted(ask(client, "chat-30-100"))
        until(lambda: shown(client, id_)["answer"].startswith(said(3)))
        serverless.freeze_plugin(3)
        delivery = ended(client, id_)
    assert (*outcome(delivery), delivery["answer"].startswith(answer)) == (state, code, True)
    assert len(app_calls(serverless, client)) == 1
