"""A caller who asks for it is answered at once that the answer comes later, and finds it then."""

import asyncio
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.later import (
    ENDED,
    HOLDER,
    accepted,
    answering,
    app_calls,
    ask,
    at_once,
    ended,
    listed,
    moved,
    outcome,
    said,
    shown,
)
from workspace.senders.posting import post as composed
from workspace.testing import Workspace, until

BOTH_WAYS = True

# --- asked for, acknowledged, kept


@pytest.mark.parametrize("path", ["/duck", "/chat", "/duck/chat-3-0", "/chat/chat-3-0"])
@pytest.mark.parametrize("known", [False, True], ids=["by its path", "by relay_url"])
def test_who_follows_the_location_finds_the_answer(
    endpoint: Open, workspace: Workspace, path: str, *, known: bool
) -> None:
    client = endpoint(app={"app_id": "chat-3-0"})
    url = str(client.base_url).rstrip("/")
    if known:
        settings = {"api_key": KEY, "app": {"app_id": "chat-3-0"}, "relay_url": url}
        workspace.endpoint(hook=url.rpartition("/")[2], settings=settings)
    answer = client.post(path, json={"query": "hi", "response_mode": "later"})
    told = answer.json()
    assert (answer.status_code, answer.headers["content-type"], set(told)) == (
        202,
        "application/json",
        {"delivery_id", "state", "url"},
    )
    location = answer.request.url.join(answer.headers["location"])
    assert (str(location), answer.headers["location"]) == (f"{url}/deliveries/{told['delivery_id']}", told["url"])
    assert told["state"] in {"accepted", "waiting", "running"}
    ended(client, told["delivery_id"])
    found = client.get(location).json()
    assert (found["state"], found["error"], found["answer"], found["response"]["answer"]) == (
        "done",
        None,
        said(3),
        said(3),
    )
    assert client.get(location).request.url.join(found["url"]) == location


@pytest.mark.parametrize(
    ("preference", "fields", "status"),
    [
        ("respond-async", {}, 202),
        ("handling=lenient, Respond-Async; wait=5", {}, 202),
        ("wait=10", {}, 200),
        ("no-respond-async", {}, 200),
        ("respond-async", {"response_mode": "blocking"}, 200),
        ("respond-async", {"format": "json"}, 200),
    ],
)
def test_a_preference_is_kept_unless_the_request_says_otherwise(
    shared: httpx.Client, preference: str, fields: dict[str, str], status: int
) -> None:
    answer = shared.post("/duck/chat-1-0", json={"query": "hi", **fields}, headers={"Prefer": preference})
    assert answer.status_code == status


def test_only_holders_of_the_key_are_answered_later(endpoint: Open, workspace: Workspace) -> None:
    public = endpoint(access="public", allowed_apps="chat-1-0", key=None)
    for client in (public, endpoint(access="public", allowed_apps="chat-1-0")):
        refused = ask(client, "chat-1-0")
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    assert app_calls(workspace, public) == []
    preferring = public.post("/duck/chat-1-0", json={"query": "hi"}, headers={"Prefer": "respond-async"})
    assert (preferring.status_code, preferring.json()["answer"]) == (200, said(1))
    assert ask(endpoint(key=None), "chat-1-0").status_code == 401


def test_one_delivery_five_times_runs_once_and_has_one_answer(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()

    async def five() -> list[httpx.Response]:
        async with httpx.AsyncClient(headers=HOLDER, timeout=60) as caller:
            url, asked = f"{client.base_url}duck/chat-3-50", {"query": "hi", "response_mode": "later"}
            return await asyncio.gather(
                *(caller.post(url, json=asked, headers={"Idempotency-Key": "1"}) for _ in range(5))
            )

    answers = asyncio.run(five())
    assert {answer.status_code for answer in answers} <= {202, 409}
    first = next(answer for answer in answers if answer.status_code == 202)
    id_ = accepted(first)
    during = ask(client, "chat-3-50", key="1")
    ended(client, id_)
    after = ask(client, "chat-3-50", key="1")
    for again in (during, after, *(answer for answer in answers if answer.status_code == 202)):
        assert (again.status_code, again.json(), again.headers["location"]) == (
            202,
            first.json(),
            first.headers["location"],
        )
    other = ask(client, "chat-3-50", "ho", key="1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(app_calls(workspace, client)) == len(listed(client)) == 1


def test_a_failed_one_may_be_asked_for_once_more_under_its_key(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()
    first = accepted(ask(client, "broken-2", key="1"))
    assert outcome(ended(client, first)) == ("failed", "too_many_requests")
    second = accepted(ask(client, "broken-2", key="1"))
    assert second != first
    ended(client, second)
    assert len(app_calls(workspace, client)) == 2


@pytest.mark.parametrize(
    ("app", "failed", "text"),
    [
        ("error-x", "app_failed", ""),
        ("http-400-invalid_param-app_not_found", "app_not_found", ""),
        ("http-500-unknown-x", "app_failed", ""),
        ("broken-3", "too_many_requests", said(3)),
        ("cut-3", "app_failed", said(3)),
        ("errorevent-2-500-x", "app_failed", said(2)),
    ],
)
def test_an_app_that_fails_at_once_or_midway_is_told(shared: httpx.Client, app: str, failed: str, text: str) -> None:
    delivery = ended(shared, accepted(ask(shared, app)))
    assert outcome(delivery) == ("failed", failed)
    assert delivery["error"]["message"]
    assert delivery["answer"].startswith(text)
    assert delivery["answer"].endswith(f"({delivery['delivery_id']})")
    assert "response" not in delivery


@pytest.mark.reverse
def test_what_takes_longer_than_dify_lets_it_is_told(endpoint: Open) -> None:
    client = endpoint(faults={"invocation_limit_s": 0.5})
    ids = [accepted(ask(client, app)) for app in ("silent-600", "chat-1000-20")]
    assert [outcome(ended(client, id_)) for id_ in ids] == [("failed", "app_timeout")] * 2
    assert shown(client, ids[1])["answer"].startswith(said(5))


# --- long runs, and callers that leave


def test_a_sender_that_hangs_up_after_a_second_gets_its_answer(endpoint: Open, workspace: Workspace) -> None:
    sender, place = workspace.sender("line"), "U" + "1" * 32
    client = endpoint(**answering(sender, "line", "silent-2"))
    posted = sender.post(f"{client.base_url}chat", "Are you there?", place=place, user=place, deadline=5)
    assert (posted["status"], posted["gave_up"]) == (200, False)
    until(lambda: sender.answers(place))
    [row] = listed(client)
    assert outcome(ended(client, row["delivery_id"])) == ("done", "")
    assert sender.answers(place) == ["late"]
    assert len(app_calls(workspace, client)) == 1


def test_who_hangs_up_before_the_acknowledgement_is_answered_once_or_was_never_accepted(
    endpoint: Open, workspace: Workspace
) -> None:
    sender, place = workspace.sender("line"), "U" + "2" * 32
    client = endpoint(**answering(sender, "line", "parrot"))
    for number in range(20):
        text = f"message {number}"
        sender.post(f"{client.base_url}chat", text, place=place, user=place, deadline=0.005 * number + 0.005)
    posted = sender.post(f"{client.base_url}chat", "the last one", place=place, user=place, deadline=30)
    assert (posted["gave_up"], posted["status"]) == (False, 200), posted

    answers: list[str] = []
    rows: list[dict[str, Any]] = []

    def is_over() -> bool:  # who hung up may still be accepted after that
        rows[:] = listed(client)
        answers[:] = sender.answers(place)
        return all(row["state"] in ENDED for row in rows) and len(rows) == len(answers)

    until(is_over)
    assert {outcome(row) for row in rows} == {("done", "")}
    assert "the last one" in answers
    assert len(answers) == len(set(answers)) == len(rows)


@pytest.mark.reverse  # it is about the storage, which is the same by both ways
def test_of_many_who_hang_up_before_the_acknowledgement_each_gets_its_answer_where_writing_takes_that_long(
    endpoint: Open, workspace: Workspace
) -> None:
    sender = workspace.sender("line")
    client = endpoint(**answering(sender, "line", "parrot"), faults={"storage_write_ms": 60})
    places = [f"U{number:032}" for number in range(3000, 3010)]

    def post(place: str) -> bool:
        posted = sender.post(f"{client.base_url}chat", f"from {place}", place=place, user=place, deadline=1.5)
        return bool(posted["gave_up"])

    with ThreadPoolExecutor(len(places)) as people:
        gave_up = [*people.map(post, places)]
    assert gave_up.count(True) > len(places) / 2
    until(lambda: all(sender.answers(place) for place in places), patience=60)
    assert {place: sender.answers(place) for place in places} == {place: [f"from {place}"] for place in places}


def test_the_text_so_far_is_shown_while_the_app_speaks(endpoint: Open) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "chat-1000-20"))
    until(lambda: shown(client, id_)["answer"].startswith(said(3)))
    assert shown(client, id_)["state"] == "running"
    assert client.post(f"/deliveries/{id_}/cancel").status_code == 200
    ended(client, id_)


def test_it_is_acknowledged_while_its_app_is_still_silent(endpoint: Open) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "silent-600"))
    assert (shown(client, id_)["state"], shown(client, id_)["answer"]) == ("running", "")
    client.post(f"/deliveries/{id_}/cancel")
    assert outcome(ended(client, id_)) == ("failed", "cancelled")


# --- many


@pytest.mark.reverse  # it is about taking them in, which is the same by both ways
def test_200_at_once_all_arrive_each_once_and_at_most_20_at_a_time(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()

    async def all_of_them() -> list[httpx.Response]:
        url = f"{client.base_url}duck/parrot-150"
        async with httpx.AsyncClient(headers=HOLDER, timeout=60, limits=httpx.Limits(max_connections=200)) as caller:
            asked = ({"query": f"This is {number}.", "response_mode": "later"} for number in range(200))
            return await asyncio.gather(*(caller.post(url, json=one) for one in asked))

    ids = [accepted(answer) for answer in asyncio.run(all_of_them())]
    assert len(set(ids)) == 200
    until(lambda: app_calls(workspace, client)[199:], patience=60)
    answers = [ended(client, id_)["answer"] for id_ in ids]
    assert answers == [f"This is {number}." for number in range(200)]
    calls = app_calls(workspace, client)
    assert Counter(call["request"]["query"] for call in calls) == Counter(answers)
    assert 1 < at_once(calls) <= 20


def test_the_messages_of_a_conversation_run_one_after_the_other_as_they_came(
    endpoint: Open, workspace: Workspace
) -> None:
    client = endpoint(memory="user")
    users, turns = [f"duck {number}" for number in range(8)], range(6)

    async def speak(caller: httpx.AsyncClient, user: str) -> list[str]:
        url = f"{client.base_url}chat/parrot-30"
        return [
            accepted(
                await caller.post(url, json={"query": f"{user}: {turn}", "user": user, "response_mode": "later"})
            )
            for turn in turns
        ]

    async def all_of_them() -> list[list[str]]:
        async with httpx.AsyncClient(headers=HOLDER, timeout=60) as caller:
            return await asyncio.gather(*(speak(caller, user) for user in users))

    ids = [id_ for one in asyncio.run(all_of_them()) for id_ in one]
    assert {ended(client, id_)["state"] for id_ in ids} == {"done"}
    calls = app_calls(workspace, client)
    for user in users:
        own = [call for call in calls if call["request"]["query"].startswith(f"{user}:")]
        assert [call["request"]["query"] for call in own] == [f"{user}: {turn}" for turn in turns]
        assert at_once(own) == 1
        told = {call["request"]["conversation_id"] for call in own[1:]}
        assert len(told) == 1
        assert "" not in told, "each knows what was said before"


@pytest.mark.reverse  # it is about the storage, which is the same by both ways
def test_what_is_too_much_is_refused_and_of_the_accepted_none_is_lost(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()
    long = [accepted(ask(client, "silent-600")) for _ in range(20)]
    assert {shown(client, id_)["state"] for id_ in long} == {"running"}

    async def more(app: str, count: int) -> list[httpx.Response]:
        async with httpx.AsyncClient(headers=HOLDER, timeout=60, limits=httpx.Limits(max_connections=50)) as caller:
            url, asked = f"{client.base_url}duck/{app}", {"query": "hi", "response_mode": "later"}
            return await asyncio.gather(*(caller.post(url, json=asked) for _ in range(count)))

    answers = asyncio.run(more("chat-1-0", 210))
    assert Counter(answer.status_code for answer in answers) == {202: 200, 429: 10}
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.json()["code"] for answer in refused} == {"too_many_requests"}
    assert min(int(answer.headers["retry-after"]) for answer in refused) > 0
    sender = workspace.sender("slack")
    moved(workspace, client, **answering(sender, "slack", "chat-1-0"))
    headers, body = composed("slack", "hello", place="D0POND")
    as_sender = client.post("/chat", content=body, headers=headers)
    assert (as_sender.status_code, int(as_sender.headers["retry-after"]) > 0) == (429, True)
    assert "x-slack-no-retry" not in as_sender.headers
    moved(workspace, client)
    waiting = [accepted(answer) for answer in answers if answer.status_code == 202]
    assert app_calls(workspace, client)[20:] == []
    for id_ in long:
        client.post(f"/deliveries/{id_}/cancel")
    until(lambda: app_calls(workspace, client)[219:], patience=60)
    assert {outcome(ended(client, id_)) for id_ in waiting} == {("done", "")}
    assert {outcome(ended(client, id_)) for id_ in long} == {("failed", "cancelled")}
    assert len(app_calls(workspace, client)) == 220


# --- a storage that fails


@pytest.mark.reverse  # it is about the storage, which is the same by both ways
@pytest.mark.parametrize("op", ["get", "set", "*"])
def test_what_can_not_be_stored_is_not_accepted(endpoint: Open, workspace: Workspace, op: str) -> None:
    client = endpoint(faults={"storage": [{"op": op}]})
    refused = ask(client, "chat-1-0", key="1")
    assert (refused.status_code, refused.json()["code"]) == (503, "app_unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert app_calls(workspace, client) == []
    moved(workspace, client)
    assert ended(client, accepted(ask(client, "chat-1-0", key="1")))["answer"] == said(1)


@pytest.mark.reverse  # it is about the storage, which is the same by both ways
@pytest.mark.parametrize("call", range(1, 9))
def test_whichever_write_fails_it_is_refused_or_answered(endpoint: Open, workspace: Workspace, call: int) -> None:
    client = endpoint(faults={"storage": [{"op": "set", "call": call}]})
    first = ask(client, "chat-2-0", key="1")
    assert first.status_code in {202, 503}, first.text
    if first.status_code == 503:
        assert ended(client, accepted(ask(client, "chat-2-0", key="1")))["answer"] == said(2)
    else:
        assert ended(client, accepted(first))["answer"] == said(2)
    assert [call["outcome"] for call in app_calls(workspace, client)] == ["finished"]


@pytest.mark.reverse  # it is about the storage, which is the same by both ways
def test_a_storage_that_fails_during_the_run_and_at_its_end_costs_no_answer(
    endpoint: Open, workspace: Workspace
) -> None:
    receiver = workspace.sender("callback")
    settings = {
        "reply": "callback",
        "callback_url": f"{receiver.base}/storage",
        "callback_hosts": workspace.url,
        "callback_secret": receiver.token,
    }
    client = endpoint(**settings)
    url = str(client.base_url).rstrip("/")
    answer = client.post("/duck/chat-10-100", json={"query": "hi"})
    id_ = accepted(answer)
    until(lambda: shown(client, id_)["answer"].startswith(said(2)))
    hook, faults = url.rpartition("/")[2], {"storage": [{"op": "*"}]}
    workspace.endpoint(hook=hook, settings={"api_key": KEY, **settings}, faults=faults)
    until(lambda: receiver.chat("storage"))
    moved(workspace, client, **settings)
    assert [json.loads(message["text"])["answer"] for message in receiver.chat("storage")] == [said(10)]
    assert len(app_calls(workspace, client)) == 1


@pytest.mark.reverse  # it is about the storage, which is the same by both ways
def test_a_full_storage_is_told_and_what_is_there_stays(endpoint: Open, workspace: Workspace) -> None:
    client, other = endpoint(), endpoint(faults={"storage_bytes": 1})  # they share the storage
    first = accepted(ask(client, "chat-2-0"))
    ended(client, first)
    refused = ask(other, "chat-2-0")
    assert (refused.status_code, refused.json()["code"]) == (503, "app_unavailable")
    assert shown(client, first)["answer"] == said(2)
    assert app_calls(workspace, other) == []
