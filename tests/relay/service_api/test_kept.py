"""What Dify keeps of users and runs, as an app that is reached by its key tells it."""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Response

from relay.errors import AppNotFound, AppTimeout, InvalidParam, RelayError
from relay.host import Host
from relay.run.failure import ConversationNotFound
from relay.service_api import absent, respond
from relay.service_api.kept import KEPT, LARGEST, LARGEST_BODY
from tests.relay.keyed import KEYED, URL, App, Dify
from tests.relay.scripts import KEY
from tests.requests import request

BEARER = {"Authorization": "Bearer quack"}
ID = "45701982-8118-4bc5-8e9b-64562b4555f2"
OTHER = "9da23599-e713-473b-982c-4328d4f5c78a"
LIST = {"limit": 20, "has_more": False, "data": [{"id": ID, "name": "Ducks", "inputs": {}}]}
SUGGESTING = {"parameters": {"suggested_questions_after_answer": {"enabled": True}}}
ROWS = [(method, resource) for resource, methods in KEPT.items() for method in methods]


def ask(
    app: App,
    method: str,
    resource: str,
    *,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    ids: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] = KEYED,
    headers: Mapping[str, str] = BEARER,
) -> Response:
    variables = [one[1:-1] for one in resource.split("/") if one.startswith("<")]
    path = {name: (ids or {}).get(name, ID) for name in variables}
    address = resource
    for name, value in path.items():
        address = address.replace(f"<{name}>", quote(value, safe=""))
    sent = request(
        f"/duck/app/{address}?{urlencode(query or {}, doseq=True)}",
        method=method,
        headers=dict(headers),
        **({} if body is None else {"data": json.dumps(body), "content_type": "application/json"}),
    )
    host = Host(clock=time.time, elapsed=time.monotonic)
    return respond(sent, {"app_id": "app", **path}, settings, dify=Dify(pond=app), host=host)


def ask_as_bob(app: App, method: str, resource: str, **options: Any) -> Response:
    needed = {"conversation_id": ID} if resource == "messages" else {"value": 1} if method == "PUT" else {}
    where = "query" if method == "GET" else "body"
    options[where] = {"user": "bob", **needed, **options.get(where, {})}
    return ask(app, method, resource, **options)


@pytest.mark.parametrize(
    ("method", "resource", "query", "body", "upstream"),
    [
        ("GET", "conversations", {"user": "bob"}, None, "/conversations"),
        (
            "GET",
            "conversations",
            {"user": "böb & co", "last_id": ID, "limit": "100", "sort_by": "-created_at"},
            None,
            "/conversations",
        ),
        ("DELETE", "conversations/<conversation_id>", None, {"user": "bob"}, f"/conversations/{ID}"),
        (
            "POST",
            "conversations/<conversation_id>/name",
            None,
            {"user": "bob", "name": "Ducks", "auto_generate": False},
            f"/conversations/{ID}/name",
        ),
        (
            "POST",
            "conversations/<conversation_id>/name",
            None,
            {"user": "bob", "name": None, "auto_generate": True},
            f"/conversations/{ID}/name",
        ),
        (
            "GET",
            "conversations/<conversation_id>/variables",
            {"user": "bob", "last_id": OTHER, "limit": "1", "variable_name": "po.nd-1_a"},
            None,
            f"/conversations/{ID}/variables",
        ),
        (
            "PUT",
            "conversations/<conversation_id>/variables/<variable_id>",
            None,
            {"user": "bob", "value": {"ducks": [1, None]}},
            f"/conversations/{ID}/variables/{ID}",
        ),
        (
            "PUT",
            "conversations/<conversation_id>/variables/<variable_id>",
            None,
            {"user": "bob", "value": None},
            f"/conversations/{ID}/variables/{ID}",
        ),
        (
            "GET",
            "messages",
            {"user": "bob", "conversation_id": ID, "first_id": OTHER, "limit": "20"},
            None,
            "/messages",
        ),
        ("GET", "messages/<message_id>/suggested", {"user": "bob"}, None, f"/messages/{ID}/suggested"),
        (
            "POST",
            "messages/<message_id>/feedbacks",
            None,
            {"user": "bob", "rating": "like", "content": "quack"},
            f"/messages/{ID}/feedbacks",
        ),
        (
            "POST",
            "messages/<message_id>/feedbacks",
            None,
            {"user": "bob", "rating": None},
            f"/messages/{ID}/feedbacks",
        ),
        ("GET", "workflows/run/<workflow_run_id>", None, None, f"/workflows/run/{ID}"),
    ],
)
def test_a_request_goes_on_as_it_is_and_difys_answer_comes_back(
    method: str, resource: str, query: dict[str, str] | None, body: dict[str, Any] | None, upstream: str
) -> None:
    app = App(answer=LIST, told=SUGGESTING)
    response = ask(app, method, resource, query=query, body=body)
    assert app.asked == [(method, upstream, query, body)]
    if method == "DELETE":
        assert (response.status_code, response.data, "Content-Type" in response.headers) == (204, b"", False)
    else:
        assert (response.status_code, response.content_type, response.get_json()) == (200, "application/json", LIST)


def test_a_deleted_conversation_has_no_answer_whatever_an_older_dify_says() -> None:
    for answer in (None, {"result": "success"}):
        response = ask_as_bob(App(answer=answer), "DELETE", "conversations/<conversation_id>")
        assert (response.status_code, response.data) == (204, b"")


def test_the_head_of_a_list_is_asked_for_as_the_list() -> None:
    app = App(answer=LIST)
    response = ask(app, "HEAD", "conversations", query={"user": "bob"})
    assert (response.status_code, app.asked) == (200, [("GET", "/conversations", {"user": "bob"}, None)])


@pytest.mark.parametrize(("method", "resource"), ROWS)
def test_what_is_not_named_stays_behind(method: str, resource: str) -> None:
    app, again = App(answer=LIST, told=SUGGESTING), App(answer=LIST, told=SUGGESTING)
    foreign = {"inputs": "{}", "app_id": "other", "pinned": "true", "key": "quack", "page": "7", "x": "y"}
    ask_as_bob(app, method, resource, query=foreign, body=foreign)
    ask_as_bob(again, method, resource)
    assert app.asked == again.asked != []


@pytest.mark.parametrize(("method", "resource"), [row for row in ROWS if "run" not in row[1]])
@pytest.mark.parametrize("user", ["", " \t", None])
def test_whoever_asks_says_for_whom(method: str, resource: str, user: str | None) -> None:
    app = App(answer=LIST, told=SUGGESTING)
    given = {} if user is None else {"user": user}
    response = ask(app, method, resource, **({"query": given} if method == "GET" else {"body": given}))
    told = {"code": "invalid_param", "message": "Arg user must be provided.", "status": 400}
    assert (response.status_code, response.get_json(), app.asked) == (400, told, [])


@pytest.mark.parametrize(
    ("method", "resource", "sent", "message"),
    [
        ("GET", "conversations", {"user": "b" * 256}, "user may have at most 255 characters."),
        ("GET", "conversations", {"user": ["bob", "alice"]}, "user must be text."),
        ("GET", "conversations", {"limit": "0"}, "limit must be a whole number from 1 to 100."),
        ("GET", "conversations", {"limit": "101"}, "limit must be a whole number from 1 to 100."),
        ("GET", "conversations", {"limit": "-1"}, "limit must be a whole number from 1 to 100."),
        ("GET", "conversations", {"limit": "９"}, "limit must be a whole number from 1 to 100."),
        ("GET", "conversations", {"limit": "9" * 5000}, "limit must be a whole number from 1 to 100."),
        ("GET", "conversations", {"limit": ["1", "2"]}, "limit must be a whole number from 1 to 100."),
        ("GET", "conversations", {"last_id": "../info"}, "last_id must be a valid UUID."),
        ("GET", "conversations", {"last_id": [ID, OTHER]}, "last_id must be a valid UUID."),
        (
            "GET",
            "conversations",
            {"sort_by": "name"},
            "sort_by must be one of created_at, -created_at, updated_at, -updated_at.",
        ),
        (
            "GET",
            "conversations/<conversation_id>/variables",
            {"variable_name": "a b"},
            "variable_name must be letters, digits, underscores, hyphens and full stops, at most 255.",
        ),
        ("GET", "messages", {"conversation_id": ""}, "conversation_id must be provided."),
        ("GET", "messages", {"conversation_id": "1"}, "conversation_id must be a valid UUID."),
        ("POST", "conversations/<conversation_id>/name", {"name": 1}, "name must be text of at most 255 characters."),
        (
            "POST",
            "conversations/<conversation_id>/name",
            {"name": "n" * 256},
            "name must be text of at most 255 characters.",
        ),
        (
            "POST",
            "conversations/<conversation_id>/name",
            {"auto_generate": "yes"},
            "auto_generate must be true or false.",
        ),
        (
            "POST",
            "messages/<message_id>/feedbacks",
            {"rating": "great"},
            "rating must be one of like, dislike, null.",
        ),
        (
            "POST",
            "messages/<message_id>/feedbacks",
            {"rating": ["like"]},
            "rating must be one of like, dislike, null.",
        ),
        (
            "POST",
            "messages/<message_id>/feedbacks",
            {"content": {}},
            "content must be text of at most 10000 characters.",
        ),
        ("DELETE", "conversations/<conversation_id>", {"user": 7}, "user must be text."),
    ],
)
def test_a_value_that_dify_would_not_take_is_refused_here(
    method: str, resource: str, sent: dict[str, Any], message: str
) -> None:
    app = App(answer=LIST)
    response = ask_as_bob(app, method, resource, **{"query" if method == "GET" else "body": sent})
    told = {"code": "invalid_param", "message": message, "status": 400}
    assert (response.status_code, response.get_json(), app.asked) == (400, told, [])


def test_a_variable_is_set_to_something() -> None:
    app = App(answer=LIST)
    response = ask(app, "PUT", "conversations/<conversation_id>/variables/<variable_id>", body={"user": "bob"})
    assert (response.status_code, response.get_json()["message"]) == (400, "value must be provided.")
    assert app.asked == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (None, 400, "invalid_param"),
        ([], 400, "invalid_param"),
        ({"user": "bob", "value": "x" * LARGEST_BODY}, 413, "payload_too_large"),
    ],
    ids=["none", "list", "large"],
)
def test_a_body_is_an_object_of_a_sane_size(body: Any, status: int, code: str) -> None:
    app = App(answer=LIST)
    response = ask(app, "PUT", "conversations/<conversation_id>/variables/<variable_id>", body=body)
    assert (response.status_code, response.get_json()["code"], app.asked) == (status, code, [])


# --- ids


@pytest.mark.parametrize(("method", "resource"), [row for row in ROWS if "<" in row[1]])
@pytest.mark.parametrize(
    "id_", ["..", "%2e%2e", "..%2finfo", f"{ID}?user=alice", f"{ID}#", f"{ID}\r\nX: y", "1", "é"]
)
def test_an_id_that_is_none_asks_nothing(method: str, resource: str, id_: str) -> None:
    last = resource.rpartition("<")[2].partition(">")[0]
    app = App(answer=LIST, told=SUGGESTING)
    response = ask_as_bob(app, method, resource, ids={last: id_})
    assert (response.status_code, response.get_json()["code"], app.asked) == (404, "not_found", [])


@pytest.mark.parametrize(("method", "resource"), [row for row in ROWS if "<" in row[1]])
@pytest.mark.parametrize("id_", ["../..", f"{ID}/name", "x/../../info", ""])
def test_a_path_with_more_or_fewer_parts_is_another_one(method: str, resource: str, id_: str) -> None:
    last = resource.rpartition("<")[2].partition(">")[0]
    app = App(answer=LIST, told=SUGGESTING)
    response = ask_as_bob(app, method, resource, ids={last: id_})
    assert (response.status_code in {404, 405}, app.asked) == (True, [])


@given(st.one_of(st.text(), st.uuids().map(str), st.uuids().map(lambda id_: f"urn:uuid:{{{id_}}}")))
def test_only_a_uuids_own_spelling_ever_goes_on(id_: str) -> None:
    app = App(answer=LIST)
    ask_as_bob(app, "DELETE", "conversations/<conversation_id>", ids={"conversation_id": id_})
    for _, path, _, _ in app.asked:
        asked = path.removeprefix("/conversations/")
        assert asked == str(UUID(asked)) == str(UUID(id_))


# --- for whom


@pytest.mark.parametrize(("method", "resource"), ROWS)
@pytest.mark.parametrize("headers", [{}, BEARER], ids=["stranger", "a stranger who knows the key"])
def test_whom_a_stranger_names_is_nobody(method: str, resource: str, headers: dict[str, str]) -> None:
    app = App(answer=LIST, told=SUGGESTING)
    public = {**KEYED, "access": "public", "allowed_apps": "app"}
    response = ask_as_bob(app, method, resource, settings=public, headers=headers)
    without = ask_as_bob(app, method, resource, settings=KEY)
    assert (response.status_code, response.data) == (without.status_code, without.data)
    assert (app.asked, app.looked) == ([], [])
    assert (response.status_code, response.get_json().get("data", "not_found")) in [(200, []), (404, "not_found")]


@pytest.mark.parametrize(("method", "resource"), ROWS)
def test_nobody_without_the_key_is_let_in(method: str, resource: str) -> None:
    app = App(answer=LIST, told=SUGGESTING)
    response = ask_as_bob(app, method, resource, headers={})
    assert (response.status_code, response.get_json()["code"], app.asked) == (401, "unauthorized", [])


def test_an_app_that_the_owner_has_not_listed_is_closed_to_the_key_too() -> None:
    app = App(answer=LIST)
    response = ask_as_bob(app, "GET", "conversations", settings={**KEYED, "allowed_apps": "other"})
    assert (response.status_code, response.get_json()["code"], app.asked) == (403, "app_not_allowed", [])


@pytest.mark.parametrize("resource", [resource for resource in absent.RESOURCES if resource not in KEPT])
def test_what_concerns_all_users_of_an_app_is_asked_for_by_nobody(resource: str) -> None:
    app = App(answer=LIST, told=SUGGESTING)
    for method in absent.RESOURCES[resource]:
        assert ask_as_bob(app, method, resource).status_code in {200, 404}
    assert (app.asked, app.looked) == ([], [])


def test_without_the_address_of_the_service_api_the_owner_learns_which_setting_is_missing() -> None:
    response = ask_as_bob(App(), "GET", "conversations", settings={**KEY, "app_keys": "app=app-pond"})
    told = "Dify's Service API can't run this app: app_keys has a key for it, but service_api_url is not set."
    assert (response.status_code, response.get_json()["message"]) == (503, told)


def test_a_relay_that_asks_a_relay_ends_there() -> None:
    app = App(answer=LIST)
    response = ask_as_bob(app, "GET", "conversations", headers={**BEARER, "Duck-Relay": "key"})
    assert (response.status_code, app.asked) == (503, [])
    assert URL not in response.get_data(as_text=True)


# --- what comes back


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (ConversationNotFound("no"), 404, "not_found", "Conversation Not Exists."),
        (AppNotFound("Message Not Exists."), 404, "not_found", "Message Not Exists."),
        (InvalidParam("App mode is not chat."), 400, "invalid_param", "App mode is not chat."),
        (AppTimeout("No answer came in time."), 504, "app_timeout", "No answer came in time."),
    ],
    ids=["conversation", "message", "mode", "time"],
)
def test_what_dify_refuses_is_told_as_dify_tells_it(error: RelayError, status: int, code: str, message: str) -> None:
    response = ask_as_bob(App(answer=error), "GET", "conversations/<conversation_id>/variables")
    assert (response.status_code, response.get_json()) == (
        status,
        {"code": code, "message": message, "status": status},
    )


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "answer",
    [None, [], [LIST], "<html>", 7, True, nested(2000), {"data": "x" * LARGEST}, {"data": ["é" * 1000] * 5000}],
    ids=["nothing", "list", "lists", "text", "number", "flag", "deep", "large", "larger"],
)
def test_what_is_not_difys_reaches_nobody(answer: Any) -> None:
    response = ask_as_bob(App(answer=answer), "GET", "messages")
    assert (response.status_code, response.get_json()["code"]) == (502, "app_failed")
    assert len(response.data) < 300


def test_a_long_history_comes_back_whole() -> None:
    history = {"limit": 100, "has_more": True, "data": [{"id": ID, "answer": "quack " * 5000}] * 100}
    assert ask_as_bob(App(answer=history), "GET", "messages").get_json() == history


@pytest.mark.parametrize(
    "parameters", [{}, {"suggested_questions_after_answer": None}, {"suggested_questions_after_answer": {}}]
)
def test_an_app_that_suggests_nothing_is_not_asked_for_questions(parameters: dict[str, Any]) -> None:
    app = App(answer=LIST, told={"parameters": parameters})
    response = ask_as_bob(app, "GET", "messages/<message_id>/suggested")
    assert (response.status_code, response.get_json()) == (200, {"result": "success", "data": []})
    assert app.asked == []
