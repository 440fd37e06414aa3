import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from relay.run.records import DELIVERIES
from tests.endpoints.conftest import KEY, Open
from workspace.testing import Workspace

type Received = Callable[[httpx.Client], list[dict[str, Any]]]


@pytest.mark.parametrize("form", ["json", "sse", "html", "text", "ndjson", "events"])
@pytest.mark.parametrize("app", ["chat-3-0", "chat-6-50"])
def test_the_same_delivery_gets_the_same_answer_and_the_app_runs_once(
    endpoint: Open, received: Received, form: str, app: str
) -> None:
    client = endpoint()
    headers = {"Idempotency-Key": "delivery-1"}
    answers = [client.post(f"/duck/{app}?query=hi&format={form}", headers=headers) for _ in range(3)]
    assert len(received(client)) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["content-type"] for answer in answers}) == 1
    assert len({answer.headers.get("content-security-policy") for answer in answers}) == 1
    assert answers[1].content == answers[0].content == answers[2].content


def test_other_deliveries_apps_and_endpoints_run_on_their_own(endpoint: Open, received: Received) -> None:
    client, other = endpoint(), endpoint()
    for who, app, key in ((client, "chat-1-0", "a"), (client, "chat-1-0", "b"), (client, "chat-2-0", "a")):
        assert who.post(f"/duck/{app}?query=hi", headers={"Idempotency-Key": key}).status_code == 200
    assert other.post("/duck/chat-1-0?query=hi", headers={"Idempotency-Key": "a"}).status_code == 200
    assert (len(received(client)), len(received(other))) == (3, 1)


def test_a_failed_delivery_may_run_again(endpoint: Open, received: Received) -> None:
    client = endpoint()
    for app in ("broken-1", "broken-2-50", "http-500-unknown-x", "cut-1"):
        for turn, form in enumerate(("json", "sse"), start=1):
            headers = {"Idempotency-Key": f"{app}-{form}"}
            for _ in range(2):
                client.post(f"/duck/{app}?query=hi&format={form}", headers=headers)
            assert len([request for request in received(client) if request["app_id"] == app]) == 2 * turn


def test_of_many_at_once_one_runs_and_the_others_are_told_to_come_back(endpoint: Open, received: Received) -> None:
    client = endpoint()

    async def all_at_once() -> list[httpx.Response]:
        headers = {"Idempotency-Key": "same", "X-API-Key": KEY}
        async with httpx.AsyncClient(base_url=client.base_url, headers=headers, timeout=60) as many:
            return await asyncio.gather(*(many.post("/duck/chat-3-1000?query=hi&format=json") for _ in range(10)))

    answers = asyncio.run(all_at_once())
    assert len(received(client)) == 1
    refused = [answer for answer in answers if answer.status_code == 409]
    assert len(refused) == 9  # the run takes 3 s: all of them come before its end
    assert {answer.json()["code"] for answer in refused} == {"delivery_in_progress"}
    assert {int(answer.headers["retry-after"]) for answer in refused} <= set(range(20, 26))


def test_a_hundred_at_once_all_run_and_each_once(endpoint: Open, received: Received) -> None:
    client = endpoint()

    async def all_at_once() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=client.base_url, headers={"X-API-Key": KEY}, timeout=60) as many:
            calls = (
                many.post("/duck/chat-1-0?query=hi&format=json", headers={"Idempotency-Key": str(number)})
                for number in range(100)
            )
            return await asyncio.gather(*calls)

    answers = asyncio.run(all_at_once())
    assert [answer.status_code for answer in answers] == [200] * 100
    assert len(received(client)) == 100
    again = client.post("/duck/chat-1-0?query=hi&format=json", headers={"Idempotency-Key": "57"})
    assert again.content == answers[57].content
    assert len(received(client)) == 100


@pytest.mark.parametrize("query", ["running", "done"])
def test_one_key_with_another_request_is_refused(endpoint: Open, received: Received, query: str) -> None:
    client = endpoint()
    headers = {"Idempotency-Key": "order-1"}
    app = "chat-6-200" if query == "running" else "chat-1-0"
    with client.stream("POST", f"/duck/{app}?format=sse", json={"query": "alice"}, headers=headers) as first:
        if query == "done":
            first.read()
        other = client.post(f"/duck/{app}?format=sse", json={"query": "mallory"}, headers=headers)
        first.read()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(received(client)) == 1


def test_what_fills_the_storage_does_not_cost_an_answer(endpoint: Open) -> None:
    client = endpoint(faults={"storage_bytes": 1000})
    for number in range(5):
        answer = client.post("/duck/chat-3-0?query=hi&format=json", headers={"Idempotency-Key": str(number)})
        assert (answer.status_code, answer.json()["answer"]) == (200, " tok0 tok1 tok2")


@pytest.mark.parametrize("fault", [{"op": "get"}, {"op": "set"}, {"op": "*"}, {"call": 1}, {"call": 2}, {"call": 3}])
def test_a_storage_that_fails_never_costs_the_answer(endpoint: Open, fault: dict[str, Any]) -> None:
    client = endpoint(faults={"storage": [fault]})
    answer = client.post("/duck/chat-3-0?query=hi&format=json", headers={"Idempotency-Key": "x"})
    assert (answer.status_code, answer.json()["answer"]) == (200, " tok0 tok1 tok2")


def test_head_does_not_use_up_a_delivery(endpoint: Open, received: Received) -> None:
    client = endpoint()
    headers = {"Idempotency-Key": "x"}
    client.head("/duck/chat-1-0?query=hi", headers=headers)
    assert client.get("/duck/chat-1-0?query=hi", headers=headers).status_code == 200
    assert len(received(client)) == 1


def test_answers_are_kept_within_a_budget_and_the_oldest_go_first(
    endpoint: Open, received: Received, workspace: Workspace
) -> None:
    workspace.clear_storage()
    client = endpoint()

    def send(number: int) -> httpx.Response:
        content, headers = {"query": f"{number} " + "x" * 200_000}, {"Idempotency-Key": str(number)}
        return client.post("/duck/echo?format=json", json=content, headers=headers)

    answers = [send(number) for number in range(30)]
    assert [answer.status_code for answer in answers] == [200] * 30
    assert sum(map(len, workspace.storage().values())) < DELIVERIES.budget + 20_000
    for number, runs in ((29, 30), (15, 30), (0, 31)):
        assert send(number).json()["answer"] == answers[number].json()["answer"]
        assert len(received(client)) == runs
