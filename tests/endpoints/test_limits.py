"""Nobody runs more apps than the owner allows, and who is refused is told when to come again."""

import httpx
import pytest

from tests.endpoints.conftest import Open
from tests.endpoints.later import answering, app_calls, ask, ended, listed, outcome
from workspace.testing import Workspace, until


def runs(client: httpx.Client, count: int, **fields: str) -> list[int]:
    asked = {"query": "hi", "user": "donald", **fields}
    return [client.post("/duck/chat-1-0", json=asked).status_code for _ in range(count)]


def test_a_caller_over_the_limit_is_told_when_to_come_again(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(limit_user="2/hour, 100/day")
    assert runs(client, 3) == [200, 200, 429]
    refused = client.post("/duck/chat-1-0", json={"query": "hi", "user": "donald"})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["retry-after"] in refused.json()["message"]
    assert runs(client, 1, user="daisy") == [200], "each has a limit of their own"
    assert len(app_calls(workspace, client)) == 3


def test_all_together_have_one_as_well_and_later_calls_count(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(limit_endpoint="3/hour")
    assert runs(client, 1, user="daisy") == [200]
    assert ask(client, "chat-1-0", user="donald").status_code == 202
    assert runs(client, 2, user="dewey") == [200, 429]
    refused = ask(client, "chat-1-0", user="huey", key="1")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["retry-after"]) > 0
    assert len(listed(client)) == 1
    until(lambda: len(app_calls(workspace, client)) == 3)


def test_what_was_answered_before_counts_once(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(limit_user="2/hour")
    asked, key = {"query": "hi", "user": "donald"}, {"Idempotency-Key": "1"}
    answers = [client.post("/duck/chat-1-0", json=asked, headers=key) for _ in range(5)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert runs(client, 2) == [200, 429]


@pytest.mark.parametrize("limit", ["often", "0/minute", "5/fortnight", "-1/day"])
def test_a_limit_that_is_none_lets_nobody_run_anything(endpoint: Open, workspace: Workspace, limit: str) -> None:
    client = endpoint(limit_user=limit)
    refused = client.post("/duck/chat-1-0", json={"query": "hi"})
    assert (refused.status_code, "limit_user" in refused.json()["message"]) == (503, True)
    assert app_calls(workspace, client) == []


def test_in_a_messenger_one_sentence_says_it_once(endpoint: Open, workspace: Workspace) -> None:
    sender, place = workspace.sender("telegram"), "91"
    client = endpoint(**answering(sender, "telegram", "chat-1-0", limit_user="2/hour"))
    posted = [
        sender.post(f"{client.base_url}chat", f"question {number}", place=place, user=place) for number in range(5)
    ]
    assert [one["status"] for one in posted] == [200] * 5
    until(lambda: len(sender.answers(place)) == 3)
    rows = listed(client)
    assert {outcome(ended(client, row["delivery_id"])) for row in rows} == {("done", "")}
    *answers, told = sender.answers(place)
    assert [text.strip() for text in answers] == ["tok0", "tok0"]
    assert "too many runs" in told
    assert (len(rows), len(app_calls(workspace, client))) == (3, 2)
