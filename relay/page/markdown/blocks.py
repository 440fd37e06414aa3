"""Markdown that comes in pieces, cut where a block is complete, so that each block is parsed once.

A cut is made only where markdown-it would begin a block anew whatever comes: joined, the parts render as the whole
does. What a line alone can't tell (whether a fence of two or three blanks stands in the item of a list or below it)
waits until something must begin anew, and is then asked of markdown-it. There is one exception: a link whose
definition comes in a later block stays text.

What is given does not depend on where the pieces end.
"""

from dataclasses import dataclass
from enum import StrEnum

from relay.page.markdown.lines import Fence, Line, Sort, look
from relay.page.markdown.rendering import open_fence

LARGEST = 16_384  # characters of a block that is parsed; what is longer stays plain
LARGEST_CODE = 20_000  # characters of a fence's code in one piece
LAST_WORD = 200  # characters: a line that is cut is cut before a word as long as this

INSIDE = 2  # columns: the least indent of what belongs to an item
# what ends a paragraph, and what ends whatever else is open, wherever it stands
ENDING_TEXT = frozenset({Sort.FENCE, Sort.HEADING, Sort.RULE, Sort.QUOTE, Sort.FIRST})
ENDING_ALL = frozenset({Sort.FENCE, Sort.HEADING})


class Kind(StrEnum):
    TEXT = "text"  # a paragraph
    MARKDOWN = "markdown"
    CODE = "code"
    PLAIN = "plain"  # too long to be anything else


@dataclass(frozen=True, slots=True)
class Block:
    """A block or several: lines, each with its end."""

    kind: Kind
    text: str
    info: str = ""  # what stands behind a fence


class Blocks:
    """Takes a text in pieces and gives its blocks."""

    def __init__(self) -> None:
        self._done: list[Block] = []
        self._held = ""  # "\r" at the end of a piece: half of a line's end, perhaps
        self._line: list[str] = []  # what is there of the last line
        self._length = 0  # of it
        self._broken = False  # its beginning is given already, because it was too long
        self._begin()

    def _begin(self) -> None:
        self._kind: Kind | None = None  # of the open block: a TEXT, or MARKDOWN of another kind; None if none is open
        self._lines: list[str] = []  # its whole lines
        self._size = 0  # of them, with their ends
        self._plain = False  # a part of it is given already, because it was too long
        self._fence: Fence | None = None
        self._listed = False  # a list or indented code may be open, which a blank line does not end
        self._doubtful = False  # a fence may be open
        self._blank = False  # the last line is blank

    def add(self, text: str) -> tuple[list[Block], str]:
        """Take a piece. Give what is complete by now, and what is to be shown of the rest.

        That is the whole rest if something is complete, else what this piece adds to it.
        """
        if not (self._held or "\n" in text or "\r" in text or "\0" in text):  # most pieces are a word
            self._extend(text)
            done, self._done = self._done, []
            return done, self._rest() if done else text
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r").replace("\0", "\ufffd")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        fresh = self._kind is None and not self._line
        *whole, last = text.split("\n")
        for line in whole:
            self._extend(line)
            self._take()
        self._extend(last)
        done, self._done = self._done, []
        return done, self._rest() if done or fresh else text

    def end(self) -> list[Block]:
        """Give what is still open: nothing comes any more."""
        if self._line or self._held or self._broken:
            self._held = ""
            self._take()
        if self._fence:
            self._close(self._fence)
        else:
            self._cut()
        done, self._done = self._done, []
        return done

    def _rest(self) -> str:
        opener = [self._fence.opener] if self._fence and not self._plain else []
        return "\n".join([*opener, *self._lines, "".join(self._line)])

    def _extend(self, text: str) -> None:
        if text:
            self._line.append(text)
            self._length += len(text)
        while self._size + self._length > (LARGEST_CODE if self._fence else LARGEST):
            self._overflow(LARGEST_CODE if self._fence else LARGEST)

    def _overflow(self, room: int) -> None:
        """Give a part of a block that gets too long: its whole lines, or what there is room for of its only line."""
        text = self._text()
        if not text:
            line = "".join(self._line)
            at = line.rfind(" ", room - LAST_WORD, room) + 1 or room
            text, self._line, self._length, self._broken = line[:at], [line[at:]], len(line) - at, True
        self._done.append(Block(Kind.CODE if self._fence else Kind.PLAIN, text))
        self._kind = self._kind or Kind.TEXT
        self._lines, self._size, self._plain, self._doubtful = [], 0, True, False

    def _take(self) -> None:
        """Take the last line, which is whole now."""
        text, broken = "".join(self._line), self._broken
        self._line, self._length, self._broken = [], 0, False
        if broken:
            self._keep(text)
        else:
            self._read(look(text))

    def _read(self, line: Line) -> None:
        if self._fence:
            self._read_code(line, self._fence)
        elif self._kind is None:
            self._start(line)
        elif self._kind is Kind.TEXT:
            self._read_text(line)
        elif self._listed:
            self._read_listed(line)
        else:
            self._read_markdown(line)

    def _start(self, line: Line) -> None:
        """Begin a block with a line."""
        line = line.alone
        if line.sort is Sort.BLANK:
            return
        if line.sort is Sort.FENCE and not line.piped:
            self._fence = Fence.opened(line)
            self._kind = Kind.CODE
            return
        self._kind = Kind.TEXT if line.sort is Sort.TEXT and not line.piped else Kind.MARKDOWN
        self._listed = line.sort is Sort.DEEP or line.begins_item
        self._doubtful = line.sort is Sort.FENCE
        self._keep(line.text)
        if line.sort in {Sort.HEADING, Sort.RULE} and not line.piped:
            self._cut()

    def _read_code(self, line: Line, fence: Fence) -> None:
        if fence.closed_by(line):
            self._close(fence)
        else:
            self._keep(fence.inner(line.text))

    def _read_text(self, line: Line) -> None:
        if line.sort is Sort.BLANK:
            self._cut()
        elif line.sort in ENDING_TEXT:
            self._cut()
            self._start(line)
        else:
            self._keep(line.text)
            if line.sort is Sort.UNDERLINE:
                self._kind = Kind.MARKDOWN
                self._cut()
            elif line.piped and line.sort is not Sort.DEEP:
                self._kind = Kind.MARKDOWN

    def _read_markdown(self, line: Line) -> None:
        if line.sort is Sort.BLANK or (line.sort in ENDING_ALL and not line.piped):
            self._end_before(line)
        else:
            self._keep(line.text)
            self._listed = line.sort is Sort.DEEP or line.begins_item
            self._doubtful |= line.sort is Sort.FENCE

    def _read_listed(self, line: Line) -> None:
        outside = line.indent < INSIDE and line.sort is not Sort.BLANK and not line.begins_item
        if outside and (self._blank or (line.sort in ENDING_ALL and not line.piped)):
            self._end_before(line)
        else:
            self._keep(line.text)
            self._blank = line.sort is Sort.BLANK
            self._doubtful |= line.sort is Sort.FENCE

    def _end_before(self, line: Line) -> None:
        """Cut before a line that begins a block anew, unless it is a line of a fence that is open."""
        at = open_fence(self._text()) if self._doubtful else None
        if at is None:
            self._cut()
            self._start(line)
            return
        opener, *code = self._lines[at:]
        self._lines = self._lines[:at]
        self._cut()
        self._start(look(opener))
        fence = self._fence = self._fence or Fence.opened(look(opener))
        self._kind = Kind.CODE
        self._lines = [fence.inner(one) for one in code]
        self._size = sum(len(one) + 1 for one in self._lines)
        self._read(line)

    def _keep(self, text: str) -> None:
        self._lines.append(text)
        self._size += len(text) + 1
        self._blank = False

    def _text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    def _cut(self) -> None:
        if self._lines and self._kind:
            self._done.append(Block(Kind.PLAIN if self._plain else self._kind, self._text()))
        self._begin()

    def _close(self, fence: Fence) -> None:
        if self._lines or not self._plain:
            self._done.append(Block(Kind.CODE, self._text(), "" if self._plain else fence.info))
        self._begin()
