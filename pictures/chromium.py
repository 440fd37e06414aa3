"""The machine's own Chromium, found by name."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

# first the one that has no window at all, as Playwright itself prefers: it takes half as long for the same page
NAMES = (
    *("chromium-headless-shell", "chrome-headless-shell"),
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
)
OPTIONS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")


def find() -> str | None:
    """Give where it is, None for nowhere."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def open_chromium(executable: str) -> Iterator[Browser]:
    """Start it without a window. While it is open, Playwright's event loop runs in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*OPTIONS])
        try:
            yield browser
        finally:
            browser.close()
