"""Telegram's HTML: a few tags, each closed in its turn.

Source: Telegram Bot API, "Formatting options: HTML style".
"""

from html import unescape
from html.parser import HTMLParser

TAGS = frozenset(
    [
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ins",
        "s",
        "strike",
        "del",
        "span",
        "tg-spoiler",
        "a",
        "tg-emoji",
        "code",
        "pre",
        "blockquote",
        "tg-time",
    ]
)
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}  # all that have a name there


class Unparsed(ValueError):
    """The text has tags that don't fit."""


class Entities(HTMLParser):
    """Reads Telegram's HTML: a few tags, each closed in its turn."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.shown: list[str] = []

    @classmethod
    def text_of(cls, text: str) -> str:
        """Give what is shown of a text. Raises Unparsed."""
        parser = cls()
        parser.feed(text)
        parser.close()
        if parser.open:
            raise Unparsed(f'Can\'t find end tag corresponding to start tag "{parser.open[-1]}"')
        return "".join(parser.shown)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise Unparsed(f'Unsupported start tag "{tag}" at byte offset {self.getpos()[1]}')
        if tag == "span" and ("class", "tg-spoiler") not in attrs:
            raise Unparsed('Tag "span" must have class "tg-spoiler"')
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            expected = f', expected "</{self.open[-1]}>", found "</{tag}>"' if self.open else ""
            raise Unparsed(f"Unmatched end tag at byte offset {self.getpos()[1]}{expected}")
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise Unparsed("Unclosed start tag")
        self.shown.append(data)

    def handle_entityref(self, name: str) -> None:
        self.shown.append(_ENTITIES.get(name, f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.shown.append(unescape(f"&#{name};"))

    def unknown_decl(self, data: str) -> None:
        raise Unparsed(f"Unsupported declaration {data[:16]}")

    def handle_decl(self, decl: str) -> None:
        self.unknown_decl(decl)

    def handle_comment(self, data: str) -> None:
        self.unknown_decl(data)

    def handle_pi(self, data: str) -> None:
        self.unknown_decl(data)
