"""How pages look: one fixed style sheet, and an owner's colour beside it.

Each goes into an element of its own exactly as it is given here, because a page's policy allows it by its hash.
"""

import re
from importlib import resources

from markupsafe import Markup

BLACK, WHITE = "#000", "#fff"

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLANKS = re.compile(r"\s+")
_AROUND = re.compile(r" ?([{};,>]) ?")


def read(package: str, name: str) -> Markup:
    """Read a style sheet of ours, without the blanks that only its readers need.

    Our sheets keep to what that takes: no blank that matters beside {};,> and none behind a selector's colon.
    """
    text = _COMMENT.sub("", resources.files(package).joinpath(name).read_text(encoding="utf-8"))
    dense = _AROUND.sub(r"\1", _BLANKS.sub(" ", text)).replace(": ", ":").replace(";}", "}")
    return Markup(dense.strip())  # noqa: S704 - a file of ours


SHEET = read("relay.page.style", "page.css")


def of_accent(accent: str) -> Markup:
    """Give the style sheet for an owner's colour, #rrggbb; "" for none, and for what is no colour."""
    if not _COLOUR.fullmatch(accent):
        return Markup()
    return Markup(f":root{{--accent:{accent.lower()};--on:{ink_on(accent)}}}")  # noqa: S704 - checked above


def ink_on(colour: str) -> str:
    """Give black or white: what can be read better on a colour, #rrggbb. One of them has a contrast of 4.5 at least.

    Source: WCAG 2.2, "relative luminance" and "contrast ratio".
    """
    light = luminance(colour)
    return BLACK if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) else WHITE


def luminance(colour: str) -> float:
    """Give how light a colour, #rrggbb, is: 0 for black, 1 for white. Source: WCAG 2.2, "relative luminance"."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
