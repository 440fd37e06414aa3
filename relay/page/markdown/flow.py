"""Markdown that grows on a page without a script, and Markdown that is there at once.

What is not complete stands as plain text in a `.r`; the style sheet hides it as soon as a `.d`, its rendered form,
follows. `relay.page.markdown.blocks` tells what is complete.
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

from relay.page.markdown.blocks import Block, Blocks, Kind
from relay.page.markdown.rendering import Rendering

RAW = '<span slot="answer" class="r" aria-hidden="true">'
RAW_END = "</span>"
DONE = '<div slot="answer" class="d md" dir="auto">'
EMPTY = '<div slot="answer" class="d"></div>'  # of definitions alone: hides them
PLAIN = '<div slot="answer" class="d plain" dir="auto">'
DONE_END = "</div>"
LONGEST = 128 * 1024  # characters of an answer that are rendered; what comes then stays plain
BACK = '<i slot="answer" class="back"></i>'


class Flow:
    """The Markdown of one answer, as it comes. Each call gives HTML to append to the page, "" for nothing."""

    def __init__(self, image_hosts: Sequence[str] = (), room: int = LONGEST) -> None:
        self._image_hosts = tuple(image_hosts)
        self._closing = ""  # of the element that is open: of what is not complete, or of what stays plain
        self.room = room
        """Characters that may still be rendered."""
        self._begin()

    def _begin(self) -> None:
        self._blocks = Blocks()
        self._rendering = Rendering(self._image_hosts)
        self._over = False  # nothing more of it is rendered

    def add(self, text: str) -> str:
        """Take what the app said next."""
        if len(text) > self.room:
            return self._add_plain(text)
        self.room -= len(text)
        done, raw = self._blocks.add(text)
        written = self._written(done) if done else ""
        if not raw:
            return written
        opening = "" if self._closing else RAW
        self._closing = RAW_END
        return f"{written}{opening}{escape(raw)}"

    def _add_plain(self, text: str) -> str:
        written, room, self.room = "", self.room, 0
        if not self._over:
            self._over = True
            done, _ = self._blocks.add(text[:room])
            written = self._written([*done, *self._blocks.end()])
        opening = "" if self._closing else PLAIN
        self._closing = DONE_END
        return f"{written}{opening}{escape(text[room:])}"

    def pause(self) -> str:
        """Let something else be written: closes what is open, which the next text opens again."""
        closing, self._closing = self._closing, ""
        return closing

    def replace(self, text: str) -> str:
        """Take back all that was said; `text` was said instead."""
        closing = self.pause()
        self._begin()
        return f"{closing}{BACK}{self.add(text)}"

    def end(self) -> str:
        """Render what is left: nothing comes any more."""
        written = self._written(self._blocks.end())
        return f"{written}{self.pause()}"

    def _written(self, done: Sequence[Block]) -> str:
        return self.pause() + "".join(map(self._slotted, done))

    def _slotted(self, block: Block) -> str:
        html = _html(block, self._rendering)
        if html is None:
            return f"{PLAIN}{escape(block.text)}{DONE_END}"
        return f"{DONE}{html}{DONE_END}" if html else EMPTY


def render(text: str, image_hosts: Sequence[str] = (), budget: int | None = None) -> Markup:
    """Render a whole text. Blocks beyond the first `budget` characters stay plain."""
    rest = ""
    if budget is not None and len(text) > budget:  # to tell blocks apart takes time as well
        end = (text.find("\n", budget) + 1) or len(text)
        text, rest = text[:end], text[end:].lstrip("\n")
    blocks = Blocks()
    done, _ = blocks.add(text)
    rendering = Rendering(image_hosts)
    written, size = [], 0
    for block in [*done, *blocks.end()]:
        size += len(block.text)
        html = None if budget is not None and size > budget else _html(block, rendering)
        written.append(_plainly(block.text) if html is None else html)
    if rest:
        written.append(_plainly(rest))
    return Markup("".join(written))  # noqa: S704  each part is escaped or rendered


def _plainly(text: str) -> str:
    return f'<div class="plain">{escape(text)}</div>\n'


def _html(block: Block, rendering: Rendering) -> str | None:
    """Give a block as HTML, "" for one that shows nothing, None for one that stays plain."""
    match block.kind:
        case Kind.TEXT:
            return rendering.paragraph(block.text)
        case Kind.MARKDOWN:
            return rendering.markdown(block.text)
        case Kind.CODE:
            return f"{rendering.colours.html(block.text, block.info)}\n"
        case Kind.PLAIN:
            return None
