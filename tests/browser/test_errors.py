"""What went wrong is a page: what happened, what its reader can do, and the question again."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.visits import ask, ended, enter_key, question, seen
from workspace.testing import Workspace

OWNER = "For the owner of this endpoint"


@pytest.mark.alone  # a failure keeps its status where it comes before the page does, after 200 ms
@pytest.mark.parametrize(
    ("app", "status", "said"),
    [
        ("http-429-rate_limit_error-Slow_down", 429, "A limit has been reached"),
        ("http-503-x-Down", 503, "This app can’t be used at the moment"),
        ("error-it_broke", 502, "The app could not finish"),
    ],
)
def test_it_says_what_happened_and_offers_the_question_again(
    page: Page, everyone: Open, app: str, status: int, said: str
) -> None:
    answered = page.goto(f"{everyone(app)}?query=my+question")
    assert answered
    assert answered.status == status
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(question(page)).to_have_value("my question")
    expect(page.get_by_text(OWNER)).to_have_count(0)


def test_only_who_holds_the_key_is_told_what_the_owner_should_change(page: Page, with_key: Open) -> None:
    address = with_key("http-429-rate_limit_error-Slow_down")
    page.goto(address)
    enter_key(page)
    ask(page, "hi")
    expect(page.get_by_text(OWNER)).to_be_visible()
    expect(page.locator("main")).to_contain_text("Slow down")


def test_an_app_that_is_not_open_is_a_page(page: Page, everyone: Open) -> None:
    answered = page.goto(everyone("parrot", allowed_apps="echo"))
    assert answered
    assert answered.status == 403
    expect(page.get_by_role("alert")).to_contain_text("This app is not open here")
    expect(page.get_by_text(OWNER)).to_have_count(0)


def test_an_app_that_is_not_there_is_a_page(page: Page, everyone: Open) -> None:
    answered = page.goto(everyone("unknown"))
    assert answered
    assert answered.status == 404
    expect(page.get_by_role("alert")).to_contain_text("There is no such app")


def test_without_a_key_it_is_asked_for(page: Page, with_key: Open) -> None:
    answered = page.goto(with_key("parrot"))
    assert answered
    assert answered.status == 401
    expect(page.get_by_role("heading", name="This page needs a key")).to_be_visible()


def test_a_limit_that_is_reached_keeps_the_question(page: Page, everyone: Open) -> None:
    page.goto(everyone("parrot", limit_endpoint="1/hour"))
    ask(page, "first")
    ended(page)
    ask(page, "second")
    expect(page.get_by_role("alert")).to_contain_text("A limit has been reached")
    expect(question(page)).to_have_value("second")
    expect(page.locator(".turns h2")).to_have_text(["first"])


def test_an_answer_that_breaks_off_says_so_where_it_broke_and_can_be_asked_again(
    page: Page, workspace: Workspace, everyone: Open
) -> None:
    page.goto(everyone("broken-2"))
    ask(page, "my question")
    ended(page)
    assert "tok0 tok1" in seen(page)
    expect(page.get_by_role("alert")).to_contain_text("The answer broke off here.")
    expect(question(page)).to_have_value("my question")
    expect(page.locator(".wait:visible, .stop:visible")).to_have_count(0)


def test_a_workflow_that_fails_shows_which_step_and_why(page: Page, everyone: Open) -> None:
    page.goto(everyone("failed-2", "workflow"))
    ended(page)
    expect(page.get_by_role("alert")).to_contain_text("the duck flew away")
    page.locator("details.all summary").click()
    expect(page.locator("details.all li").last).to_contain_text("failed")
