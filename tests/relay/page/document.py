"""An answer's page as a browser reads it: what it is made of, and what stands in which slot."""

import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

from relay.errors import RelayError
from relay.page.answer import Page
from relay.page.declared import Asking, Declared
from relay.page.view import View
from tests.markup import VOID

LEFT_OPEN = frozenset({"html"})
TAGS = frozenset(
    re.findall(
        r"\w+",
        """html meta link title style header h1 h2 h3 h4 h5 h6 nav a main section article template slot div span p i
        details summary ul ol li dl dt dd table thead tbody tr th td pre code blockquote form input textarea label
        figure figcaption button iframe small strong bdi img em del hr br""",
    )
)
ATTRIBUTES = frozenset(
    re.findall(
        r"[\w-]+",
        """lang dir charset name content slot class id href rel target download src alt role aria-live aria-label
        aria-hidden shadowrootmode method enctype action type value title hidden tabindex scope for rows placeholder
        required start checked disabled""",
    )
)
INLINE = frozenset({"span", "a", "i", "small", "strong", "bdi", "em", "del", "code"})
ADDRESS = re.compile(r"(https?|mailto):", re.IGNORECASE)
OURS = frozenset({"?", "?#now"})
ICON = re.compile(
    r"data:image/svg\+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    r"%3Ctext y='13' font-size='13'%3E(%[0-9A-F]{2}|[A-Za-z0-9._~-])+%3C/text%3E%3C/svg%3E"
)


class Document(HTMLParser):
    """What a page says: its tags in their order, and the text by slot. Raises ValueError for what is ill nested."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.slots: dict[str, str] = {}
        self.styles: list[str] = []
        self.text = ""
        self._open: list[tuple[str, str | None]] = []
        self.feed(page.decode())
        self.close()
        left = [tag for tag, _ in self._open if tag not in LEFT_OPEN]
        if left:
            raise ValueError(f"left open: {left}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, None if tag == "slot" else dict(attrs).get("slot")))
        self._apart(tag)

    def handle_endtag(self, tag: str) -> None:
        self._apart(tag)
        last, _ = self._open.pop()
        if last != tag:
            raise ValueError(f"{tag} ends {last}")

    def _apart(self, tag: str) -> None:
        """Keep the texts of two blocks from being one word."""
        for slot in {slot for _, slot in self._open if slot and tag not in INLINE}:
            self.slots[slot] = self.slots.get(slot, "") + " "

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "style":
            self.styles.append(data)
            return
        self.text += data
        for _, slot in self._open:
            if slot:
                self.slots[slot] = self.slots.get(slot, "") + data

    def of(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """Give the attributes of each element of a kind."""
        return [found for name, found in self.tags if name == tag and attributes.items() <= found.items()]

    def carried(self) -> dict[str, str | None]:
        """Give the hidden fields."""
        return {str(field["name"]): field["value"] for field in self.of("input", type="hidden")}

    def foreign(self) -> list[str]:
        """Give whatever is not made of what our pages are made of."""
        found = [tag for tag, _ in self.tags if tag not in TAGS]
        found += [name for _, attrs in self.tags for name in attrs if name not in ATTRIBUTES]
        for tag, attrs in self.tags:
            target = attrs.get("href") or attrs.get("src") or attrs.get("action")
            if tag == "link":
                found += [] if ICON.fullmatch(target or "") else [str(target)]
            elif target and not (target in OURS if tag == "form" else ADDRESS.match(target) or target in OURS):
                found.append(target)
        return found


def view(asking: Asking = Asking.EITHER, **more: Any) -> View:
    """Give a view that asks."""
    return View(declared=Declared(asking=asking), **more)


def written(
    said: Iterable[Mapping[str, Any]], query: str = "", *, of: View | None = None, error: RelayError | None = None
) -> bytes:
    """Give the whole page of an answer."""
    page = Page(query, of)
    events = b"".join(map(page.event, said))
    return page.opening() + events + (page.error(error) if error else b"") + page.closing()


def document(
    said: Iterable[Mapping[str, Any]], query: str = "", *, of: View | None = None, error: RelayError | None = None
) -> Document:
    return Document(written(said, query, of=of, error=error))


def words(text: str) -> str:
    """Give a text with its blanks as one each."""
    return " ".join(text.split())
