"""What a person does on an app's page, and what they see there."""

from collections.abc import Mapping
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.conftest import KEY
from workspace.testing import Workspace

type Place = Page | FrameLocator

ACTIVE = "document.activeElement"


def question(page: Place) -> Locator:
    return page.get_by_label("Your question", exact=True)


def ask(page: Place, text: str) -> None:
    """Send a question by the page's form; what comes is not waited for."""
    question(page).fill(text)
    page.get_by_role("button", name="Send").click()


def ended(page: Place) -> None:
    """Wait until the app has said its last."""
    expect(page.locator(".end")).to_be_attached()


def answer(page: Place) -> Locator:
    """Give what the latest question was answered with."""
    return page.locator("#now .answer")


def enter_key(page: Place, key: str = KEY) -> None:
    page.get_by_label("API key").fill(key)
    page.locator("form.key button").click()


def hook(address: str) -> str:
    """Give the base URL of the endpoint of an app's page."""
    return address.rsplit("/", 2)[0]


def received(workspace: Workspace, address: str) -> list[dict[str, Any]]:
    """Give what apps of an endpoint were asked, in order."""
    return [call["request"] for call in workspace.calls(hook=hook(address)) if call["type"] == "app"]


def seen(page: Place) -> str:
    """Give the answer as it is seen: nothing of what is hidden."""
    return " ".join(answer(page).inner_text().split())


def fill(page: Place, fields: Mapping[str, str]) -> None:
    for label, text in fields.items():
        page.get_by_label(label, exact=True).fill(text)
