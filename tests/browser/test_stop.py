"""The button that ends a run: in Dify too, and what was said stays."""

import uuid

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.visits import ask, ended, enter_key, hook, question, received, seen
from workspace.testing import Workspace


def test_stop_ends_the_run_and_leaves_what_was_said(page: Page, workspace: Workspace, everyone: Open) -> None:
    gate = uuid.uuid4().hex[:8]
    address = everyone(f"held-{gate}-3")
    page.goto(address)
    ask(page, "Why?")
    expect(page.get_by_text("part 1")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    ended(page)  # although nobody has let the app go on
    assert [call["outcome"] for call in workspace.ended_calls(hook=hook(address)) if call["type"] == "app"] == [
        "aborted"
    ]
    assert "part 0 part 1" in seen(page)
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    expect(page.locator("#now h2")).to_have_text("Why?")
    expect(question(page)).to_be_editable()


def test_a_conversation_goes_on_after_stop(page: Page, workspace: Workspace, with_key: Open) -> None:
    gate = uuid.uuid4().hex[:8]
    address = with_key(f"held-{gate}-2")
    page.goto(address)
    enter_key(page)
    ask(page, "one")
    expect(page.get_by_text("part 0")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    ended(page)
    workspace.let_through(gate)
    ask(page, "two")
    ended(page)
    expect(page.locator("main h2")).to_have_text(["one", "two"])
    first, second = received(workspace, address)
    assert (first["conversation_id"], second["conversation_id"] != "") == ("", True)


def test_an_answer_that_has_ended_has_no_stop_button(page: Page, everyone: Open) -> None:
    page.goto(everyone("parrot"))
    ask(page, "Why?")
    ended(page)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
