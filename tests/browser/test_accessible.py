"""By keyboard alone, with a screen reader, and by the rules of axe-core."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS, Open
from tests.browser.site import Site
from tests.browser.visits import ask, ended, enter_key, hook, question, received, seen
from workspace.testing import Workspace

PLACES = ["a chat", "inputs", "an answer", "a conversation", "results", "an error", "the key", "deliveries"]


@pytest.fixture(params=["light", "dark"])
def scripted(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in which axe-core can run: it is a script, which the page's policy would let run as little as any."""
    with browser.new_context(locale="en-GB", color_scheme=request.param, bypass_csp=True) as opened:
        opened.set_default_timeout(PATIENCE_MS)
        yield opened.new_page()


def go(page: Page, place: str, everyone: Open, with_key: Open) -> None:
    match place:
        case "a chat":
            page.goto(everyone("demo-agent", title="Ducks"))
        case "inputs":
            page.goto(everyone("demo-guide", accent="#336699"))
        case "an answer":
            page.goto(everyone("rich") + "?query=hi")
            ended(page)
        case "a conversation":
            page.goto(everyone("parrot"))
            for text in ("# one", "two"):
                ask(page, text)
                ended(page)
        case "results":
            page.goto(everyone("failed-2", "workflow"))
            ended(page)
            page.locator("details.all summary").click()
        case "an error":
            page.goto(everyone("http-503-x-Down") + "?query=hi")
        case "the key":
            page.goto(with_key("parrot"))
            enter_key(page, "wrong")
            expect(page.get_by_role("alert")).to_be_visible()
        case "deliveries":
            page.goto(f"{hook(with_key('parrot'))}/deliveries")
            enter_key(page)
            expect(page.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing_to_complain_of(scripted: Page, everyone: Open, with_key: Open, place: str) -> None:
    go(scripted, place, everyone, with_key)
    found = Axe().run(scripted).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found] == []


def test_axe_would_find_it(scripted: Page, site: Site) -> None:
    scripted.goto(site.page("<main><input></main>"))
    assert {"html-has-lang", "label"} <= {one["id"] for one in Axe().run(scripted).response["violations"]}


def focused(page: Page) -> Locator:
    return page.locator(":focus")


def walk(page: Page) -> list[str]:
    """Press Tab until no more takes the focus; give what each stop is called, and see that its focus can be seen."""
    stops: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        if not focused(page).count():
            break
        look = "one => { const of = one.closest('.box') ?? one; return getComputedStyle(of).outlineStyle; }"
        assert focused(page).evaluate(look) != "none"
        named = focused(page).evaluate("one => one.labels?.[0]?.innerText ?? one.innerText ?? one.name")
        if not stops or stops[-1] != named:
            stops.append(str(named).strip())
    return stops


def test_the_tab_key_leads_through_the_form_in_its_order(page: Page, everyone: Open) -> None:
    page.goto(everyone("demo-guide"))
    stops = walk(page)
    assert stops == [
        *("Your name", "Where to", "Days", "Children come along", "What you like"),
        *("A photo of a duck", "or the address of a file", "Your notes", "or addresses of files, one a line"),
        *("Your question", "Send", "What can we see there?", "Plan our days", "How do I count ducks in Python?"),
    ]


def test_a_conversation_is_held_by_keyboard(page: Page, workspace: Workspace, everyone: Open) -> None:
    address = everyone("parrot")
    page.goto(address)
    page.keyboard.press("Tab")
    page.keyboard.type("one")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    ended(page)
    assert seen(page) == "one"
    question(page).focus()
    page.keyboard.type("two")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("main h2")).to_have_text(["one", "two"])
    ended(page)
    assert [call["query"] for call in received(workspace, address)] == ["one", "two"]


def test_what_is_folded_is_opened_by_keyboard(page: Page, everyone: Open) -> None:
    page.goto(everyone("workflow-2-0", "workflow"))
    ended(page)
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text(re.compile("Steps: 2"))
    page.keyboard.press("Enter")
    expect(page.locator("details.all ol")).to_be_visible()


def test_each_control_and_region_has_a_name(page: Page, everyone: Open) -> None:
    page.goto(everyone("parrot"))
    ask(page, "hi")
    ended(page)
    expect(page.get_by_role("region", name="Answer")).to_have_attribute("aria-live", "polite")
    for role in ("textbox", "button", "link"):
        for one in page.get_by_role(role).all():
            expect(one).to_have_accessible_name(re.compile("."))
