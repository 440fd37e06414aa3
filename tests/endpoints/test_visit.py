"""A person in a browser: which page they get, and what becomes of what they send."""

import re
from collections.abc import Mapping

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.visit import ACCEPT, PAGE, PUBLIC, TYPED, Received, asks_app, browse, post, sign_in

# --- which page


def test_a_chat_apps_address_shows_its_form(known: httpx.Client, received: Received) -> None:
    answer = browse(known, "/duck/chat-1-0")
    assert (answer.status_code, asks_app(answer)) == (200, True)
    assert ("Quack?" in answer.text, "Why?" in answer.text) == (True, True)
    assert received(known) == []


def test_a_question_in_the_address_is_answered(known: httpx.Client, received: Received) -> None:
    answer = browse(known, "/duck/chat-2-0", query="hello")
    assert answer.status_code == 200
    assert "tok1" in answer.text
    assert [call["query"] for call in received(known)] == ["hello"]


def test_a_workflow_that_needs_nothing_runs_at_once(known: httpx.Client, received: Received) -> None:
    assert browse(known, "/duck/workflow-1-0").status_code == 200
    assert len(received(known)) == 1


@pytest.mark.parametrize("route", ["duck", "workflow"])
def test_what_a_workflow_needs_is_asked_for_and_what_the_address_says_stands_there(
    known: httpx.Client, received: Received, route: str
) -> None:
    answer = browse(known, f"/{route}/form-text.city.required-text.note", note="a <b>")
    assert (answer.status_code, asks_app(answer)) == (200, True)
    assert 'name="inputs.city"' in answer.text
    assert 'value="a &lt;b&gt;"' in answer.text
    assert received(known) == []
    assert browse(known, f"/{route}/form-text.city.required", city="Paris").status_code == 200
    assert [call["inputs"] for call in received(known)] == [{"city": "Paris"}]


SIZED = "form-select.size.options+Big+Small-number.count"


@pytest.mark.parametrize(
    ("told", "name", "said"),
    [
        ("size=Huge", "size", "Please choose one of the options."),
        ("count=many", "count", "That is not a number."),
    ],
)
def test_what_does_not_fit_in_an_address_is_told_beside_its_field_and_not_by_dify(
    known: httpx.Client, received: Received, told: str, name: str, said: str
) -> None:
    answer = browse(known, f"/workflow/{SIZED}?{told}")
    assert (answer.status_code, asks_app(answer), said in answer.text) == (400, True, True)
    assert re.search(rf'name="inputs\.{name}"[^>]* aria-invalid="true"', answer.text)
    assert "in input form" not in answer.text
    assert received(known) == []
    assert browse(known, f"/workflow/{SIZED}", size="Big", count="2").status_code == 200
    assert [call["inputs"] for call in received(known)] == [{"size": "Big", "count": "2"}]


def test_what_the_owner_fills_in_need_not_be_asked_for(endpoint: Open, received: Received) -> None:
    client = endpoint(app={"app_id": "form-text.city.required", "inputs": {"city": "Rome"}, "files": []}, key=None)
    sign_in(client)
    assert browse(client, "/duck").status_code == 200
    assert [call["inputs"] for call in received(client)] == [{"city": "Rome"}]


def test_an_app_that_turns_out_to_need_a_question_shows_the_form_of_a_chat(
    known: httpx.Client, received: Received
) -> None:
    answer = browse(known, "/duck/chatform-text.city")
    assert (answer.status_code, asks_app(answer), 'name="query"' in answer.text) == (200, True, True)


def test_on_the_chats_route_a_question_is_asked_for(known: httpx.Client, received: Received) -> None:
    answer = browse(known, "/chat/chatform-text.city", city="Paris")
    assert (answer.status_code, asks_app(answer), "Paris" in answer.text) == (200, True, True)
    assert received(known) == []


def test_programs_go_on_as_they_were(endpoint: Open) -> None:
    client = endpoint()
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        answer = client.get("/chat/chat-1-0", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert client.get("/duck/chat-1-0", headers=ACCEPT).status_code == 200


def test_a_head_answers_as_the_page_would_and_runs_nothing(known: httpx.Client, received: Received) -> None:
    for path in ("/duck/chat-1-0", "/duck/workflow-1-0", "/duck/unknown"):
        head, get = (known.request(method, path, headers=TYPED) for method in ("HEAD", "GET"))
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-type"] == get.headers["content-type"] == "text/html; charset=utf-8"
    assert len(received(known)) == 1


def test_under_signature_there_is_no_page(endpoint: Open, received: Received) -> None:
    client = endpoint(access="signature", webhook="stripe", webhook_secret="whsec_x", app="chat-1-0", key=None)
    sign_in(client)
    answer = browse(client, "/duck/chat-1-0", query="hi")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert not asks_app(answer)
    assert post(client, "/duck/chat-1-0", {**PAGE, "query": "hi"}).status_code == 401
    assert received(client) == []


# --- what the form posts


def test_what_the_form_posts_is_answered_as_a_page(known: httpx.Client, received: Received) -> None:
    answer = post(known, "/duck/chat-2-0", {**PAGE, "query": "hello", "user": "donald"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "tok1" in answer.text
    [call] = received(known)
    assert (call["query"], call["user"], call["inputs"]) == ("hello", "donald", {})


def test_what_the_owner_set_for_programs_does_not_touch_the_form(endpoint: Open, received: Received) -> None:
    client = endpoint(
        key=None,
        app="chat-1-0",
        query_template="{{ body.text }}",
        run_if="{{ body.never }}",
        webhook="stripe",
        memory="user",
        reply="callback",
        callback_url="https://example.org/{{ body.x }}",
        default_format="json",
    )
    sign_in(client)
    for _ in range(2):
        answer = post(client, "/duck", {**PAGE, "query": "hello", "user": "u"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert [(call["query"], call["conversation_id"]) for call in received(client)] == [("hello", "")] * 2


@pytest.mark.parametrize(
    ("app", "fields", "kept"),
    [
        ("chat-1-0", {"conversation_id": "c-1"}, 'value="c-1"'),
        ("form-text.city.required-text.note", {"inputs.note": "my note"}, "my note"),
        ("form-number.count", {"inputs.count": "many"}, "many"),
        ("http-400-invalid_param-No_such_place", {"query": "my question"}, "my question"),
        ("http-413-too_large-Too_large", {"query": "my question"}, "my question"),
        ("http-429-rate_limit_error-Slow_down", {"query": "my question"}, "my question"),
        ("http-503-x-Down", {"query": "my question", "user": "donald"}, "my question"),
        ("error-something_broke", {"query": "my question"}, "my question"),
        ("http-400-invalid_param-missing_query", {"query": "my question"}, "my question"),
    ],
)
def test_nothing_that_was_typed_is_lost(known: httpx.Client, app: str, fields: Mapping[str, str], kept: str) -> None:
    answer = post(known, f"/duck/{app}", {**PAGE, **fields})
    assert answer.status_code >= 400
    assert (asks_app(answer), kept in answer.text, 'role="alert"' in answer.text) == (True, True, True)


def test_what_the_log_says_of_a_failure_is_found_by_the_id_on_the_page(known: httpx.Client) -> None:
    for app in ("unknown", "error-something_broke", "http-503-x-Down"):
        answer = post(known, f"/duck/{app}", {**PAGE, "query": "my question"})
        assert "my question" in answer.text
        assert f"<code>{answer.headers['x-request-id']}</code>" in answer.text, app


def test_a_limit_that_is_reached_keeps_the_question(endpoint: Open) -> None:
    client = endpoint(key=None, limit_endpoint="1/hour")
    sign_in(client)
    post(client, "/duck/chat-1-0", {**PAGE, "query": "first"})
    answer = post(client, "/duck/chat-1-0", {**PAGE, "query": "my second"})
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)
    assert ("my second" in answer.text, asks_app(answer)) == (True, True)


# --- what stands on every page


def test_what_the_owner_should_change_is_told_to_a_holder_of_the_key_alone(endpoint: Open) -> None:
    hint = "For the owner of this endpoint"
    client = endpoint(key=None, allowed_apps="chat-1-0")
    sign_in(client)
    refused = browse(client, "/duck/chat-2-0")
    assert (refused.status_code, hint in refused.text) == (403, True)
    public = endpoint(**{**PUBLIC, "api_key": KEY}, allowed_apps="chat-1-0")
    refused = browse(public, "/duck/chat-2-0")
    assert (refused.status_code, hint in refused.text) == (403, False)
    assert hint in public.get("/duck/chat-2-0", headers={**TYPED, "X-API-Key": KEY}).text
    assert hint not in public.get("/duck/chat-2-0", headers={**TYPED, "X-API-Key": "wrong"}).text
    sign_in(public)
    assert hint in browse(public, "/duck/chat-2-0").text


def test_every_page_lets_nothing_run_in_it(known: httpx.Client) -> None:
    pages = {
        "the form": browse(known, "/duck/chat-1-0"),
        "an answer": browse(known, "/duck/chat-1-0", query="hi"),
        "an error": browse(known, "/duck/unknown"),
        "events": browse(known, "/duck/chat-1-0", query="hi", format="events"),
        "nowhere": browse(known, "/nowhere"),
    }
    known.cookies.clear()
    pages["the key form"] = browse(known, "/duck/chat-1-0")
    for name, page in pages.items():
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), name
        assert ("script-src" in policy, "unsafe" in policy) == (False, False), name
        assert {"form-action 'self'", "frame-ancestors 'self'", "base-uri 'none'"} <= set(policy.split("; ")), name
        assert page.headers["referrer-policy"] == "no-referrer", name


@pytest.mark.parametrize("name", ["inputs.note", "query", "user", "conversation_id"])
def test_a_form_of_megabytes_that_is_refused_is_not_shown_again_whole(endpoint: Open, name: str) -> None:
    visitor = endpoint(**PUBLIC, allowed_apps="form-paragraph.note-text.city.required")
    answer = post(visitor, "/workflow/form-paragraph.note-text.city.required", {**PAGE, name: '"' * 3_000_000})
    assert (answer.status_code, asks_app(answer)) == (400, True)
    assert len(answer.text) < 6_000_000
