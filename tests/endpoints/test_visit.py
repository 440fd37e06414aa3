"""A person in a browser: who is let in, and which page they get. httpx is the browser, with what a browser says."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from workspace.testing import Workspace

type Received = Callable[[httpx.Client], list[dict[str, Any]]]

ACCEPT = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "en"}
NAVIGATE = {**ACCEPT, "Sec-Fetch-Mode": "navigate"}
TYPED = {**NAVIGATE, "Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"}
LINKED = {**NAVIGATE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
INSIDE = {**NAVIGATE, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}
FRAMED = {**NAVIGATE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
IN_FRAME = {**NAVIGATE, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}
PAGE = {"duck.page": "1"}
PUBLIC: Mapping[str, Any] = {"access": "public", "api_key": None, "key": None}


def browse(client: httpx.Client, path: str, headers: Mapping[str, str] = TYPED, **params: str) -> httpx.Response:
    return client.get(path, params=params or None, headers=headers)


def post(
    client: httpx.Client, path: str, fields: Mapping[str, str], headers: Mapping[str, str] = INSIDE
) -> httpx.Response:
    return client.post(path, files={name: (None, text) for name, text in fields.items()}, headers=headers)


def sign_in(
    client: httpx.Client, to: str = "", headers: Mapping[str, str] = INSIDE, key: str = KEY
) -> httpx.Response:
    return client.post("/deliveries", data={"key": key, "to": to}, headers=headers)


def went(answer: httpx.Response) -> str:
    """Give where a redirect leads, as an address below the hook's."""
    target = answer.request.url.join(answer.headers["location"])
    hook = answer.request.url.path.split("/")[2]
    assert (target.host, target.port) == (answer.request.url.host, answer.request.url.port)
    return target.raw_path.decode().removeprefix(f"/e/{hook}")


def asks_key(answer: httpx.Response) -> bool:
    return answer.status_code == 401 and 'name="key"' in answer.text and 'type="password"' in answer.text


def asks_app(answer: httpx.Response) -> bool:
    return asks_app_text(answer.text)


def asks_app_text(page: str) -> bool:
    return 'name="duck.page" value="1"' in page and 'enctype="multipart/form-data"' in page


@pytest.fixture
def visitor(endpoint: Open) -> httpx.Client:
    """A browser in which nobody has entered the key yet."""
    return endpoint(key=None)


@pytest.fixture
def known(endpoint: Open) -> httpx.Client:
    """A browser in which the key was entered."""
    client = endpoint(key=None)
    assert sign_in(client).status_code == 303
    return client


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
        ({"size": "Huge"}, "size", "Please choose one of the options."),
        ({"count": "many"}, "count", "That is not a number."),
    ],
    ids=["an option", "a number"],
)
def test_what_does_not_fit_in_an_address_is_told_beside_its_field_and_not_by_dify(
    known: httpx.Client, received: Received, told: dict[str, str], name: str, said: str
) -> None:
    answer = browse(known, f"/workflow/{SIZED}", **told)
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


# --- who is let in


def test_a_visitor_is_asked_for_the_key_and_led_back(visitor: httpx.Client, received: Received) -> None:
    asked = browse(visitor, "/duck/chat-1-0", query="why & how")
    assert asks_key(asked)
    assert 'value="duck/chat-1-0?query=why+%26+how"' in asked.text
    assert 'action="../deliveries"' in asked.text
    entered = sign_in(visitor, "duck/chat-1-0?query=why+%26+how")
    assert entered.status_code == 303
    assert went(entered) == "/duck/chat-1-0?query=why+%26+how&duck.signed=1"
    assert KEY not in str(entered.headers)
    led = browse(visitor, went(entered), INSIDE)
    assert (led.status_code, went(led)) == (303, "/duck/chat-1-0?query=why+%26+how")
    assert received(visitor) == []
    answer = browse(visitor, went(led), INSIDE)
    assert answer.status_code == 200
    assert [(call["query"], call["inputs"]) for call in received(visitor)] == [("why & how", {})]


def test_a_wrong_key_is_asked_for_again(visitor: httpx.Client) -> None:
    answer = sign_in(visitor, "duck/chat-1-0?query=hi", key="wrong")
    assert asks_key(answer)
    assert ("set-cookie" in answer.headers, 'value="duck/chat-1-0?query=hi"' in answer.text) == (False, True)


@pytest.mark.parametrize("headers", [TYPED, LINKED, FRAMED, {"Sec-Fetch-Mode": "navigate"}, ACCEPT], ids=str)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_key_in_a_browsers_address_becomes_the_cookie(
    visitor: httpx.Client, received: Received, headers: Mapping[str, str], method: str
) -> None:
    first = visitor.request(method, "/duck/chat-1-0", params={"query": "hi", "key": KEY}, headers=headers)
    assert (first.status_code, "set-cookie" in first.headers) == (303, False)
    assert went(first) == f"/deliveries?key={KEY}&to=duck%2Fchat-1-0%3Fquery%3Dhi"
    second = visitor.get(went(first), headers=headers)
    assert (second.status_code, went(second)) == (303, "/duck/chat-1-0?query=hi&duck.signed=1")
    cookie = second.headers["set-cookie"]
    framed = headers is FRAMED
    assert cookie.startswith("duck_embedded=" if framed else "duck_session=")
    assert cookie.endswith("HttpOnly; SameSite=None; Secure; Partitioned" if framed else "HttpOnly; SameSite=Lax")
    assert KEY not in f"{second.headers['location']} {cookie}"
    assert received(visitor) == []


def test_a_wrong_key_in_a_browsers_address_leads_nowhere(visitor: httpx.Client, received: Received) -> None:
    for path in ("/duck/chat-1-0", "/deliveries"):
        answer = browse(visitor, path, query="hi", key="hunter2", to="duck/chat-1-0")
        assert asks_key(answer)
        assert not {"location", "set-cookie"} & answer.headers.keys()
        assert "hunter2" not in answer.text
    assert received(visitor) == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "*/*"},
        {"Accept": "text/event-stream"},
        {**ACCEPT, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Accept": "text/event-stream", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=["nothing", "curl", "EventSource", "fetch", "EventSource of a browser"],
)
def test_a_key_in_a_programs_address_lets_it_in_there(
    visitor: httpx.Client, received: Received, headers: Mapping[str, str]
) -> None:
    answer = visitor.get("/duck/chat-1-0", params={"query": "hi", "key": KEY}, headers=headers)
    assert answer.status_code == 200
    assert len(received(visitor)) == 1


def test_a_deliverys_address_with_the_key_leads_to_it_without(visitor: httpx.Client) -> None:
    id_ = "0" * 32
    first = browse(visitor, f"/deliveries/{id_}", key=KEY)
    assert went(first) == f"/deliveries?key={KEY}&to={id_}"
    second = browse(visitor, went(first))
    assert (second.status_code, went(second)) == (303, f"/deliveries/{id_}")
    assert browse(visitor, went(second)).status_code == 404
    assert visitor.get(f"/deliveries?key={KEY}").status_code == 200


@pytest.mark.parametrize("headers", [LINKED, {**ACCEPT}, {**LINKED, "Sec-Fetch-Site": "same-site"}], ids=str)
def test_a_link_of_another_site_runs_nothing(
    known: httpx.Client, received: Received, headers: Mapping[str, str]
) -> None:
    for path in ("/duck/chat-1-0", "/duck/workflow-1-0"):
        answer = browse(known, path, headers, query="transfer all")
        assert (answer.status_code, asks_app(answer)) == (200, True)
    assert "Nothing has run yet" in browse(known, "/duck/chat-1-0", headers, query="transfer all").text
    assert received(known) == []


@pytest.mark.parametrize(
    "headers",
    [
        LINKED,
        {**LINKED, "Sec-Fetch-Site": "same-site"},
        {**ACCEPT, "Origin": "https://evil.example"},
        {**ACCEPT, "Origin": "null"},
        ACCEPT,
    ],
    ids=str,
)
def test_a_post_of_another_site_runs_nothing(
    known: httpx.Client, received: Received, headers: Mapping[str, str]
) -> None:
    for fields in ({**PAGE, "query": "hi"}, {**PAGE, "duck.stop": "x"}, {"query": "hi"}):
        answer = post(known, "/duck/chat-1-0", fields, headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert received(known) == []


def test_no_script_and_no_frame_gets_in_by_the_windows_cookie(known: httpx.Client, received: Received) -> None:
    for dest in ("empty", "iframe", "image", "object", "embed"):
        headers = {**INSIDE, "Sec-Fetch-Dest": dest}
        assert browse(known, "/duck/chat-1-0", headers, query="hi").status_code == 401
        assert post(known, "/duck/chat-1-0", {**PAGE, "query": "hi"}, headers).status_code == 401
    assert received(known) == []


def test_in_a_frame_the_cookie_is_one_of_its_own(visitor: httpx.Client, received: Received) -> None:
    asked = browse(visitor, "/duck/chat-1-0", FRAMED, query="hi")
    assert asks_key(asked)
    entered = sign_in(visitor, "duck/chat-1-0?query=hi", IN_FRAME)
    assert entered.headers["set-cookie"].startswith("duck_embedded=")
    visitor.headers["Cookie"] = entered.headers["set-cookie"].partition(";")[0]  # httpx keeps none that is Secure
    assert asks_app(browse(visitor, "/duck/chat-1-0", FRAMED, query="hi"))
    assert received(visitor) == []
    assert post(visitor, "/duck/chat-1-0", {**PAGE, "query": "hi"}, IN_FRAME).status_code == 200
    assert len(received(visitor)) == 1
    assert browse(visitor, "/duck/chat-1-0", TYPED).status_code == 401
    left = visitor.post("/deliveries", data={"do": "sign-out"}, headers=IN_FRAME)
    assert left.headers["set-cookie"].startswith("duck_embedded=; Max-Age=0")


def test_signing_out_leads_to_the_form_for_the_key(known: httpx.Client) -> None:
    assert known.post("/deliveries", data={"do": "sign-out"}, headers=LINKED).status_code == 403
    page = browse(known, "/duck/chat-1-0", query="hi")
    action, within = re.findall(r'<form method="post" action="([^"]+)">(.+?)</form>', page.text)[0]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]+)"', within))
    left = known.post(f"/duck/{action}", data=fields, headers=INSIDE)
    # to the page itself: that of the deliveries stands in no frame
    assert (left.status_code, went(left)) == (303, "/duck/chat-1-0")
    assert left.headers["clear-site-data"] == '"cache"'
    assert asks_key(browse(known, went(left)))


# --- a browser that keeps no cookie


def cookieless(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    sent = {"key": KEY, "duck.cookieless": "1", **fields}
    return client.post(path, data=sent, headers=IN_FRAME)


def token_in(answer: httpx.Response) -> str:
    found = re.search(r'name="duck\.token" value="([^"]+)"', answer.text)
    return found[1] if found else ""


def test_a_browser_that_keeps_no_cookie_is_let_in_by_its_form(visitor: httpx.Client, received: Received) -> None:
    told = browse(visitor, "/duck/chat-1-0?query=hi&duck.signed=1", IN_FRAME)
    assert asks_key(told)
    assert 'name="duck.cookieless"' in told.text
    assert "keeps no cookie" in told.text
    page = cookieless(visitor, "/duck/chat-1-0?query=hi&duck.signed=1", to="duck/chat-1-0?query=hi")
    assert (page.status_code, asks_app(page), ">\nhi</textarea>" in page.text) == (200, True, True)
    assert not {"set-cookie", "location"} & page.headers.keys()
    assert KEY not in page.text
    assert received(visitor) == []
    token = token_in(page)
    answer = post(visitor, "/duck/chat-1-0", {**PAGE, "query": "hi", "duck.token": token}, IN_FRAME)
    assert answer.status_code == 200
    again = post(visitor, "/duck/chat-1-0", {**PAGE, "query": "", "duck.token": token}, IN_FRAME)
    assert (again.status_code, token_in(again)) == (400, token)
    anew = post(visitor, "/duck/chat-1-0", {**PAGE, "duck.new": "1", "duck.token": token}, IN_FRAME)
    assert (anew.status_code, token_in(anew)) == (200, token)
    assert len(received(visitor)) == 1


def test_no_other_token_lets_in(visitor: httpx.Client, endpoint: Open, received: Received) -> None:
    token = token_in(cookieless(visitor, "/duck/chat-1-0"))
    session = sign_in(visitor).cookies["duck_session"]
    visitor.cookies.clear()
    others = [token_in(cookieless(endpoint(key=None), "/duck/chat-1-0")), session]
    made = ["", "x", token[:-1] + ("0" if token[-1] != "0" else "1"), "9" + token, f"99{token[2:]}"]
    for one in [*others, *made]:
        answer = post(visitor, "/duck/chat-1-0", {**PAGE, "query": "hi", "duck.token": one}, IN_FRAME)
        assert asks_key(answer), one
    for headers in (LINKED, FRAMED, ACCEPT):  # a page of another site that has got hold of one
        answer = post(visitor, "/duck/chat-1-0", {**PAGE, "query": "hi", "duck.token": token}, headers)
        assert answer.status_code in {401, 403}
    assert visitor.get("/duck/chat-1-0", params={"duck.token": token}, headers=TYPED).status_code == 401
    assert browse(visitor, "/duck/chat-1-0", {**TYPED, "Cookie": f"duck_session={token}"}).status_code == 401
    assert received(visitor) == []


def test_an_expired_session_loses_no_question(visitor: httpx.Client) -> None:
    answer = post(visitor, "/duck/chat-1-0", {**PAGE, "query": "my long question"})
    assert asks_key(answer)
    assert 'value="duck/chat-1-0?query=my+long+question"' in answer.text


def test_a_wrong_key_gives_no_token(visitor: httpx.Client) -> None:
    answer = cookieless(visitor, "/duck/chat-1-0", key="wrong")
    assert asks_key(answer)
    assert ('name="duck.cookieless"' in answer.text, token_in(answer)) == (True, "")
    assert cookieless(visitor, "/duck/chat-1-0").status_code == 200
    crossed = visitor.post("/duck/chat-1-0", data={"key": KEY, "duck.cookieless": "1"}, headers=LINKED)
    assert (crossed.status_code, token_in(crossed)) == (401, "")


# --- everyone


def test_the_public_needs_no_key_and_no_cookie(endpoint: Open, received: Received) -> None:
    client = endpoint(**PUBLIC, allowed_apps="chat-1-0, workflow-1-0")
    for headers in (TYPED, LINKED, FRAMED, ACCEPT):
        assert asks_app(browse(client, "/duck/chat-1-0", headers))
        assert browse(client, "/duck/chat-1-0", headers, query="hi").status_code == 200
        assert post(client, "/duck/chat-1-0", {**PAGE, "query": "hi"}, headers).status_code == 200
    assert browse(client, "/duck/workflow-1-0").status_code == 200
    assert len(received(client)) == 9
    assert not [name for name in browse(client, "/duck/chat-1-0").headers if name == "set-cookie"]


@pytest.mark.parametrize(("headers", "believed"), [(INSIDE, True), (LINKED, False), (ACCEPT, False)], ids=str)
def test_what_another_sites_page_says_was_said_is_not_shown(
    endpoint: Open, headers: Mapping[str, str], believed: bool
) -> None:
    client = endpoint(**PUBLIC, allowed_apps="chat-1-0")
    turns = '{"dropped": 0, "turns": [["Who are you?", "Your bank"]]}'
    answer = post(client, "/duck/chat-1-0", {**PAGE, "query": " ", "duck.turns": turns}, headers)
    assert (answer.status_code, "Your bank" in answer.text) == (400, believed)


# --- stop


@contextmanager
def running(
    client: httpx.Client, app: str = "chat-400-50", headers: Mapping[str, str] = INSIDE
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Post a question; give the task's id when it has begun, and what gives the whole page when it has ended."""
    text = ""
    sent = {name: (None, value) for name, value in {**PAGE, "query": "hi"}.items()}
    with client.stream("POST", f"/duck/{app}", files=sent, headers=headers) as answer:
        assert answer.status_code == 200
        chunks = answer.iter_text()
        while not (found := re.search(r'name="duck\.stop" value="([^"]+)"', text)):
            text += next(chunks)

        def whole() -> str:
            return text + "".join(chunks)

        yield unescape(found[1]), whole


STOPS = {**PAGE, "duck.stop": ""}


@pytest.mark.parametrize("app", ["chat-400-50", "workflow-400-50", "chatflow-400-50"])
def test_the_stop_button_ends_the_run_and_what_was_said_stays(
    known: httpx.Client, workspace: Workspace, app: str
) -> None:
    with running(known, app) as (task, whole):
        # the frame that takes the button's answer is in our own page: the cookie is that of the window
        stopped = post(known, f"/duck/{app}", {**STOPS, "duck.stop": task}, IN_FRAME)
        assert (stopped.status_code, stopped.content) == (204, b"")
        text = whole()
    assert text.count("tok") + text.count("part") < 100
    assert asks_app_text(text)
    [call] = [one for one in workspace.ended_calls(hook=str(known.base_url)) if one["type"] == "app"]
    assert call["events"] < 400


def test_nobody_who_guesses_stops_a_run(known: httpx.Client, endpoint: Open) -> None:
    other, stranger = endpoint(key=None), endpoint(key=None)
    sign_in(other)
    other_app, hook = "chat-30-40", str(known.base_url)
    with running(known, other_app) as (task, whole):
        for one in ("", "x", "../" + task, task.upper(), "0" * 64):
            assert post(known, f"/duck/{other_app}", {**STOPS, "duck.stop": one}).status_code == 204
        for client, headers in ((other, INSIDE), (other, IN_FRAME)):
            assert post(client, f"/duck/{other_app}", {**STOPS, "duck.stop": task}, headers).status_code == 204
        assert post(known, "/duck/chat-31-40", {**STOPS, "duck.stop": task}).status_code == 204
        assert post(known, f"/duck/{other_app}", {**STOPS, "duck.stop": task}, LINKED).status_code == 403
        with httpx.Client(base_url=hook) as nobody:
            assert post(nobody, f"/duck/{other_app}", {**STOPS, "duck.stop": task}).status_code == 401
        by_api = stranger.post(
            f"{hook}duck/{other_app}/chat-messages/{task}/stop", json={"user": "u"}, headers={"X-API-Key": KEY}
        )
        assert by_api.status_code == 200
        assert "tok29" in whole()


def test_another_places_cookie_lets_in_nothing_but_the_stop_button(known: httpx.Client, received: Received) -> None:
    assert post(known, "/duck/chat-1-0", {**PAGE, "query": "hi"}, IN_FRAME).status_code == 401
    assert post(known, "/duck/chat-1-0", {"duck.stop": "x"}, IN_FRAME).status_code == 401
    assert post(known, "/duck/chat-1-0", {**STOPS, "duck.stop": "x"}, IN_FRAME).status_code == 204
    assert received(known) == []


@pytest.mark.parametrize(
    "setting", [{"query_template": "About ponds: {{ body.query }}"}, {"run_if": "{{ body.query }}"}]
)
def test_no_form_gets_the_public_past_what_the_owner_makes_of_a_request(
    endpoint: Open, received: Received, setting: Mapping[str, str]
) -> None:
    public = endpoint(**PUBLIC, allowed_apps="chat-1-0", **setting)
    posted = post(public, "/duck/chat-1-0", {**PAGE, "query": "hello"})
    assert (posted.status_code, asks_app(posted)) == (200, False)
    assert [call["query"] for call in received(public)] == [
        "About ponds: hello" if "query_template" in setting else "hello"
    ]
    assert not asks_app(browse(public, "/duck/chat-1-0"))


def test_a_form_that_brings_the_key_itself_is_a_programs(endpoint: Open, received: Received) -> None:
    holder = endpoint(query_template="About ponds: {{ body.query }}")
    assert post(holder, "/duck/chat-1-0", {**PAGE, "query": "hello"}).status_code == 200
    assert [call["query"] for call in received(holder)] == ["About ponds: hello"]


def test_the_public_stops_its_own_run(endpoint: Open) -> None:
    client = endpoint(**PUBLIC, allowed_apps="chat-400-50")
    with running(client, headers=LINKED) as (task, whole):
        assert post(client, "/duck/chat-400-50", {**STOPS, "duck.stop": task}, FRAMED).status_code == 204
        assert "tok399" not in whole()


# --- who reads an error, and who may read at all


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


def test_another_origins_script_never_reads_by_the_cookie(endpoint: Open, received: Received) -> None:
    client = endpoint(key=None, cors_origins="*, https://www.example.org")
    sign_in(client)
    fetch = {"Origin": "https://www.example.org", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    for site in ("cross-site", "same-site", "same-origin"):
        for method in ("GET", "POST", "OPTIONS"):
            headers = {**ACCEPT, **fetch, "Sec-Fetch-Site": site}
            answer = client.request(method, "/duck/chat-1-0", params={"query": "hi"}, headers=headers)
            assert "access-control-allow-credentials" not in answer.headers
            assert answer.status_code == (204 if method == "OPTIONS" else 401)
    assert received(client) == []


def test_a_page_that_nobody_has_opened_yet_runs_nothing(known: httpx.Client, received: Received) -> None:
    answer = browse(known, "/duck/chat-1-0", {**INSIDE, "Sec-Purpose": "prefetch"}, query="hi")
    assert answer.status_code == 503
    assert received(known) == []


@pytest.mark.parametrize("name", ["inputs.note", "query", "user", "conversation_id"])
def test_a_form_of_megabytes_that_is_refused_is_not_shown_again_whole(endpoint: Open, name: str) -> None:
    visitor = endpoint(**PUBLIC, allowed_apps="form-paragraph.note-text.city.required")
    answer = post(visitor, "/workflow/form-paragraph.note-text.city.required", {**PAGE, name: '"' * 3_000_000})
    assert (answer.status_code, asks_app(answer)) == (400, True)
    assert len(answer.text) < 6_000_000


@pytest.mark.parametrize("app", ["chat-1-0", "workflow-1-0"])
def test_a_link_of_another_site_runs_nothing_because_the_key_is_entered_then(
    visitor: httpx.Client, received: Received, app: str
) -> None:
    asked = browse(visitor, f"/duck/{app}?query=transfer", LINKED)
    found = re.search(r'action="\.\.(/deliveries[^"]*)"', asked.text)
    assert found
    again = visitor.post(found[1], data={"key": "wrong", "to": f"duck/{app}?query=transfer"}, headers=INSIDE)
    assert 'action="deliveries?duck.led=1"' in again.text
    entered = visitor.post(found[1], data={"key": KEY, "to": f"duck/{app}?query=transfer"}, headers=INSIDE)
    assert went(entered) == f"/duck/{app}?query=transfer&duck.signed=1&duck.led=1"
    answer = browse(visitor, went(browse(visitor, went(entered), INSIDE)), INSIDE)
    assert (answer.status_code, asks_app(answer)) == (200, True)
    assert received(visitor) == []
