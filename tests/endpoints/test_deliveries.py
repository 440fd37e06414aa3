"""What was accepted is seen, repeated, given up and deleted by whoever holds the key, and by nobody else."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.later import (
    HOLDER,
    accepted,
    answering,
    app_calls,
    ask,
    ended,
    listed,
    outcome,
    said,
    shown,
)
from workspace.senders.posting import SECRET
from workspace.testing import Workspace, until

NOBODY = "0" * 32
TOKEN = "x-duck-run"
PAGE = {"Accept": "text/html"}

type Send = Callable[[httpx.Client], httpx.Response]

# --- seen


def test_the_list_has_the_latest_first_each_with_its_address(endpoint: Open) -> None:
    client = endpoint()
    done, failed = accepted(ask(client, "chat-2-0")), accepted(ask(client, "error-x"))
    for id_ in (done, failed):
        ended(client, id_)
    last, first = listed(client)
    assert (last["delivery_id"], last["state"], last["error"]["code"]) == (failed, "failed", "app_failed")
    assert first == {
        **first,
        "delivery_id": done,
        "state": "done",
        "error": None,
        "app_id": "chat-2-0",
        "sender": None,
        "destination": "kept",
        "excerpt": said(2).strip(),
        "url": f"deliveries/{done}",
    }
    assert first["created_at"] <= first["began_at"] <= first["ended_at"]
    address = httpx.URL(str(client.base_url).rstrip("/") + "/deliveries").join(first["url"])
    assert client.get(address).json()["answer"] == said(2)


def test_a_delivery_says_what_was_done_and_when(endpoint: Open) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "chat-2-0"))
    delivery = ended(client, id_)
    assert [step["what"] for step in delivery["steps"]] == ["accepted", "run", "answer"]
    times = [step["at"] for step in delivery["steps"]]
    assert times == sorted(times)
    assert (delivery["tries"], delivery["notes"], delivery["url"]) == (1, [], id_)


def test_nothing_that_is_shown_is_a_secret(endpoint: Open, workspace: Workspace) -> None:
    sender = workspace.sender("telegram")
    client = endpoint(**answering(sender, "telegram", "chat-2-0"))
    sender.post(f"{client.base_url}chat", "hello", place="7001", user="7001")
    [row] = listed(client)
    ended(client, row["delivery_id"])
    for path in ("/deliveries", f"/deliveries/{row['delivery_id']}"):
        for accept in ("application/json", "text/html"):
            told = client.get(path, headers={**HOLDER, "Accept": accept}).text
            assert not [secret for secret in (KEY, SECRET, sender.token) if secret in told]
    stored = workspace.storage().values()
    assert not [value for value in stored if sender.token.encode() in value or KEY.encode() in value]


# --- by whoever holds the key

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


# --- by a browser


@pytest.fixture
def browser(endpoint: Open) -> Iterator[httpx.Client]:
    """A browser in which nobody has entered the key yet, at an endpoint with one delivery."""
    client = endpoint()
    ended(client, accepted(ask(client, "xss")))
    with httpx.Client(base_url=client.base_url, headers={**PAGE, "Sec-Fetch-Site": "same-origin"}) as browsing:
        yield browsing


def first_of(browser: httpx.Client) -> str:
    return str(httpx.get(f"{browser.base_url}deliveries", headers=HOLDER).json()["data"][0]["delivery_id"])


def sign_in(browser: httpx.Client, **more: str) -> httpx.Response:
    return browser.post("/deliveries", data={"key": KEY, **more})


def test_a_browser_is_asked_for_the_key_and_then_let_in_by_its_cookie(browser: httpx.Client) -> None:
    id_ = first_of(browser)
    asked = browser.get(f"/deliveries/{id_}")
    assert (asked.status_code, 'name="key"' in asked.text, id_ in asked.text) == (401, True, True)
    wrong = browser.post("/deliveries", data={"key": "wrong", "to": id_})
    assert (wrong.status_code, "set-cookie" in wrong.headers, 'name="key"' in wrong.text) == (401, False, True)
    entered = sign_in(browser, to=id_)
    cookie = entered.headers["set-cookie"]
    assert entered.status_code == 303
    assert KEY not in cookie
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    opened = browser.get(entered.request.url.join(entered.headers["location"]))
    assert (opened.status_code, opened.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<script>" not in opened.text
    assert "default-src 'none'" in opened.headers["content-security-policy"]
    everything = browser.get("/deliveries")
    assert (everything.status_code, id_ in everything.text) == (200, True)
    left = browser.post("/deliveries", data={"do": "sign-out"})
    assert (left.status_code, browser.get("/deliveries").status_code) == (303, 401)


def test_another_key_ends_the_session(browser: httpx.Client, workspace: Workspace) -> None:
    sign_in(browser)
    assert browser.get("/deliveries").status_code == 200
    workspace.endpoint(hook=str(browser.base_url).rstrip("/").rpartition("/")[2], settings={"api_key": "another"})
    assert browser.get("/deliveries").status_code == 401


def test_one_endpoints_cookie_opens_no_other(browser: httpx.Client, endpoint: Open) -> None:
    sign_in(browser)
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()), **PAGE}
    assert httpx.get(f"{endpoint(key=None).base_url}deliveries", headers=cookie).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
    ids=str,
)
def test_another_sites_page_can_do_nothing_with_the_cookie(browser: httpx.Client, headers: dict[str, str]) -> None:
    id_ = first_of(browser)
    sign_in(browser)
    del browser.headers["Sec-Fetch-Site"]
    browser.headers.update(headers)
    for path in ("redeliver", "cancel", "delete"):
        assert browser.post(f"/deliveries/{id_}/{path}").status_code == 403
    assert browser.post("/deliveries", data={"do": "check"}).status_code == 403
    assert browser.get(f"/deliveries/{id_}").status_code == 200
    by_key = httpx.delete(f"{browser.base_url}deliveries/{id_}", headers={**HOLDER, **headers})
    assert by_key.status_code == 204, "a key can't be sent by another's page"


def test_a_browsers_buttons_lead_back_to_what_they_changed(browser: httpx.Client) -> None:
    id_ = first_of(browser)
    sign_in(browser)
    again = browser.post(f"/deliveries/{id_}/redeliver")
    assert again.status_code == 303
    shown_again = browser.get(again.request.url.join(again.headers["location"]))
    assert (shown_again.status_code, id_ in shown_again.text) == (200, True)
    until(lambda: "Delete" in browser.get(f"/deliveries/{id_}").text)
    gone = browser.post(f"/deliveries/{id_}/delete")
    assert gone.status_code == 303
    everything = browser.get(gone.request.url.join(gone.headers["location"]))
    assert (everything.status_code, id_ in everything.text) == (200, False)


def test_the_settings_are_checked(endpoint: Open, browser: httpx.Client, workspace: Workspace) -> None:
    client = endpoint()
    checks = {one["name"]: one for one in client.post("/deliveries", data={"do": "check"}).json()["checks"]}
    assert (checks["API key"]["status"], checks["This endpoint's URL"]["status"]) == ("problem", "ok"), checks
    sender = workspace.sender("slack")
    bot = endpoint(**answering(sender, "slack", "chat-1-0", bot_token="xoxb-wrong"))
    bot.post("/chat", content=b"{}", headers={"X-Slack-Signature": "v0=0", "X-Slack-Request-Timestamp": "1"})
    found = bot.post("/deliveries", data={"do": "check"}, headers=HOLDER).json()["checks"]
    problems = [one["name"] for one in found if one["status"] == "problem"]
    assert {"Bot token", "Last refusal"} & set(problems) or len(problems) >= 2, found
    sign_in(browser)
    page = browser.post("/deliveries", data={"do": "check"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


# --- once more


def test_what_is_done_runs_again_on_demand(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "chat-2-0"))
    first = ended(client, id_)
    again = client.post(f"/deliveries/{id_}/redeliver")
    assert (again.status_code, again.json()["delivery_id"]) == (202, id_)
    second = ended(client, id_)
    assert (second["state"], second["answer"], second["tries"]) == ("done", said(2), 1)
    assert [step["what"] for step in second["steps"]] == ["accepted", "run", "answer", "redeliver", "run", "answer"]
    assert second["response"]["message_id"] != first["response"]["message_id"]
    assert len(app_calls(workspace, client)) == 2


def test_what_failed_may_run_again(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "error-x"))
    ended(client, id_)
    client.post(f"/deliveries/{id_}/redeliver")
    until(lambda: len(app_calls(workspace, client)) == 2)
    assert outcome(ended(client, id_)) == ("failed", "app_failed")


def test_an_answer_that_could_not_be_sent_is_sent_again_and_the_app_runs_again_only_on_demand(
    endpoint: Open, workspace: Workspace
) -> None:
    sender = workspace.sender("github")
    client = endpoint(**answering(sender, "github", "chat-2-0"))
    sender.faults(fail={"status": 403, "times": 100})
    sender.post(f"{client.base_url}chat", "@quackbot hello", place="duck/pond#70")
    [row] = listed(client)
    id_ = row["delivery_id"]
    try:
        assert outcome(ended(client, id_)) == ("failed", "reply_failed")
        assert shown(client, id_)["answer"] == said(2)
    finally:
        sender.faults()
    again = client.post(f"/deliveries/{id_}/redeliver", headers=HOLDER)
    assert again.status_code == 202
    assert outcome(ended(client, id_)) == ("done", "")
    assert [text.strip().startswith(said(2).strip()) for text in sender.answers("duck/pond#70")] == [True]
    assert len(app_calls(workspace, client)) == 1
    client.post(f"/deliveries/{id_}/redeliver", params={"run": 1}, headers=HOLDER)
    until(lambda: len(app_calls(workspace, client)) == 2)
    assert outcome(ended(client, id_)) == ("done", "")


def test_while_it_runs_it_is_neither_repeated_nor_deleted(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint()
    id_ = accepted(ask(client, "silent-600"))
    until(lambda: len(app_calls(workspace, client)) == 1)
    for answer in (client.post(f"/deliveries/{id_}/redeliver"), client.delete(f"/deliveries/{id_}")):
        assert (answer.status_code, answer.json()["code"]) == (409, "delivery_in_progress")
    client.post(f"/deliveries/{id_}/cancel")
    assert outcome(ended(client, id_)) == ("failed", "cancelled")
    over = client.post(f"/deliveries/{id_}/cancel")
    assert (over.status_code, over.json()["code"]) == (409, "delivery_in_progress")
    assert client.delete(f"/deliveries/{id_}").status_code == 204
    assert (client.get(f"/deliveries/{id_}").status_code, listed(client)) == (404, [])
    workspace.ended_calls(hook=str(client.base_url).rstrip("/"))
    assert [call["outcome"] for call in app_calls(workspace, client)] == ["aborted"]


def test_one_that_waits_is_given_up_before_it_runs(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(memory="user")
    first, second, third = (accepted(ask(client, "silent-600", user="donald")) for _ in range(3))
    assert client.post(f"/deliveries/{second}/cancel").status_code == 200
    assert outcome(shown(client, second)) == ("failed", "cancelled")
    until(lambda: len(app_calls(workspace, client)) == 1)
    client.post(f"/deliveries/{first}/cancel")
    until(lambda: len(app_calls(workspace, client)) == 2)
    client.post(f"/deliveries/{third}/cancel")
    assert {outcome(ended(client, id_)) for id_ in (first, second, third)} == {("failed", "cancelled")}
    assert len(app_calls(workspace, client)) == 2


def test_a_person_is_told_that_their_answer_was_given_up(endpoint: Open, workspace: Workspace) -> None:
    sender = workspace.sender("telegram")
    client = endpoint(**answering(sender, "telegram", "chat-1000-20"))
    sender.post(f"{client.base_url}chat", "hello", place="7002", user="7002")
    [row] = listed(client)
    until(lambda: sender.answers("7002"))
    client.post(f"/deliveries/{row['delivery_id']}/cancel", headers=HOLDER)
    assert outcome(ended(client, row["delivery_id"])) == ("failed", "cancelled")
    [told] = sender.answers("7002")
    assert told.startswith("tok0 tok1")
    assert told.endswith(f"The answer was cancelled. ({row['delivery_id']})")


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
