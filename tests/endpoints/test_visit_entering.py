"""A person in a browser: who is let in, and who runs nothing."""

import re
from collections.abc import Mapping

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.visit import (
    ACCEPT,
    FRAMED,
    IN_FRAME,
    INSIDE,
    LINKED,
    PAGE,
    PUBLIC,
    STOPS,
    TYPED,
    Received,
    asks_app,
    asks_key,
    browse,
    post,
    sign_in,
    went,
)

# --- by the key


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


def test_another_places_cookie_lets_in_nothing_but_the_stop_button(known: httpx.Client, received: Received) -> None:
    assert post(known, "/duck/chat-1-0", {**PAGE, "query": "hi"}, IN_FRAME).status_code == 401
    assert post(known, "/duck/chat-1-0", {"duck.stop": "x"}, IN_FRAME).status_code == 401
    assert post(known, "/duck/chat-1-0", {**STOPS, "duck.stop": "x"}, IN_FRAME).status_code == 204
    assert received(known) == []


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


# --- in a browser that keeps no cookie


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
