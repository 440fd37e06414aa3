"""The workspace's chat in a browser: a person asks at each sender, and sees the answer come."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from workspace.senders.posting import POSTERS
from workspace.testing import Workspace

SAID = re.compile("You said")


@pytest.fixture
def chat(browser: Browser) -> Iterator[Page]:
    """A page with JavaScript, by which it renews itself."""
    with browser.new_context() as context:
        context.set_default_timeout(30_000)
        yield context.new_page()


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("name", POSTERS)
def test_a_person_asks_and_is_answered_where_the_question_stands(workspace: Workspace, chat: Page, name: str) -> None:
    chat.goto(f"{workspace.url}/chat/{name}")
    say(chat, "Why do ducks quack?")
    expect(chat.locator("article.person").last).to_contain_text("Why do ducks quack?")
    expect(chat.locator("article.bot").last).to_contain_text(SAID)
    expect(chat.locator("article.streaming")).to_have_count(0)
    expect(chat.locator(".posted").last).to_contain_text("acknowledged in")
    expect(chat.get_by_role("alert")).to_have_count(0)


def test_formatting_is_seen_and_scripts_are_not(workspace: Workspace, chat: Page) -> None:
    chat.goto(f"{workspace.url}/chat/telegram")
    say(chat, "Why do **ducks** <script>alert(1)</script>?")
    expect(chat.locator("article.bot strong").first).to_have_text("ducks")
    expect(chat.locator("article.bot").last).to_contain_text("<script>alert(1)</script>")
    assert chat.locator("main script").count() == 0


def test_it_works_without_a_script(workspace: Workspace, page: Page) -> None:
    page.goto(f"{workspace.url}/chat/line")
    say(page, "Without a script?")
    expect(page.locator("article.person").last).to_contain_text("Without a script?")
