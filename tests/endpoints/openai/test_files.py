"""/v1/files, by OpenAI's own client as it is published."""

from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.endpoints.conftest import KEY
from tests.endpoints.openai.conftest import Calls, Make

KEYED = {"X-API-Key": KEY}


@pytest.mark.parametrize("path", ["/v1", "", "/duck/demo-chat/v1", "/duck/demo-chat"])
def test_a_file_says_itself_what_it_is(client: Make, runs: Calls, path: str) -> None:
    made = client(path=path)
    issued = made.files.create(file=("duck.txt", b"quack"), purpose="user_data")
    assert issued.to_dict() == {
        "id": issued.id,
        "object": "file",
        "bytes": 5,
        "created_at": issued.created_at,
        "expires_at": None,
        "filename": "duck.txt",
        "purpose": "user_data",
        "status": "processed",
        "status_details": None,
    }
    assert made.files.retrieve(issued.id) == issued
    assert [call["filename"] for call in runs(made)] == ["duck.txt"]


def test_a_file_may_be_sent_to_an_app_by_the_owners_name_for_it(client: Make, runs: Calls) -> None:
    made = client(path="/duck/duck/v1", allowed_apps="duck=demo-chat")
    assert made.files.create(file=("duck.txt", b"quack"), purpose="user_data").bytes == 5
    assert [call["filename"] for call in runs(made)] == ["duck.txt"]


def test_what_dify_tells_no_plugin_is_told_as_that(shared: OpenAI) -> None:
    issued = shared.files.create(file=("duck.txt", b"quack"), purpose="assistants").id
    assert list(shared.files.list()) == []
    with pytest.raises(openai.APIStatusError, match="can't be deleted") as refused:
        shared.files.delete(issued)
    assert refused.value.status_code == 405
    with pytest.raises(openai.NotFoundError, match="can't be had"):
        shared.files.content(issued)
    with pytest.raises(openai.NotFoundError, match="no such file"):
        shared.files.retrieve("file-x")


def test_a_file_needs_the_key_whoever_may_ask(client: Make, runs: Calls) -> None:
    made = client(access="public", app={"app_id": "demo-chat"}, key="wrong")
    for send in (
        lambda: made.files.create(file=("duck.txt", b"quack"), purpose="user_data"),
        lambda: made.files.retrieve("file-x"),
        made.files.list,
        lambda: made.files.delete("file-x"),
    ):
        with pytest.raises(openai.AuthenticationError):
            send()
    assert runs(made) == []
    with made.with_options(api_key=KEY) as keyed:
        assert keyed.files.create(file=("duck.txt", b"quack"), purpose="user_data").bytes == 5


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"files": {"picture": ("a.txt", b"a")}}, 400, "file"),
        ({"files": {"file": ("a.txt", b"")}}, 400, None),
        ({"files": [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]}, 400, "file"),
        ({"files": {"file": ("a.txt", b"a")}, "data": {"purpose": "fun"}}, 400, "purpose"),
        ({"files": {"file": ("a.txt", b"a")}, "data": {"purpose": ["vision", "batch"]}}, 400, "purpose"),
        ({"data": {"file": "a"}}, 400, "file"),
        ({"json": {"file": "a"}}, 400, "file"),
        ({}, 400, "file"),
        ({"files": {"file": ("a.txt", b"a" * 10 * 1024 * 1024)}}, 413, None),
    ],
    ids=["another field", "empty", "two", "purpose", "purposes", "text", "JSON", "nothing", "too large"],
)
def test_what_is_no_file_is_refused(
    client: Make, runs: Calls, body: dict[str, Any], status: int, param: str | None
) -> None:
    made = client()
    answer = httpx.post(f"{made.base_url}files", headers=KEYED, timeout=60, **body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
    assert runs(made) == []


def test_a_file_that_no_input_of_the_app_takes_is_not_stored(client: Make, runs: Calls) -> None:
    made = client(path="/duck/chatform-file.picture.image/v1")
    with pytest.raises(openai.APIStatusError, match=r"duck\.txt") as refused:
        made.files.create(file=("duck.txt", b"quack"), purpose="vision")
    assert refused.value.status_code == 415
    assert runs(made) == []
