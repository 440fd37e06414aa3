"""Two processes of the relay with one storage, as in a cluster of Dify's daemons: they behave as one."""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.relay.run.records import lost, stored_records
from tests.relay.storage import Shelf
from workspace.testing import Workspace

type Received = Callable[[httpx.Client], list[dict[str, Any]]]
type Send = Callable[[str, int], Coroutine[Any, Any, httpx.Response]]
"""Sends the delivery of a key through one of the two processes."""

type Processes = Callable[[httpx.Client], list[httpx.Client]]

BOTH = (0, 1)


@pytest.fixture(scope="module")
def workspace(cluster: Workspace) -> Workspace:
    return cluster


@pytest.fixture
def processes(workspace: Workspace) -> Iterator[Callable[[httpx.Client], list[httpx.Client]]]:
    """Give for a client one like it for each process, whose requests go there."""
    clients: list[httpx.Client] = []

    def of(client: httpx.Client) -> list[httpx.Client]:
        for process in BOTH:
            base_url = workspace.through(url(client), process)
            clients.append(httpx.Client(base_url=base_url, headers=client.headers, timeout=60))
        return clients[-len(BOTH) :]

    yield of
    for client in clients:
        client.close()


def url(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def deliver(workspace: Workspace, base_url: str, sending: Callable[[Send], Coroutine[Any, Any, None]]) -> None:
    """Let `sending` send many deliveries at once."""

    async def go() -> None:
        async with httpx.AsyncClient(headers={"X-API-Key": KEY}, timeout=60) as caller:

            async def send(key: str, process: int) -> httpx.Response:
                address = f"{workspace.through(base_url, process)}/duck/parrot"
                asked = {"query": f"This is {key}.", "format": "json"}
                return await caller.post(address, json=asked, headers={"Idempotency-Key": key})

            await sending(send)

    asyncio.run(go())


def judged(pair: list[httpx.Response]) -> str:
    """Say how the same delivery, sent through both at once, was answered; "" where that is not as documented."""
    first, second = sorted(pair, key=lambda answer: answer.status_code)
    if first.status_code != 200:
        return ""
    if second.status_code == 200:
        return "the same" if first.content == second.content else ""
    wait = int(second.headers.get("Retry-After", "0"))
    in_progress = (second.status_code, second.json()["code"]) == (409, "delivery_in_progress")
    return "in progress" if in_progress and 0 < wait <= 25 else ""


@pytest.mark.alone  # two processes are told apart by a pause of 50 ms: a machine that is busy may stop one for longer
@pytest.mark.parametrize("known", [(), (0,), (1,), BOTH], ids=["neither", "first", "second", "both"])
@pytest.mark.parametrize("together", [True, False], ids=["all at once", "one after the other"])
def test_of_a_delivery_that_both_get_at_the_same_moment_one_runs(
    endpoint: Open, received: Received, workspace: Workspace, known: tuple[int, ...], *, together: bool
) -> None:
    """Whether a process has written for this endpoint before or claims its part of the index only now."""
    client = endpoint()
    pairs = 30 if together else 10
    said: list[str] = []

    async def sending(send: Send) -> None:
        for process in known:
            await send(f"known {process}", process)

        async def both(number: int) -> None:
            said.append(judged(await asyncio.gather(*(send(str(number), process) for process in BOTH))))

        if together:
            await asyncio.gather(*map(both, range(pairs)))
        else:
            for number in range(pairs):
                await both(number)

    deliver(workspace, url(client), sending)
    runs = Counter(request["query"] for request in received(client))
    assert runs == Counter(
        [*(f"This is known {process}." for process in known), *(f"This is {number}." for number in range(pairs))]
    )
    assert set(said) <= {"the same", "in progress"}


def test_what_one_has_answered_the_other_answers_from_the_storage(
    endpoint: Open, received: Received, processes: Processes
) -> None:
    client = endpoint()
    for number, (begins, repeats) in enumerate([BOTH, BOTH[::-1]], start=1):
        both = processes(client)
        for form in ("json", "sse"):
            headers = {"Idempotency-Key": f"{number} {form}"}
            answer = both[begins].post(f"/duck/chat-3-0?query=hi&format={form}", headers=headers)
            again = both[repeats].post(f"/duck/chat-3-0?query=hi&format={form}", headers=headers)
            assert (again.status_code, again.content) == (200, answer.content)
            other = both[repeats].post(f"/duck/chat-3-0?query=ho&format={form}", headers=headers)
            assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(received(client)) == 4


def test_what_has_failed_in_one_may_run_again_in_the_other(
    endpoint: Open, received: Received, processes: Processes
) -> None:
    client = endpoint()
    for process in processes(client):
        answer = process.post("/duck/broken-1?query=hi", headers={"Idempotency-Key": "x"})
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert len(received(client)) == 2


def test_when_a_process_is_killed_the_other_runs_its_delivery_after_the_lease_has_lapsed(
    endpoint: Open, workspace: Workspace, processes: Processes
) -> None:
    client = endpoint()
    first, second = processes(client)
    path, headers = "/duck/chat-4-500?query=hi&format=sse", {"Idempotency-Key": "x", "Accept-Encoding": "identity"}
    with first.stream("POST", path, headers=headers) as running:
        chunks = running.iter_bytes()
        begun = next(chunks)
        os.kill(workspace.plugin()["pids"][0], signal.SIGKILL)
        assert b"message_end" not in b"".join([begun, *chunks])
    refused = second.post(path, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "delivery_in_progress")
    time.sleep(int(refused.headers["Retry-After"]))
    answer = second.post(path, headers=headers)
    assert answer.status_code == 200
    assert "message_end" in answer.text
    again = first.post(path, headers=headers)
    assert again.content == answer.content, "the process that was started again knows it, too"
    outcomes = [call["outcome"] for call in workspace.calls(hook=url(client)) if call["type"] == "app"]
    assert outcomes == ["aborted", "finished"]


def test_a_conversation_goes_on_through_either(endpoint: Open, received: Received, processes: Processes) -> None:
    client = endpoint(memory="user")
    both = processes(client)
    told = [
        both[process].post("/chat/parrot", json={"query": f"turn {turn}", "user": user}).json()["conversation_id"]
        for turn, process in enumerate([0, 1, 0, 1, 1, 0])
        for user in ("donald", "daisy")
    ]
    assert told == told[:2] * 6
    assert told[0] != told[1]
    asked = [request["conversation_id"] for request in received(client)]
    assert asked == ["", "", *told[2:]]


def test_a_conversation_that_one_begins_anew_is_the_others_as_well(
    endpoint: Open, received: Received, processes: Processes
) -> None:
    client = endpoint(memory="user")
    first, second = processes(client)

    def ask(process: httpx.Client, **fields: str) -> str:
        answer = process.post("/chat/parrot", json={"query": "hello", "user": "donald", **fields})
        return str(answer.json()["conversation_id"])

    before, anew = ask(first), ask(second, conversation_id="new")
    assert before != anew
    assert [ask(first), ask(second)] == [anew, anew]
    assert [request["conversation_id"] for request in received(client)] == ["", "", anew, anew]


def test_the_records_of_both_are_found_by_one_index_none_lost_and_none_doubled(
    endpoint: Open, received: Received, workspace: Workspace
) -> None:
    workspace.clear_storage()
    client = endpoint()
    keys = [str(number) for number in range(200)]
    bodies: dict[int, list[bytes]] = {}

    def all_through(turn: int) -> None:
        """Send all at once, every other one through the other process; in the next turn the other way round."""

        async def sending(send: Send) -> None:
            asked = [(key, (number + turn) % 2) for number, key in enumerate(keys)]
            first = [await send(*asked[process]) for process in BOTH]  # one after the other, each takes a slot
            answers = [*first, *await asyncio.gather(*(send(*each) for each in asked[len(BOTH) :]))]
            assert {answer.status_code for answer in answers} == {200}
            bodies[turn] = [answer.content for answer in answers]

        deliver(workspace, url(client), sending)

    all_through(0)
    shelf = Shelf()
    shelf.values = workspace.storage()
    heads = [key for key in shelf.values if "-w" in key and key.count("-") == 2]
    pages = [json.loads(value) for key, value in shelf.values.items() if "-w" in key and key.count("-") == 3]
    entries = {id_ for page in pages for id_, *_ in page}
    assert len(heads) == 2
    assert sum(map(len, pages)) == len(entries) == len(stored_records(shelf)) == 200
    assert {record["state"] for record in stored_records(shelf).values()} == {"done"}
    assert lost(shelf) == []
    all_through(1)
    assert bodies[1] == bodies[0]
    assert Counter(request["query"] for request in received(client)) == Counter(f"This is {key}." for key in keys)


def test_what_the_owner_changes_holds_in_both_at_once(
    endpoint: Open, received: Received, workspace: Workspace, processes: Processes
) -> None:
    client = endpoint(memory="user", allowed_apps="echo")
    both = processes(client)

    def ask(process: httpx.Client, app: str, key: str) -> tuple[int, str]:
        answer = process.post(f"/chat/{app}", json={"query": "hello", "user": "donald"}, headers={"X-API-Key": key})
        return answer.status_code, answer.json().get("code", "")

    done, forbidden, unauthorized = (200, ""), (403, "app_not_allowed"), (401, "unauthorized")
    assert [ask(process, "echo", KEY) for process in both] == [done, done]
    assert [ask(process, "parrot", KEY) for process in both] == [forbidden, forbidden]
    settings = {"api_key": "changed", "memory": "user", "allowed_apps": "echo, parrot"}
    workspace.endpoint(hook=url(client).rsplit("/", 1)[-1], settings=settings)
    for process in both:
        assert ask(process, "echo", KEY) == unauthorized
        assert ask(process, "parrot", "changed") == done
        assert ask(process, "echo", "changed") == done
    asked = [request["conversation_id"] for request in received(client) if request["app_id"] == "echo"]
    assert (asked[0], len(asked), len(set(asked[1:]))) == ("", 4, 1), "the endpoint's memory is still there"


def test_each_asks_dify_once_what_an_app_declares(endpoint: Open, workspace: Workspace, processes: Processes) -> None:
    client = endpoint()
    for _ in range(3):
        for process in processes(client):
            answer = process.post("/duck/form-file.plan", files={"plan": ("plan.txt", b"quack", "text/plain")})
            assert answer.status_code == 200, answer.text
    asked = [call["request"] for call in workspace.calls(hook=url(client)) if call["type"] == "fetch_app"]
    assert asked == [{"app_id": "form-file.plan"}] * 2


def test_a_task_that_runs_in_one_is_stopped_through_the_other(
    endpoint: Open, workspace: Workspace, processes: Processes
) -> None:
    """It looks for that every five seconds."""
    client = endpoint()
    here, there = processes(client)
    path = "/duck/chat-300-100/chat-messages"
    asked = {"inputs": {}, "query": "hi", "user": "bob", "response_mode": "streaming"}
    told: list[dict[str, Any]] = []
    with here.stream("POST", path, json=asked) as answer:
        for line in filter(None, answer.iter_lines()):
            told.append(json.loads(line.removeprefix("data: ")))
            if len(told) == 1:
                stopped = there.post(f"{path}/{told[0]['task_id']}/stop", json={"user": "bob"})
                assert stopped.json() == {"result": "success"}
    assert (told[-1]["event"], told[-1]["metadata"]) == ("message_end", {})
    outcomes = [call["outcome"] for call in workspace.ended_calls(hook=url(client)) if call["type"] == "app"]
    assert outcomes == ["aborted"]


def test_a_conversation_of_an_openai_client_goes_on_in_whichever_process_it_reaches(
    endpoint: Open, processes: Callable[[httpx.Client], list[httpx.Client]]
) -> None:
    """The demo chat says in each answer which turn it is."""
    both = processes(endpoint(allowed_apps="gpt-duck=demo-chat"))
    messages: list[dict[str, str]] = []
    for turn in range(4):
        messages.append({"role": "user", "content": f"question {turn}"})
        answer = both[turn % 2].post("/v1/chat/completions", json={"model": "gpt-duck", "messages": messages}).json()
        messages.append({"role": "assistant", "content": answer["choices"][0]["message"]["content"]})
    said = [message["content"] for message in messages if message["role"] == "assistant"]
    assert [f"turn {turn + 1} of our conversation" in text for turn, text in enumerate(said)] == [False, *[True] * 3]
    again = both[0].post("/v1/chat/completions", json={"model": "gpt-duck", "messages": messages[:3]}).json()
    assert "of our conversation" not in again["choices"][0]["message"]["content"]
