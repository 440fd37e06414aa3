import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import Open
from workspace.testing import Workspace

type Received = Callable[[httpx.Client], list[dict[str, Any]]]


def conversations(requests: list[dict[str, Any]]) -> list[str]:
    return [request["conversation_id"] or "" for request in requests]


@pytest.mark.parametrize("form", ["json", "sse", "html", "text"])
def test_a_user_goes_on_in_the_same_conversation(endpoint: Open, received: Received, form: str) -> None:
    client = endpoint(memory="user")
    for user in ("donald", "daisy", "donald"):
        client.post("/chat/demo-chat", json={"query": "hello", "user": user, "format": form})
    first, other, again = conversations(received(client))
    assert (first, other) == ("", "")
    assert again


def test_new_starts_afresh_and_without_a_user_nothing_is_remembered(endpoint: Open, received: Received) -> None:
    client = endpoint(memory="user")
    for fields in ({"user": "u"}, {"user": "u", "conversation_id": "new"}, {}, {}):
        client.post("/chat/demo-chat", json={"query": "hello", **fields})
    assert conversations(received(client)) == ["", "", "", ""]


def test_memory_is_off_by_default(endpoint: Open, received: Received, workspace: Workspace) -> None:
    workspace.clear_storage()
    client = endpoint()
    for _ in range(2):
        client.post("/chat/demo-chat", json={"query": "hello", "user": "u"})
    assert conversations(received(client)) == ["", ""]
    assert workspace.storage() == {}


def test_another_endpoint_knows_nothing_of_it(endpoint: Open, received: Received) -> None:
    for client in (endpoint(memory="user"), endpoint(memory="user")):
        client.post("/chat/demo-chat", json={"query": "hello", "user": "same"})
        assert conversations(received(client)) == [""]


def test_a_conversation_that_dify_forgot_is_begun_anew_silently(
    endpoint: Open, received: Received, workspace: Workspace
) -> None:
    client = endpoint(memory="user")
    workspace.clear_storage()
    client.post("/chat/demo-chat", json={"query": "hello", "user": "u"})
    workspace.forget_conversations()
    answer = client.post("/chat/demo-chat", json={"query": "hello again", "user": "u"})
    assert answer.status_code == 200
    first, lost, anew = conversations(received(client))
    assert (first, anew) == ("", "")
    assert lost
    assert answer.json()["conversation_id"] != lost


@pytest.mark.parametrize("fault", [{"op": "get"}, {"op": "set"}, {"op": "*"}, {"op": "*", "call": 1}])
def test_a_storage_that_fails_costs_the_memory_and_not_the_answer(endpoint: Open, fault: dict[str, Any]) -> None:
    client = endpoint(memory="user", faults={"storage": [fault]})
    for _ in range(2):
        answer = client.post("/chat/demo-chat", json={"query": "hello", "user": "u"})
        assert answer.status_code == 200
        assert answer.json()["answer"]


def test_an_expired_conversation_is_not_gone_on_with(endpoint: Open, received: Received) -> None:
    client = endpoint(memory="user", memory_days="0.000001")  # 86 ms
    for _ in range(2):
        client.post("/chat/demo-chat", json={"query": "hello", "user": "u"})
        time.sleep(0.2)
    assert conversations(received(client)) == ["", ""]
