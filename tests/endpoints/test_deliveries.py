"""What was accepted is seen, repeated, given up and deleted."""

import httpx

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.later import (
    HOLDER,
    accepted,
    answering,
    app_calls,
    ask,
    ended,
    listed,
    outcome,
    said,
    shown,
)
from workspace.senders.posting import SECRET
from workspace.testing import Workspace, until

# --- seen


def test_the_list_has_the_latest_first_each_with_its_address(endpoint: Open) -> None:
    client = endpoint()
    done, failed = accepted(ask(client, "chat-2-0")), accepted(ask(client, "error-x"))
    for id_ in (done, failed):
        ended(client, id_)
    last, first = listed(client)
    assert (last["delivery_id"], last["state"], last["error"]["code"]) == (failed, "failed", "app_failed")
    assert first == {
        **first,
        "delivery_id": done,
        "state": "done",
        "error": None,
        "app_id": "chat-2-0",
        "sender": None,
        "destination": "kept",
        "excerpt": said(2).strip(),
        "url": f"deliveries/{done}",
    }
    assert first["created_at"] <= first["began_at"] <= first["ended_at"]
    address = httpx.URL(str(client.base_url).rstrip("/") + "/deliveries").join(first["url"])
    assert client.get(address).json()["answer"] == said(2)


def test_a_delivery_says_what_was_done_and_when(endpoint: Open) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "chat-2-0"))
    delivery = ended(client, id_)
    assert [step["what"] for step in delivery["steps"]] == ["accepted", "run", "answer"]
    times = [step["at"] for step in delivery["steps"]]
    assert times == sorted(times)
    assert (delivery["tries"], delivery["notes"], delivery["url"]) == (1, [], id_)


def test_nothing_that_is_shown_is_a_secret(endpoint: Open, workspace: Workspace) -> None:
    sender = workspace.sender("telegram")
    client = endpoint(**answering(sender, "telegram", "chat-2-0"))
    sender.post(f"{client.base_url}chat", "hello", place="7001", user="7001")
    [row] = listed(client)
    ended(client, row["delivery_id"])
    for path in ("/deliveries", f"/deliveries/{row['delivery_id']}"):
        for accept in ("application/json", "text/html"):
            told = client.get(path, headers={**HOLDER, "Accept": accept}).text
            assert not [secret for secret in (KEY, SECRET, sender.token) if secret in told]
    stored = workspace.storage().values()
    assert not [value for value in stored if sender.token.encode() in value or KEY.encode() in value]


# --- once more


def test_what_is_done_runs_again_on_demand(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "chat-2-0"))
    first = ended(client, id_)
    again = client.post(f"/deliveries/{id_}/redeliver")
    assert (again.status_code, again.json()["delivery_id"]) == (202, id_)
    second = ended(client, id_)
    assert (second["state"], second["answer"], second["tries"]) == ("done", said(2), 1)
    assert [step["what"] for step in second["steps"]] == ["accepted", "run", "answer", "redeliver", "run", "answer"]
    assert second["response"]["message_id"] != first["response"]["message_id"]
    assert len(app_calls(workspace, client)) == 2


def test_what_failed_may_run_again(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "error-x"))
    ended(client, id_)
    client.post(f"/deliveries/{id_}/redeliver")
    until(lambda: len(app_calls(workspace, client)) == 2)
    assert outcome(ended(client, id_)) == ("failed", "app_failed")


def test_an_answer_that_could_not_be_sent_is_sent_again_and_the_app_runs_again_only_on_demand(
    endpoint: Open, workspace: Workspace
) -> None:
    sender = workspace.sender("github")
    client = endpoint(**answering(sender, "github", "chat-2-0"))
    sender.faults(fail={"status": 403, "times": 100})
    sender.post(f"{client.base_url}chat", "@quackbot hello", place="duck/pond#70")
    [row] = listed(client)
    id_ = row["delivery_id"]
    try:
        assert outcome(ended(client, id_)) == ("failed", "reply_failed")
        assert shown(client, id_)["answer"] == said(2)
    finally:
        sender.faults()
    again = client.post(f"/deliveries/{id_}/redeliver", headers=HOLDER)
    assert again.status_code == 202
    assert outcome(ended(client, id_)) == ("done", "")
    assert [text.strip().startswith(said(2).strip()) for text in sender.answers("duck/pond#70")] == [True]
    assert len(app_calls(workspace, client)) == 1
    client.post(f"/deliveries/{id_}/redeliver", params={"run": 1}, headers=HOLDER)
    until(lambda: len(app_calls(workspace, client)) == 2)
    assert outcome(ended(client, id_)) == ("done", "")


def test_while_it_runs_it_is_neither_repeated_nor_deleted(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "silent-600"))
    until(lambda: len(app_calls(workspace, client)) == 1)
    for answer in (client.post(f"/deliveries/{id_}/redeliver"), client.delete(f"/deliveries/{id_}")):
        assert (answer.status_code, answer.json()["code"]) == (409, "delivery_in_progress")
    client.post(f"/deliveries/{id_}/cancel")
    assert outcome(ended(client, id_)) == ("failed", "cancelled")
    over = client.post(f"/deliveries/{id_}/cancel")
    assert (over.status_code, over.json()["code"]) == (409, "delivery_in_progress")
    assert client.delete(f"/deliveries/{id_}").status_code == 204
    assert (client.get(f"/deliveries/{id_}").status_code, listed(client)) == (404, [])
    workspace.ended_calls(hook=str(client.base_url).rstrip("/"))
    assert [call["outcome"] for call in app_calls(workspace, client)] == ["aborted"]


def test_one_that_waits_is_given_up_before_it_runs(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(memory="user")
    first, second, third = (accepted(ask(client, "silent-600", user="donald")) for _ in range(3))
    assert client.post(f"/deliveries/{second}/cancel").status_code == 200
    assert outcome(shown(client, second)) == ("failed", "cancelled")
    until(lambda: len(app_calls(workspace, client)) == 1)
    client.post(f"/deliveries/{first}/cancel")
    until(lambda: len(app_calls(workspace, client)) == 2)
    client.post(f"/deliveries/{third}/cancel")
    assert {outcome(ended(client, id_)) for id_ in (first, second, third)} == {("failed", "cancelled")}
    assert len(app_calls(workspace, client)) == 2


def test_a_person_is_told_that_their_answer_was_given_up(endpoint: Open, workspace: Workspace) -> None:
    sender = workspace.sender("telegram")
    client = endpoint(**answering(sender, "telegram", "chat-1000-20"))
    sender.post(f"{client.base_url}chat", "hello", place="7002", user="7002")
    [row] = listed(client)
    until(lambda: sender.answers("7002"))
    client.post(f"/deliveries/{row['delivery_id']}/cancel", headers=HOLDER)
    assert outcome(ended(client, row["delivery_id"])) == ("failed", "cancelled")
    [told] = sender.answers("7002")
    assert told.startswith("tok0 tok1")
    assert told.endswith(f"The answer was cancelled. ({row['delivery_id']})")
