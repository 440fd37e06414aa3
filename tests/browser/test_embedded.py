"""The page in a frame of another site: where the owner allows it, with a cookie or without."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, Route, expect

from tests.browser.conftest import KEY, PATIENCE_MS, Open
from tests.browser.site import Site
from tests.browser.visits import ask, ended, enter_key, question, received, seen
from tests.browser.watch import Watch
from workspace.testing import Workspace


def frame(page: Page, site: Site, address: str) -> FrameLocator:
    """Open a page of the other site that shows an address in a frame."""
    page.goto(site.page(f'<iframe src="{address}" title="Duck" width="800" height="600"></iframe>'))
    return page.frame_locator("iframe")


@pytest.fixture
def cookieless(browser: Browser, workspace: Workspace, site: Site) -> Iterator[Page]:
    """A browser that keeps no cookie."""
    with browser.new_context(java_script_enabled=False) as opened:
        opened.set_default_timeout(PATIENCE_MS)
        watch = Watch(opened, workspace.url, site.url)
        opened.route(re.compile("/deliveries"), _without_cookies)
        yield opened.new_page()
        assert opened.cookies() == []
        watch.check()


def _without_cookies(route: Route) -> None:
    answered = route.fetch(max_redirects=0)
    route.request.frame.page.context.clear_cookies()  # the fetch itself has kept it
    headers = {name: value for name, value in answered.headers.items() if name != "set-cookie"}
    route.fulfill(response=answered, headers=headers)


@pytest.mark.parametrize("allowed", [{}, {"cors_origins": "https://elsewhere.example"}], ids=["none", "another"])
def test_only_sites_that_the_owner_names_may_show_it(
    unwatched: Page, site: Site, everyone: Open, allowed: dict[str, str]
) -> None:
    refused: list[str] = []
    unwatched.on("console", lambda message: refused.append(message.text))
    inner = frame(unwatched, site, everyone("parrot", **allowed))
    expect(inner.locator("textarea")).to_have_count(0)
    assert [text for text in refused if "frame-ancestors" in text]


def test_a_conversation_goes_on_in_a_frame(page: Page, workspace: Workspace, site: Site, everyone: Open) -> None:
    address = everyone("parrot", cors_origins=site.url)
    inner = frame(page, site, address)
    for text in ("one", "two"):
        ask(inner, text)
        ended(inner)
        assert seen(inner) == text
    first, second = received(workspace, address)
    assert (first["conversation_id"], second["conversation_id"] != "") == ("", True)


def test_the_key_is_entered_in_the_frame_whose_cookie_is_one_of_its_own(
    page: Page, context: BrowserContext, workspace: Workspace, site: Site, with_key: Open
) -> None:
    address = with_key("parrot", cors_origins=site.url)
    inner = frame(page, site, address)
    enter_key(inner)
    for text in ("one", "two"):
        ask(inner, text)
        ended(inner)
    expect(inner.locator("main h2")).to_have_text(["one", "two"])
    [cookie] = context.cookies()
    kept = {name: cookie.get(name) for name in ("name", "httpOnly", "sameSite", "secure")}
    assert kept == {"name": "duck_embedded", "httpOnly": True, "sameSite": "None", "secure": True}
    assert "localhost" in (cookie.get("partitionKey") or "")
    page.goto(address)  # the same browser, but in a window
    expect(page.get_by_label("API key")).to_be_visible()
    inner = frame(page, site, f"{address}?query=transfer")
    expect(question(inner)).to_have_value("transfer")
    assert [call["query"] for call in received(workspace, address)] == ["one", "two"]


def test_a_browser_that_keeps_no_cookie_goes_on_by_its_form(
    cookieless: Page, workspace: Workspace, site: Site, with_key: Open
) -> None:
    address = with_key("parrot", cors_origins=site.url)
    inner = frame(cookieless, site, address)
    enter_key(inner)
    expect(inner.get_by_text("This browser keeps no cookie for this page.")).to_be_visible()
    enter_key(inner)
    for text in ("one", "two"):
        ask(inner, text)
        ended(inner)
    expect(inner.locator("main h2")).to_have_text(["one", "two"])
    inner.get_by_role("button", name="New chat").click()
    expect(inner.locator("main h2")).to_have_count(0)  # the new page is there: in the old one nothing may be typed
    ask(inner, "three")
    ended(inner)
    expect(inner.locator("main h2")).to_have_text(["three"])
    assert KEY not in inner.locator("html").inner_html()
    assert [call["query"] for call in received(workspace, address)] == ["one", "two", "three"]
