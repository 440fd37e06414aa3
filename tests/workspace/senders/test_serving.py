"""The stand-ins over HTTP: faults, the record, and deliveries that the workspace posts."""

import base64
import json
from collections.abc import Iterator

import httpx
import pytest

from workspace.senders.table import standins
from workspace.testing import Workspace

POST = {"channel": "C0POND", "text": "quack"}


@pytest.fixture
def slack(duck_workspace: Workspace) -> Iterator[httpx.Client]:
    sender = duck_workspace.sender("slack")
    sender.clear()
    with httpx.Client(base_url=sender.base, headers={"Authorization": f"Bearer {sender.token}"}) as client:
        yield client


def post(client: httpx.Client) -> int:
    return client.post("/chat.postMessage", json=POST).status_code


def test_the_record_holds_every_request_in_order_and_no_token(slack: httpx.Client, duck_workspace: Workspace) -> None:
    slack.post("/chat.postMessage", json={**POST, "colour": "red"})
    slack.get("/chat.postMessage?x=1")
    first, second = duck_workspace.sender("slack").requests()
    assert (first["method"], first["path"], first["body"]) == ("POST", "/chat.postMessage", {**POST, "colour": "red"})
    assert (first["status"], first["answer"]["ok"], first["ignored"]) == (200, True, ["colour"])
    assert (second["query"], second["answer"]["error"]) == ("x=1", "unknown_method")
    assert "xoxb-quack" not in json.dumps([first, second])


def test_what_is_to_fail_fails_as_often_as_it_is_told(slack: httpx.Client, duck_workspace: Workspace) -> None:
    sender = duck_workspace.sender("slack")
    fault = {"what": "POST /chat.post", "times": 2, "status": 503, "body": {"no": 1}, "headers": {"X-Duck": "1"}}
    sender.faults(fail=[fault, {"what": "auth", "status": 500}])
    answers = [slack.post("/chat.postMessage", json=POST) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert (answers[0].json(), answers[0].headers["x-duck"]) == ({"no": 1}, "1")
    assert [request["fault"] for request in sender.requests()] == ["fail", "fail", ""]
    assert sender.answers() == ["quack"]


def test_a_throttled_request_says_how_long_to_wait(slack: httpx.Client, duck_workspace: Workspace) -> None:
    duck_workspace.sender("slack").faults(throttle=7)
    answer = slack.post("/chat.postMessage", json=POST)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert post(slack) == 200


def test_a_stalled_request_is_answered_late(slack: httpx.Client, duck_workspace: Workspace) -> None:
    duck_workspace.sender("slack").faults(stall=5)
    with pytest.raises(httpx.ReadTimeout):
        slack.post("/chat.postMessage", json=POST, timeout=0.2)


@pytest.mark.parametrize(("faults", "said"), [({"down": True}, []), ({"accept_then_fail": 1}, ["quack"])])
def test_a_cut_connection_leaves_nothing_or_the_message(
    slack: httpx.Client, duck_workspace: Workspace, faults: dict[str, int], said: list[str]
) -> None:
    sender = duck_workspace.sender("slack")
    sender.faults(**faults)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        post(slack)
    assert sender.answers() == said
    assert [request["status"] for request in sender.requests()] == [0]
    sender.faults()
    assert post(slack) == 200


def test_what_is_refused_is_answered_and_not_cut(slack: httpx.Client, duck_workspace: Workspace) -> None:
    duck_workspace.sender("slack").faults(accept_then_fail=1)
    assert slack.post("/chat.postMessage", json={"channel": "C0POND"}).json()["error"] == "no_text"
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        post(slack)


def test_an_api_that_is_down_may_say_so(slack: httpx.Client, duck_workspace: Workspace) -> None:
    duck_workspace.sender("slack").faults(down=503)
    assert post(slack) == 503


def test_messages_and_places_can_be_gone(slack: httpx.Client, duck_workspace: Workspace) -> None:
    ts = slack.post("/chat.postMessage", json=POST).json()["ts"]
    duck_workspace.sender("slack").faults(message_deleted=True)
    assert slack.post("/chat.update", json={**POST, "ts": ts}).json()["error"] == "message_not_found"
    duck_workspace.sender("slack").faults(channel_gone=True)
    assert slack.post("/chat.postMessage", json=POST).json()["error"] == "channel_not_found"


def test_unknown_faults_are_refused(duck_workspace: Workspace) -> None:
    for faults in ({"gravity": 1}, {"fail": [{"gravity": 1}]}):
        answer = httpx.put(f"{duck_workspace.url}/workspace/senders/slack/faults", json=faults)
        assert (answer.status_code, "gravity" in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize("path", ["/workspace/senders/pigeon", "/senders/pigeon/x", "/senders/slack"])
def test_there_is_nothing_at_other_addresses(duck_workspace: Workspace, path: str) -> None:
    answer = httpx.get(duck_workspace.url + path)
    assert answer.status_code == 404 or answer.json()["error"] == "unknown_method"


def test_a_callback_is_kept_with_its_headers(duck_workspace: Workspace) -> None:
    sender = duck_workspace.sender("callback")
    sender.clear()
    headers = {"webhook-id": "d1", "webhook-signature": "v1,x"}
    assert httpx.post(f"{sender.base}/n8n/1", json={"answer": "Quack"}, headers=headers).status_code == 204
    [request] = sender.requests()
    assert (request["path"], request["body"]) == ("/n8n/1", {"answer": "Quack"})
    assert {name: request["headers"][name] for name in headers} == headers
    assert [message["place"] for message in sender.chat()] == ["n8n/1"]


def test_the_workspace_posts_as_a_sender_and_hangs_up_as_it_does(duck_workspace: Workspace) -> None:
    sender, receiver = duck_workspace.sender("slack"), duck_workspace.sender("callback")
    sender.clear()
    receiver.clear()
    seen = sender.post(f"{receiver.base}/slack", "quack?")
    assert (seen["status"], seen["gave_up"], seen["deadline"]) == (204, False, 3)
    [request] = receiver.requests()
    assert request["body"]["event"]["text"] == "<@U0DUCKBOT> quack?"
    assert request["headers"]["x-slack-signature"].startswith("v0=")
    receiver.faults(stall=5)
    assert sender.post(f"{receiver.base}/slack", "quack?", deadline=0.2)["gave_up"]
    assert [(m["by"], m["text"]) for m in sender.chat("C0POND")] == [("person", "quack?")] * 2
    with pytest.raises(httpx.HTTPStatusError):
        sender.post(f"{receiver.base}/slack", "coo", by="pigeon")


def test_discord_is_told_what_the_endpoint_answered(duck_workspace: Workspace) -> None:
    sender = duck_workspace.sender("discord")
    sender.clear()
    receiver = duck_workspace.sender("callback")
    receiver.clear()
    receiver.faults(fail={"status": 200, "body": {"type": 5}})
    posted = sender.post(f"{receiver.base}/interactions", "quack?")
    assert json.loads(posted["body"]) == {"type": 5}
    assert sender.status() == ["is thinking…"]
    original = f"{sender.base}/webhooks/700000000000000001/{posted['handle']}/messages/@original"
    assert httpx.patch(original, json={"content": "Quack"}).status_code == 200
    assert sender.answers() == ["Quack"]


def test_a_person_whose_message_was_posted_is_seen_to_be_answered(duck_workspace: Workspace) -> None:
    sender = duck_workspace.sender("meta")
    sender.clear()
    receiver = duck_workspace.sender("callback")
    receiver.clear()
    asked = sender.post(f"{receiver.base}/x", "quack?", by="whatsapp")
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": asked["id"]}
    body = {**read, "typing_indicator": {"type": "text"}}
    headers = {"Authorization": f"Bearer {sender.token}"}
    assert httpx.post(f"{sender.base}/700000000000011/messages", json=body, headers=headers).status_code == 200
    assert sender.status("4915112345678") == ["typing…"]


def test_the_plugin_is_told_where_the_stand_ins_are(any_runtime: Workspace) -> None:
    told = httpx.get(f"{any_runtime.endpoint()}/process?variable=DUCK_SENDER_URLS").text
    assert json.loads(told) == any_runtime.sender("slack").bases
    assert set(json.loads(told)) == set(standins()) - {"callback"}


def test_the_callbacks_secret_is_one() -> None:
    assert len(base64.b64decode(standins()["callback"].token.removeprefix("whsec_"))) >= 20
