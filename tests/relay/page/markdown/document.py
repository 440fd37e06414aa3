"""HTML as a browser takes it apart, and what of it the page's Markdown may hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "hr", "img"}
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


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    inside: "list[Element | str]" = field(default_factory=list)

    def walk(self) -> "Iterator[Element]":
        for one in self.inside:
            if isinstance(one, Element):
                yield one
                yield from one.walk()

    @property
    def text(self) -> str:
        return "".join(one if isinstance(one, str) else one.text for one in self.inside)


class Document(HTMLParser):
    """Reads HTML whose elements are all closed, in turn."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(source)
        self.close()
        assert [one.tag for one in self._open] == [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].inside.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].inside.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def read(source: str) -> Element:
    return Document(source).root


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
