"""What was accepted is shown to whoever holds the key, and run by whoever holds its token, and by nobody else."""

import json
from collections.abc import Callable
from hashlib import sha256

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.later import HOLDER, accepted, app_calls, ask, ended
from workspace.testing import Workspace, until

NOBODY = "0" * 32
TOKEN = "x-duck-run"

type Send = Callable[[httpx.Client], httpx.Response]

READING: dict[str, Send] = {
    "the list": lambda client: client.get("/deliveries"),
    "the list's head": lambda client: client.head("/deliveries"),
    "one": lambda client: client.get(f"/deliveries/{NOBODY}"),
    "redeliver": lambda client: client.post(f"/deliveries/{NOBODY}/redeliver"),
    "cancel": lambda client: client.post(f"/deliveries/{NOBODY}/cancel"),
    "delete": lambda client: client.delete(f"/deliveries/{NOBODY}"),
    "delete by post": lambda client: client.post(f"/deliveries/{NOBODY}/delete"),
    "check": lambda client: client.post("/deliveries", data={"do": "check"}),
}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"access": "public", "allowed_apps": "chat-1-0"},
        {"access": "signature", "webhook": "stripe", "webhook_secret": "whsec_x"},
    ],
    ids=["key", "public", "signature"],
)
def test_under_every_access_it_takes_the_key(endpoint: Open, settings: dict[str, str]) -> None:
    for key in (None, "wrong"):
        stranger = endpoint(key=key, **settings)
        refused = {name: send(stranger).status_code for name, send in READING.items()}
        assert refused == dict.fromkeys(READING, 401)
    holder = endpoint(**settings)
    if settings:
        holder.headers.update(HOLDER)
    found = {name: send(holder).status_code for name, send in READING.items()}
    assert found == {
        **dict.fromkeys(READING, 404),
        "the list": 200,
        "the list's head": 200,
        "check": 200,
    }


def test_without_a_key_in_the_settings_nobody_gets_in(endpoint: Open) -> None:
    client = endpoint(access="public", allowed_apps="chat-1-0", api_key="", key=None)
    for key in ("", KEY):
        assert client.get("/deliveries", headers={"X-API-Key": key}).status_code == 401


def test_what_is_unknown_is_not_found_alike(endpoint: Open) -> None:
    client, other = endpoint(), endpoint()
    others = accepted(ask(other, "chat-1-0"))
    ended(other, others)
    answers = [client.get(f"/deliveries/{id_}") for id_ in (NOBODY, others, "x", "None", others.upper(), others[:-1])]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "delivery_not_found")}
    assert len({answer.content for answer in answers}) == 1


def test_methods_that_are_not_answered_are_told(endpoint: Open) -> None:
    client = endpoint(key=None)
    told = {path: client.options(path) for path in ("/deliveries", f"/deliveries/{NOBODY}")}
    assert {path: (answer.status_code, answer.headers["allow"]) for path, answer in told.items()} == {
        "/deliveries": (204, "GET, HEAD, POST, OPTIONS"),
        f"/deliveries/{NOBODY}": (204, "GET, HEAD, DELETE, OPTIONS"),
    }
    for path in ("run", "redeliver", "cancel", "delete"):
        answer = client.options(f"/deliveries/{NOBODY}/{path}")
        assert (answer.status_code, answer.headers["allow"]) == (204, "POST, OPTIONS")
    assert client.put("/deliveries", headers=HOLDER).status_code == 405
    assert client.get(f"/deliveries/{NOBODY}/run", headers=HOLDER).status_code == 405


def test_a_head_has_the_headers_and_no_body(endpoint: Open) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "chat-1-0"))
    ended(client, id_)
    for path in ("/deliveries", f"/deliveries/{id_}"):
        head = client.head(path)
        assert (head.status_code, head.headers["content-type"], head.content) == (200, "application/json", b"")


# --- the address that is for the plugin alone


def test_a_stranger_can_run_nothing_and_learns_nothing(endpoint: Open, workspace: Workspace) -> None:
    client, stranger = endpoint(), endpoint(key=None)
    base = str(client.base_url).rstrip("/")
    done, running = accepted(ask(client, "chat-1-0")), accepted(ask(client, "silent-600"))
    ended(client, done)
    until(lambda: len(app_calls(workspace, client)) == 2)
    stored = b"".join(workspace.storage().values())
    guesses: list[dict[bytes, bytes]] = [
        {},
        {b"X-API-Key": KEY.encode()},
        {b"Duck-Relay": b"1"},
        *({TOKEN.encode(): token} for token in (b"", b"0" * 32, "é".encode(), done.encode())),
    ]
    sent = [(id_, headers) for id_ in (done, running, NOBODY, "none", "x" * 5000) for headers in guesses]
    answers = [httpx.post(f"{base}/deliveries/{id_}/run", headers=headers) for id_, headers in sent]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "delivery_not_found"
    elsewhere = stranger.post(f"/deliveries/{running}/run")
    assert (elsewhere.status_code, elsewhere.content) == (404, answers[0].content)
    assert len(app_calls(workspace, client)) == 2
    assert running.encode() in stored
    client.post(f"/deliveries/{running}/cancel")
    ended(client, running)


def test_one_deliverys_token_opens_no_other_and_its_own_only_once(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(memory="user")
    base = str(client.base_url).rstrip("/")
    first, second = (accepted(ask(client, "silent-600", user="donald")) for _ in range(2))
    tokens = {id_: token_of(workspace, id_) for id_ in (first, second)}
    assert len(set(tokens.values())) == 2
    crossed = httpx.post(f"{base}/deliveries/{first}/run", headers={TOKEN: tokens[second]})
    assert (crossed.status_code, crossed.json()["code"]) == (404, "delivery_not_found")
    twice = httpx.post(f"{base}/deliveries/{first}/run", headers={TOKEN: tokens[first]})
    assert (twice.status_code, twice.json()["code"]) == (409, "delivery_in_progress")
    until(lambda: len(app_calls(workspace, client)) == 1)
    for id_ in (second, first):
        client.post(f"/deliveries/{id_}/cancel")
        ended(client, id_)
    late = httpx.post(f"{base}/deliveries/{first}/run", headers={TOKEN: tokens[first]})
    assert late.status_code in {404, 409}
    assert len(app_calls(workspace, client)) == 1


def token_of(workspace: Workspace, id_: str) -> str:
    """Read a delivery's token where only the plugin can: in its storage."""
    records = [json.loads(value) for value in workspace.storage().values() if value.startswith(b"{")]
    [hashed] = [record["token"] for record in records if record.get("id") == id_]
    tokens = [str(record["token"]) for record in records if "handle" in record]
    return next(token for token in tokens if sha256(token.encode()).hexdigest() == hashed)


@pytest.mark.parametrize(
    "path",
    [
        "/deliveries/../deliveries/{id}/run",
        "/deliveries/..%2f{id}/run",
        "/deliveries/{id}%2frun",
        "/deliveries/{id}/../run",
        "/deliveries//{id}/run",
        "/deliveries/{id}/run/",
        "/deliveries/{id}/RUN",
        "/deliveries/%2e%2e/{id}/run",
    ],
)
def test_no_way_of_writing_the_path_gets_round_the_token(endpoint: Open, workspace: Workspace, path: str) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "chat-1-0"))
    ended(client, id_)
    raw = client.base_url.raw_path.rstrip(b"/") + path.replace("{id}", id_).encode()
    with httpx.Client() as caller:
        answer = caller.send(httpx.Request("POST", client.base_url.copy_with(raw_path=raw)))
    assert answer.status_code in {307, 401, 404, 405}, answer.text
    assert '"answer"' not in answer.text
    assert len(app_calls(workspace, client)) == 1
