import re
from collections.abc import Mapping
from importlib import resources
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.page import style

READABLE = 4.5  # WCAG 2.2, 1.4.3
SEEN = 3.0  # 1.4.11, of a control's edge

LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", block)) for block in re.findall(r":root\{(.*?)\}", style.SHEET)
)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((style.luminance(one), style.luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, {**LIGHT, **DARK}], ids=["light", "dark"])
def test_all_that_is_written_can_be_read_by_day_and_by_night(colours: Mapping[str, str]) -> None:
    inks = [name for name in colours if name in {"ink", "soft", "link", "bad", "good"} or name.startswith("c-")]
    assert len(inks) == 10
    weak = {
        (ink, ground): contrast(colours[ink], colours[ground])
        for ink, ground in product(inks, ("paper", "card"))
        if contrast(colours[ink], colours[ground]) < READABLE
    }
    assert weak == {}
    assert contrast(colours["edge"], colours["paper"]) >= SEEN
    assert contrast(colours["accent"], "#000000") >= READABLE


@pytest.mark.parametrize(
    ("accent", "ink"),
    [("#000000", "#fff"), ("#ffffff", "#000"), ("#0b6e4f", "#fff"), ("#f2b619", "#000"), ("#767676", "#000")],
)
def test_what_is_written_on_an_owners_colour_is_black_or_white(accent: str, ink: str) -> None:
    assert style.of_accent(accent) == f":root{{--accent:{accent};--on:{ink}}}"


@given(st.integers(0, 0xFFFFFF))
def test_it_can_be_read_on_any_colour(number: int) -> None:
    accent = f"#{number:06x}"
    ink = {"#000": "#000000", "#fff": "#ffffff"}[style.ink_on(accent)]
    assert contrast(accent, ink) >= READABLE


def test_a_luminance_is_what_the_standard_says() -> None:
    assert [style.luminance(one) for one in ("#000000", "#ffffff")] == [0.0, pytest.approx(1.0)]
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)  # WebAIM's contrast checker


@pytest.mark.parametrize("accent", ["", "red", "#abc", "#0b6e4f;}", "#0b6e4f\n", "#０b6e4f", "</style>"])
def test_what_is_no_colour_makes_no_style(accent: str) -> None:
    assert style.of_accent(accent) == ""


def test_the_sheet_reaches_a_page_whole() -> None:
    assert style.SHEET.count("{") == style.SHEET.count("}")
    assert {*"<&\r\n"}.isdisjoint(style.SHEET)
    assert style.SHEET.isascii() or "●" in style.SHEET
    assert "url(" not in style.SHEET
    assert "@import" not in style.SHEET


def test_a_sheet_loses_only_what_its_readers_need() -> None:
    source = resources.files("relay.page.style").joinpath("page.css").read_text(encoding="utf-8")
    assert re.sub(r"[\s;]", "", source) == re.sub(r"[\s;]", "", style.SHEET)
    assert ".code :is(" in style.SHEET
    assert ":has(~ .d)" in style.SHEET


def test_sides_are_named_as_the_text_goes() -> None:
    assert re.findall(r"[{;](?:margin|padding|border)-(?:left|right)|text-align:(?:left|right)", style.SHEET) == []
