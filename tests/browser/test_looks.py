"""How the page looks: light and dark, on a phone, in other languages and directions, and as the owner wants it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS, Open
from tests.browser.visits import ask, ended
from tests.browser.watch import Watch
from workspace.testing import Workspace

type Visit = Callable[..., Page]
type Until = Literal["load", "commit"]

PHONE = {"width": 390, "height": 844}
WIDTH = "document.documentElement.scrollWidth"
WIDE = "| " + " | ".join(["wide"] * 40) + " |\n" + "|---" * 40 + "|"
BRIGHT, DIM = 600, 200
BACKGROUND = "one => getComputedStyle(one).backgroundColor"


@pytest.fixture
def visit(browser: Browser, workspace: Workspace) -> Iterator[Visit]:
    """Open an address in a browser that is set up in some way."""
    with ExitStack() as stack:

        def opened(address: str, until: Until = "load", **how: Any) -> Page:
            context = stack.enter_context(
                browser.new_context(**{"java_script_enabled": False, "locale": "en", **how})
            )
            context.set_default_timeout(PATIENCE_MS)
            stack.callback(Watch(context, workspace.url).check)
            page = context.new_page()
            page.goto(address, wait_until=until)
            return page

        yield opened


def luminance(page: Page, what: str) -> int:
    """Give how bright one of a page's colours is: 0 to 765."""
    colour = page.locator("body").evaluate(f"one => getComputedStyle(one).{what}")
    return sum(int(float(part)) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")[:3])


def test_it_is_light_or_dark_as_the_readers_system_is(visit: Visit, everyone: Open) -> None:
    address = everyone("demo-guide")
    light, dark = (visit(address, color_scheme=scheme) for scheme in ("light", "dark"))
    assert luminance(light, "backgroundColor") > BRIGHT
    assert luminance(light, "color") < DIM
    assert luminance(dark, "backgroundColor") < DIM
    assert luminance(dark, "color") > BRIGHT


@pytest.mark.parametrize(
    ("app", "query"), [("rich", "hi"), ("code-4000", "hi"), ("parrot", WIDE), ("http-503-x-Down", "w" * 500)]
)
def test_a_phone_scrolls_one_way_only(visit: Visit, everyone: Open, app: str, query: str) -> None:
    page = visit(everyone(app), viewport=PHONE)
    assert page.evaluate(WIDTH) == PHONE["width"]
    ask(page, query)
    expect(page.locator(".end, [role=alert]").first).to_be_attached()
    assert page.evaluate(WIDTH) == PHONE["width"]


def test_a_phone_shows_the_whole_form(visit: Visit, everyone: Open) -> None:
    page = visit(everyone("demo-guide"), viewport=PHONE)
    assert page.evaluate(WIDTH) == PHONE["width"]


@pytest.mark.parametrize(
    ("locale", "language", "send"),
    [
        ("ja-JP", "ja", "送信"),
        ("zh-CN", "zh-Hans", "发送"),
        ("zh-TW", "zh-Hant", "傳送"),
        ("pt-BR", "pt", "Enviar"),
        ("fr-FR", "en", "Send"),
    ],
)
def test_its_texts_are_in_the_readers_language(
    visit: Visit, everyone: Open, locale: str, language: str, send: str
) -> None:
    page = visit(everyone("parrot"), locale=locale)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("button.go")).to_contain_text(send)
    assert (page.locator("button.go").inner_text() == "Send") is (language == "en")


def test_what_is_written_from_right_to_left_is_read_so(visit: Visit, everyone: Open) -> None:
    page = visit(everyone("parrot", title="בַּרְוָז") + "?query=لماذا+تصيح+البطة؟%0A%0AQuack!")
    ended(page)
    direction = "all => all.map(one => getComputedStyle(one).direction)"
    assert page.locator("h1, #now h2").evaluate_all(direction) == ["rtl", "rtl"]
    assert page.locator("#now .d").evaluate_all(direction) == ["rtl", "ltr"]
    assert page.locator("html").evaluate("one => getComputedStyle(one).direction") == "ltr"


def test_nothing_moves_for_whoever_wants_that(visit: Visit, everyone: Open) -> None:
    address = everyone("held-still-1") + "?query=hi"  # it waits for as long as nobody lets it through
    moving = "one => getComputedStyle(one).animationName"
    still, other = (visit(address, "commit", reduced_motion=motion) for motion in ("reduce", "no-preference"))
    assert (still.locator(".wait").evaluate(moving), other.locator(".wait").evaluate(moving)) == ("none", "wait")


def test_title_and_colour_are_the_owners(visit: Visit, everyone: Open) -> None:
    page = visit(everyone("parrot", title="Ask <b>Donald</b>", accent="#336699"))
    expect(page.locator("h1")).to_have_text("Ask <b>Donald</b>")
    expect(page).to_have_title("Ask <b>Donald</b>")
    assert page.locator("button.go").evaluate(BACKGROUND) == "rgb(51, 102, 153)"
