"""Who holds the key enters it once: the browser's cookie proves it from then on."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import KEY, Open
from tests.browser.visits import ask, ended, enter_key, hook, question, received, seen
from workspace.testing import Workspace


def test_a_key_is_asked_for_and_the_question_of_the_address_is_answered_then(
    page: Page, context: BrowserContext, workspace: Workspace, with_key: Open
) -> None:
    address = with_key("parrot")
    answered = page.goto(f"{address}?query=why+%26+how")
    assert answered
    assert answered.status == 401
    assert received(workspace, address) == []
    enter_key(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("That is not the right key.")
    assert context.cookies() == []
    enter_key(page)
    ended(page)
    assert seen(page) == "why & how"
    assert page.url.startswith(f"{address}?query=why+%26+how")
    [cookie] = context.cookies()
    kept = {name: cookie.get(name) for name in ("name", "path", "httpOnly", "sameSite")}
    assert kept == {"name": "duck_session", "path": f"/e/{hook(address)[-16:]}", "httpOnly": True, "sameSite": "Lax"}
    assert KEY not in cookie.get("value", "")
    ask(page, "and then?")
    ended(page)
    assert [call["query"] for call in received(workspace, address)] == ["why & how", "and then?"]


def test_a_key_in_the_address_goes_out_of_it(
    page: Page, workspace: Workspace, context: BrowserContext, with_key: Open
) -> None:
    address = with_key("parrot")
    page.goto(f"{address}?query=hello&key={KEY}")
    ended(page)
    assert seen(page) == "hello"
    assert KEY not in page.url
    assert KEY not in page.content()
    page.goto(address)
    expect(question(page)).to_be_editable()
    page.go_back()
    assert KEY not in page.url
    assert [cookie.get("name") for cookie in context.cookies()] == ["duck_session"]


def test_a_wrong_key_in_the_address_leads_to_the_form_for_it(
    page: Page, workspace: Workspace, context: BrowserContext, with_key: Open
) -> None:
    address = with_key("parrot")
    page.goto(f"{address}?query=hello&key=hunter2")
    expect(page.get_by_role("alert")).to_have_text("That is not the right key.")
    assert "hunter2" not in page.content()
    assert context.cookies() == []
    enter_key(page)
    ended(page)
    assert seen(page) == "hello"
    assert "hunter2" not in page.url


def test_whoever_signs_out_is_asked_for_the_key_again(
    page: Page, context: BrowserContext, workspace: Workspace, with_key: Open
) -> None:
    address = with_key("parrot")
    page.goto(address)
    enter_key(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    assert context.cookies() == []
    page.goto(f"{address}?query=hello")
    expect(page.get_by_label("API key")).to_be_visible()
    assert received(workspace, address) == []


def test_the_deliveries_page_and_an_apps_have_one_cookie(page: Page, with_key: Open) -> None:
    address = with_key("parrot")
    page.goto(f"{hook(address)}/deliveries")
    enter_key(page)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto(address)
    expect(question(page)).to_be_editable()


def test_another_endpoints_cookie_lets_nobody_in(page: Page, with_key: Open) -> None:
    page.goto(with_key("parrot"))
    enter_key(page)
    expect(question(page)).to_be_editable()
    page.goto(with_key("parrot"))
    expect(page.get_by_label("API key")).to_be_visible()


def test_an_endpoint_without_a_key_says_so(page: Page, workspace: Workspace) -> None:
    page.goto(f"{workspace.endpoint()}/duck/parrot")
    expect(page.locator("main")).to_contain_text("No key has been set up yet")
