"""A conversation that is kept in the page's own form, and goes on in one of Dify's."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.visits import ask, ended, question, received, seen
from workspace.testing import Workspace


def test_three_turns_go_on_in_one_conversation_and_stay_on_the_page(
    page: Page, workspace: Workspace, everyone: Open
) -> None:
    address = everyone("parrot")
    page.goto(address)
    for text in ("Why **ducks**?", "And geese?", "<b>Swans</b>?"):
        ask(page, text)
        ended(page)
    calls = received(workspace, address)
    assert [call["query"] for call in calls] == ["Why **ducks**?", "And geese?", "<b>Swans</b>?"]
    begun, *others = [call["conversation_id"] for call in calls]
    assert begun == ""
    assert others[0] == others[1] != ""
    expect(page.locator("main h2")).to_have_text(["Why **ducks**?", "And geese?", "<b>Swans</b>?"])
    earlier = page.get_by_role("region", name="Earlier in this chat").locator(".md")
    expect(earlier).to_have_text(["Why ducks?", "And geese?"])
    expect(earlier.locator("strong")).to_have_text("ducks")
    assert seen(page) == "<b>Swans</b>?"


def test_a_new_chat_begins_anew(page: Page, workspace: Workspace, everyone: Open) -> None:
    address = everyone("parrot")
    page.goto(address)
    ask(page, "first")
    ended(page)
    page.get_by_role("link", name="New chat").click()
    expect(page.get_by_text("Quack?")).to_be_visible()
    expect(page.get_by_text("first")).to_have_count(0)
    ask(page, "second")
    ended(page)
    assert [call["conversation_id"] for call in received(workspace, address)] == ["", ""]


def test_turns_that_are_too_many_are_dropped_the_oldest_first_and_that_is_said(
    page: Page, workspace: Workspace, everyone: Open
) -> None:
    address = everyone("big-100000")
    page.goto(address)
    for text in ("first", "second", "third", "fourth"):
        ask(page, text)
        ended(page)
    expect(page.get_by_text("Earlier turns that are no longer shown: 1")).to_be_visible()
    expect(page.locator("main h2")).to_have_text(["second", "third", "fourth"])
    assert len({call["conversation_id"] for call in received(workspace, address)[1:]}) == 1


def test_a_suggested_question_is_asked_by_its_button(page: Page, workspace: Workspace, everyone: Open) -> None:
    address = everyone("parrot")
    page.goto(address)
    page.get_by_role("button", name="Why?").click()
    ended(page)
    assert [call["query"] for call in received(workspace, address)] == ["Why?"]
    expect(page.locator("#now h2")).to_have_text("Why?")
    expect(page.get_by_role("button", name="Why?")).to_have_count(0)


def test_a_suggested_question_wins_over_one_that_was_typed(page: Page, workspace: Workspace, everyone: Open) -> None:
    address = everyone("parrot")
    page.goto(address)
    question(page).fill("something else")
    page.get_by_role("button", name="Why?").click()
    ended(page)
    assert [call["query"] for call in received(workspace, address)] == ["Why?"]


def test_nothing_is_sent_without_a_question(page: Page, workspace: Workspace, everyone: Open) -> None:
    address = everyone("parrot")
    page.goto(address)
    ask(page, "first")
    ended(page)
    page.get_by_role("button", name="Send").click()  # the browser itself asks for it
    assert question(page).evaluate("field => field.matches(':invalid')")
    ask(page, "   ")  # and the relay, where the browser does not
    expect(page.get_by_role("alert")).to_have_text("Write a question first.")
    expect(page.locator("main h2")).to_have_text(["first"])
    assert len(received(workspace, address)) == 1


def test_to_load_the_page_again_asks_nothing_again(page: Page, workspace: Workspace, everyone: Open) -> None:
    address = everyone("parrot")
    page.goto(address)
    ask(page, "once")
    ended(page)
    page.goto(address)
    expect(question(page)).to_have_value("")
    assert len(received(workspace, address)) == 1
