"""A page that a reader has saved shows the whole answer, without the relay."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS, Open
from tests.browser.visits import ask, ended, seen

# as a reader's browser or its extension writes a page down: with its shadow trees
SERIALIZED = """one => one.getHTML({
    shadowRoots: [...document.querySelectorAll('*')].map(each => each.shadowRoot).filter(Boolean)
})"""


@pytest.mark.parametrize("way", ["as one file", "as HTML"])
def test_a_saved_page_shows_the_whole_answer(
    browser: Browser, page: Page, everyone: Open, tmp_path: Path, way: str
) -> None:
    page.goto(everyone("rich"))
    for text in ("first", "second"):
        ask(page, text)
        ended(page)
    if way == "as one file":
        captured = page.context.new_cdp_session(page).send("Page.captureSnapshot", {"format": "mhtml"})["data"]
        (saved := tmp_path / "page.mhtml").write_text(captured, encoding="utf-8", newline="")
    else:
        html = page.locator("html").evaluate(SERIALIZED)
        (saved := tmp_path / "page.html").write_text(f"<!doctype html>{html}", encoding="utf-8")
    with browser.new_context(java_script_enabled=False, offline=True) as elsewhere:
        elsewhere.set_default_timeout(PATIENCE_MS)
        reopened = elsewhere.new_page()
        reopened.goto(saved.as_uri())
        expect(reopened.locator("main h2").first).to_have_text("first")
        assert seen(reopened) == seen(page)
        assert reopened.locator(".turns").inner_text() == page.locator(".turns").inner_text()
