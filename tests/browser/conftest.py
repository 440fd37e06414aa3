"""A real Chromium: the machine's own, found by name."""

import os
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from pictures.chromium import find, open_chromium
from tests.browser.site import Site, serve
from tests.browser.watch import Watch
from workspace.testing import Workspace

KEY = "quack-quack"
PATIENCE_MS = 30_000  # on a busy machine


class Open(Protocol):
    """Makes an endpoint at which everyone may use an app, unless the settings say otherwise; gives the app's page."""

    def __call__(self, app: str, route: str = "duck", **settings: Any) -> str: ...


@pytest.fixture(scope="package")  # while Playwright is open its event loop runs, and no other test can have one
def browser() -> Iterator[Browser]:
    found = find()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium is installed, and CI must try the pages")
        pytest.skip("no Chromium is installed")
    expect.set_options(timeout=PATIENCE_MS)
    with open_chromium(found) as chromium:
        yield chromium


@pytest.fixture
def context(browser: Browser, workspace: Workspace, site: Site) -> Iterator[BrowserContext]:
    """A browser of somebody's own without JavaScript, which no page may need; none may load anything but itself."""
    with browser.new_context(java_script_enabled=False, locale="en-GB") as opened:
        opened.set_default_timeout(PATIENCE_MS)
        watch = Watch(opened, workspace.url, site.url)
        yield opened
        watch.check()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def unwatched(browser: Browser) -> Iterator[Page]:
    """A page without JavaScript that may load what else the test gives it."""
    with browser.new_context(java_script_enabled=False, locale="en-GB") as opened:
        opened.set_default_timeout(PATIENCE_MS)
        yield opened.new_page()


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """Another site than the relay's."""
    with serve() as served:
        yield served


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    with Workspace() as running:
        yield running


@pytest.fixture
def everyone(workspace: Workspace) -> Open:
    def make(app: str, route: str = "duck", **settings: Any) -> str:
        base_url = workspace.endpoint(settings={"access": "public", "api_key": KEY, "allowed_apps": app, **settings})
        return f"{base_url}/{route}/{app}"

    return make


@pytest.fixture
def with_key(workspace: Workspace) -> Open:
    """Make an endpoint that asks for the key."""

    def make(app: str, route: str = "duck", **settings: Any) -> str:
        return f"{workspace.endpoint(settings={'api_key': KEY, **settings})}/{route}/{app}"

    return make
