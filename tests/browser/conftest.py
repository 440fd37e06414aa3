"""A real Chromium: the machine's own, found by name."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from workspace.testing import Workspace

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")  # while Playwright is open its event loop runs, and no other test can have one
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium is installed, and CI must try the pages")
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without JavaScript: none may be needed."""
    with browser.new_context(java_script_enabled=False) as context:
        context.set_default_timeout(15_000)
        yield context.new_page()


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    with Workspace() as running:
        yield running
