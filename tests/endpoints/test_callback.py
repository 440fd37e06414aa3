"""An answer is posted to the owner's address: signed, to nobody's inside, tried again, and never in circles."""

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.later import HOLDER, accepted, app_calls, ended, in_state, outcome, said, shown
from workspace.testing import Sender, Workspace, until


@pytest.fixture
def receiver(workspace: Workspace) -> Iterator[Sender]:
    """What takes callbacks, with nothing in it yet."""
    taking = workspace.sender("callback")
    taking.clear()
    yield taking
    taking.clear()


def settings(receiver: Sender, workspace: Workspace, **more: Any) -> dict[str, Any]:
    return {
        "reply": "callback",
        "callback_url": f"{receiver.base}/answers",
        "callback_hosts": workspace.url,
        "callback_secret": receiver.token,
        **more,
    }


def ask(client: httpx.Client, app: str, **fields: Any) -> str:
    """Ask an app, whose answer is posted, and give the delivery's id."""
    return accepted(client.post(f"/duck/{app}", json={"query": "hi", **fields}))


def test_the_answer_is_posted_as_dify_gives_it_and_signed(
    endpoint: Open, workspace: Workspace, receiver: Sender
) -> None:
    client = endpoint(**settings(receiver, workspace))
    id_ = ask(client, "chat-3-0")
    assert outcome(ended(client, id_)) == ("done", "")
    [request], [message] = receiver.requests(), receiver.chat("answers")
    headers = request["headers"]
    verified = Webhook(receiver.token).verify(message["text"], headers)
    assert (headers["webhook-id"], headers["content-type"].partition(";")[0]) == (id_, "application/json")
    assert verified == {**shown(client, id_)["response"], "delivery_id": id_}
    assert (verified["event"], verified["answer"]) == ("message", said(3))
    assert [step["what"] for step in shown(client, id_)["steps"]] == ["accepted", "run", "answer", "callback"]


def test_while_secrets_change_each_signs(endpoint: Open, workspace: Workspace, receiver: Sender) -> None:
    secrets = [receiver.token, "whsec_" + "QUJD" * 8]
    client = endpoint(**settings(receiver, workspace, callback_secret=", ".join(secrets)))
    ended(client, ask(client, "chat-1-0"))
    [request], [message] = receiver.requests(), receiver.chat("answers")
    for secret in secrets:
        Webhook(secret).verify(message["text"], request["headers"])


def test_an_answer_template_shapes_it(endpoint: Open, workspace: Workspace, receiver: Sender) -> None:
    template = '{"text": "{{ answer }}", "asked": "{{ body.query }}"}'
    client = endpoint(**settings(receiver, workspace, answer_template=template))
    id_ = ask(client, "chat-2-0")
    ended(client, id_)
    [message] = receiver.chat("answers")
    assert json.loads(message["text"]) == {"delivery_id": id_, "text": said(2), "asked": "hi"}


@pytest.mark.parametrize(
    ("app", "faults", "code"),
    [
        ("error-x", {}, "app_failed"),
        ("broken-2", {}, "too_many_requests"),
        ("silent-600", {"invocation_limit_s": 0.3}, "app_timeout"),
    ],
)
def test_a_failed_app_is_told_there_without_internals(
    endpoint: Open, workspace: Workspace, receiver: Sender, app: str, faults: dict[str, float], code: str
) -> None:
    client = endpoint(faults=faults, **settings(receiver, workspace))
    id_ = ask(client, app)
    assert outcome(ended(client, id_)) == ("failed", code)
    [message] = receiver.chat("answers")
    told = json.loads(message["text"])
    assert (set(told), told["delivery_id"], told["event"], told["code"]) == (
        {"delivery_id", "event", "code", "message", "status"},
        id_,
        "error",
        code,
    )
    assert "Traceback" not in message["text"]


def test_one_that_fails_is_repeated_with_the_same_id_and_body(
    endpoint: Open, workspace: Workspace, receiver: Sender
) -> None:
    """The second try comes after 5 s; the third after 30 s, in a request of its own."""
    receiver.faults(fail=[{"status": 503}, {"status": 429}])
    client = endpoint(**settings(receiver, workspace))
    id_ = ask(client, "chat-1-0")
    until(lambda: len(receiver.requests()) == 2)
    waiting = in_state(client, id_, "waiting")
    assert [step["result"].partition(" ")[0] for step in waiting["steps"] if step["what"] == "callback"] == [
        "again:",
        "again:",
    ]
    first, second = receiver.requests()
    assert first["body"] == second["body"]
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"] == id_
    assert second["at"] - first["at"] > 4
    assert int(second["headers"]["webhook-timestamp"]) > int(first["headers"]["webhook-timestamp"])
    assert len(app_calls(workspace, client)) == 1
    assert client.post(f"/deliveries/{id_}/cancel").status_code == 200
    assert outcome(ended(client, id_)) == ("failed", "cancelled")


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refused_one_has_failed_visibly(
    endpoint: Open, workspace: Workspace, receiver: Sender, status: int
) -> None:
    receiver.faults(fail=status)
    client = endpoint(**settings(receiver, workspace))
    id_ = ask(client, "chat-1-0")
    delivery = ended(client, id_)
    assert outcome(delivery) == ("failed", "reply_failed")
    assert str(status) in delivery["error"]["message"]
    assert (delivery["answer"], delivery["response"]["answer"]) == (said(1), said(1))
    assert len(receiver.requests()) == 1
    receiver.faults()
    client.post(f"/deliveries/{id_}/redeliver")
    assert outcome(ended(client, id_)) == ("done", "")
    assert len(app_calls(workspace, client)) == 1, "what was kept is sent again"


# --- where it may go


class _Redirecting(BaseHTTPRequestHandler):
    """Sends whoever comes to a cloud's metadata."""

    def do_POST(self) -> None:
        self.send_response(307)
        self.send_header("Location", self.server.to)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_no_redirect_is_followed(endpoint: Open, workspace: Workspace, receiver: Sender) -> None:
    with HTTPServer(("127.0.0.1", 0), _Redirecting) as server:
        server.to = f"{receiver.base}/redirected"  # type: ignore[attr-defined]
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            origin = f"http://127.0.0.1:{server.server_port}"
            client = endpoint(**settings(receiver, workspace, callback_url=origin, callback_hosts=origin))
            delivery = ended(client, ask(client, "chat-1-0"))
        finally:
            server.shutdown()
            serving.join()
    assert outcome(delivery) == ("failed", "reply_failed")
    assert "redirect" in delivery["error"]["message"]
    assert receiver.requests() == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://0.0.0.0/x",
        "https://10.0.0.1/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/latest",
        "https://2130706433/x",
        "https://0x7f.1/x",
    ],
)
def test_nobodys_inside_is_reached(endpoint: Open, workspace: Workspace, receiver: Sender, url: str) -> None:
    client = endpoint(**settings(receiver, workspace, callback_url=url, callback_hosts=""))
    delivery = ended(client, ask(client, "chat-1-0"))
    assert outcome(delivery) == ("failed", "reply_failed"), delivery
    assert "not a public one" in delivery["error"]["message"]
    assert delivery["answer"] == said(1)


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org/x", "https://user:secret@example.org/x"])
def test_an_address_that_can_get_no_callback_is_told_before_an_app_runs(
    endpoint: Open, workspace: Workspace, receiver: Sender, url: str
) -> None:
    client = endpoint(**settings(receiver, workspace, callback_url=url, callback_hosts=""))
    refused = client.post("/duck/chat-1-0", json={"query": "hi"})
    assert (refused.status_code, refused.json()["code"]) == (503, "app_unavailable")
    assert "callback_url" in refused.json()["message"]
    assert receiver.requests() == app_calls(workspace, client) == []


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("{{ body.answer_to }}", ""),
        ("{{ body.answer_to }}", "https://another.example"),
        ("https://{{ body.host }}/x", "https://another.example"),
        ("{{ body.path }}", "https://another.example"),
    ],
)
def test_only_what_is_listed_is_named_by_a_payload(
    endpoint: Open, workspace: Workspace, receiver: Sender, url: str, hosts: str
) -> None:
    client = endpoint(**settings(receiver, workspace, callback_url=url, callback_hosts=hosts))
    fields = {"answer_to": "https://evil.example/x", "host": "evil.example", "path": "../../x"}
    answer = client.post("/duck/chat-1-0", json={"query": "hi", **fields})
    delivery = ended(client, accepted(answer))
    assert outcome(delivery) == ("failed", "app_unavailable")
    assert "callback_url" in delivery["error"]["message"]
    assert receiver.requests() == app_calls(workspace, client) == []


def test_a_template_names_an_address_that_is_listed(endpoint: Open, workspace: Workspace, receiver: Sender) -> None:
    client = endpoint(**settings(receiver, workspace, callback_url=f"{receiver.base}/{{{{ body.room }}}}"))
    id_ = ask(client, "chat-1-0", room="pond")
    assert outcome(ended(client, id_)) == ("done", "")
    assert [message["place"] for message in receiver.chat()] == ["pond"]


# --- not in circles


@pytest.mark.parametrize("reply", ["callback", "response"])
def test_a_callback_to_an_own_hook_goes_round_once(
    endpoint: Open, workspace: Workspace, receiver: Sender, reply: str
) -> None:
    client = endpoint()
    url = str(client.base_url).rstrip("/")
    circle: Mapping[str, Any] = {
        "access": "public",
        "allowed_apps": "chat-1-0",
        "app": {"app_id": "chat-1-0"},
        **settings(receiver, workspace, callback_url=f"{url}/chat"),
    }
    if reply == "callback":
        workspace.endpoint(hook=url.rpartition("/")[2], settings={"api_key": KEY, **circle})
        asked = client
    else:
        asked = endpoint(**settings(receiver, workspace, callback_url=f"{url}/chat"))
        keyless = {"access": "public", "allowed_apps": "chat-1-0", "app": {"app_id": "chat-1-0"}}
        workspace.endpoint(
            hook=url.rpartition("/")[2],
            settings={
                "api_key": KEY,
                **keyless,
                "reply": "callback",
                "callback_url": f"{url}/chat",
                "callback_hosts": workspace.url,
            },
        )
    delivery = ended(asked, ask(asked, "chat-1-0"))
    assert outcome(delivery) == ("failed", "reply_failed")
    assert "400" in delivery["error"]["message"]
    assert len(app_calls(workspace, asked)) == 1
    if asked is not client:
        assert app_calls(workspace, client) == []
    assert [row["delivery_id"] for row in httpx.get(f"{url}/deliveries", headers=HOLDER).json()["data"]] == (
        [delivery["delivery_id"]] if asked is client else []
    )
