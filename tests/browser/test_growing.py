"""An answer comes into the page while the app still speaks, without a script."""

import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.visits import answer, ask, ended, question, seen
from workspace.testing import Workspace


@pytest.fixture
def gate() -> str:
    """A name under which an app waits until the test lets it go on."""
    return uuid.uuid4().hex[:8]


def test_what_was_said_is_read_before_the_app_has_finished(
    page: Page, workspace: Workspace, everyone: Open, gate: str
) -> None:
    page.goto(everyone(f"held-{gate}-3"))
    ask(page, "Why?")
    expect(answer(page).get_by_text("part 1")).to_be_visible()
    expect(page.locator("#now h2")).to_have_text("Why?")
    expect(page.get_by_text("Waiting for the answer")).to_be_attached()
    expect(question(page)).to_have_count(0)
    workspace.let_through(gate)
    ended(page)
    assert seen(page) == "part 0 part 1 part 2 the end"
    expect(page.get_by_text("Waiting for the answer")).to_be_hidden()
    expect(question(page)).to_be_editable()


def test_a_sentence_is_read_before_it_is_whole_and_never_twice(
    page: Page, workspace: Workspace, everyone: Open, gate: str
) -> None:
    page.goto(everyone(f"heldchatflow-{gate}-2"))
    ask(page, "Why?")
    raw = page.locator(".r:visible")
    expect(raw.last).to_contain_text("part 1")
    assert answer(page).inner_text().count("part 0") == answer(page).inner_text().count("part 1") == 1
    assert page.locator(".d").count() == 0
    workspace.let_through(gate)
    ended(page)
    expect(raw).to_have_count(0)
    assert [answer(page).inner_text().count(f"part {n}") for n in (0, 1)] == [1, 1]
    expect(page.locator(".d:visible")).to_contain_text("part 0 part 1")


def test_what_is_raw_is_hidden_from_screen_readers_and_what_is_whole_is_told(
    page: Page, workspace: Workspace, everyone: Open, gate: str
) -> None:
    page.goto(everyone(f"held-{gate}-2"))
    ask(page, "Why?")
    region = page.get_by_role("region", name="Answer")
    expect(region).to_match_aria_snapshot("- paragraph: part 0")
    workspace.let_through(gate)
    ended(page)
    expect(region).to_match_aria_snapshot("- paragraph: part 0\n- paragraph: part 1\n- paragraph: the end")
    assert page.locator(".r:not([aria-hidden=true])").count() == 0


def test_the_steps_of_a_workflow_are_shown_as_they_go_and_folded_when_done(
    page: Page, workspace: Workspace, everyone: Open, gate: str
) -> None:
    page.goto(everyone(f"heldworkflow-{gate}-2"), wait_until="commit")
    now = page.locator(".now:visible")
    expect(now.locator("li")).to_contain_text(["Step 0", "Step 1", "Wait"])
    expect(now.locator("li").last).to_contain_text("running")
    expect(now.locator("li").first).to_contain_text("done")
    workspace.let_through(gate)
    ended(page)
    expect(now).to_have_count(0)
    steps = page.locator("details.all")
    expect(steps.locator("summary")).to_contain_text("Steps: 3")
    expect(steps.locator("ol")).to_be_hidden()
    steps.locator("summary").click()
    expect(steps.locator("li")).to_contain_text(["Step 0", "Step 1", "Wait"])
    expect(steps.get_by_text("running")).to_have_count(0)


def test_markdown_that_came_in_small_pieces_is_what_it_is_as_a_whole(page: Page, everyone: Open) -> None:
    page.goto(everyone("markdown") + "?query=hi")
    ended(page)
    expect(page.locator(".r:visible")).to_have_count(0)
    assert page.locator("#now .d").count() > 1
