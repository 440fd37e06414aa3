"""What of HTML the page's Markdown may hold."""

from collections.abc import Mapping

from tests.markup import Element, Piece

OUT = {"rel": "noopener nofollow noreferrer", "target": "_blank"}
# what may stand in which attribute: a set of values, or None for any
ALLOWED: Mapping[str, Mapping[str, set[str] | None]] = {
    **{name: {} for name in ("p", "br", "hr", "h3", "h4", "h5", "h6", "ul", "blockquote", "em", "strong", "s")},
    **{name: {} for name in ("table", "thead", "tbody", "tr", "figcaption")},
    "ol": {"start": None},
    "li": {"class": {"task"}},
    "th": {"class": {"left", "right", "center"}},
    "td": {"class": {"left", "right", "center"}},
    "code": {},
    "pre": {"class": {"code"}, "tabindex": {"0"}},
    "figure": {"class": {"listing"}},
    "i": {"slot": {"answer"}, "class": {"back"}},
    "div": {
        "class": {"scroll", "plain", "d", "d md", "d plain"},
        "tabindex": {"0"},
        "slot": {"answer"},
        "dir": {"auto"},
    },
    "span": {"class": None, "slot": {"answer"}, "aria-hidden": {"true"}},
    "a": {"href": None, "rel": {OUT["rel"]}, "target": {OUT["target"]}},
    "img": {"src": None, "alt": None, "loading": {"lazy"}, "referrerpolicy": {"no-referrer"}},
}


def read(source: str) -> Element:
    return Piece(source).root


def strange(root: Element) -> list[tuple[str, str, str | None]]:
    """Give each element and attribute that the page's Markdown never holds."""
    return [
        (one.tag, name, value)
        for one in root.walk()
        for name, value in [("", None), *one.attributes.items()]
        if one.tag not in ALLOWED or (name and not _known(one.tag, name, value or ""))
    ]


def _known(tag: str, name: str, value: str) -> bool:
    if name in {"href", "src"} and not value.startswith(("https://", "http://", "mailto:")):
        return False
    if (tag, name) == ("span", "class"):  # the raw text, and Pygments' own short names
        return value.isalnum() and len(value) <= 2
    values = ALLOWED[tag].get(name, set())
    return values is None or value in values
