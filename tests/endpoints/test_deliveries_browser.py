"""What was accepted is seen in a browser, by whoever has entered the key there."""

from collections.abc import Iterator

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.endpoints.later import HOLDER, accepted, answering, ask, ended
from workspace.testing import Workspace, until

PAGE = {"Accept": "text/html"}


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
