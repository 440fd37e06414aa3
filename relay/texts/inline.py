"""The words of a paragraph in a dialect: marks, code, links."""

from collections.abc import Iterable, Sequence

from markdown_it.token import Token

from relay.texts.style import Link, Style


class _Mark(str):
    """A mark among the words."""

    __slots__ = ()


def inline(tokens: Iterable[Token], style: Style, *, bold: bool = False) -> str:
    """Give the text of inline tokens. It walks them flat: stars may nest thousands of times."""
    line = _Line(style)
    if bold:
        line.open("strong")
    for token in tokens:
        line.take(token)
    if bold:
        line.close("strong")
    return _joined(line.parts, style.joint)


class _Line:
    def __init__(self, style: Style) -> None:
        self.style = style
        self.parts: list[str] = []
        self.words: list[str] = []  # the same without marks, as they were
        self.marks: dict[str, int] = {}  # how often each is open
        self.link: tuple[int, int, str] | None = None  # where its parts and words begin, its URL

    def take(self, token: Token) -> None:
        name, _, way = token.type.rpartition("_")
        match token.type:
            case "softbreak" | "hardbreak":
                self._break()
            case "code_inline":
                self._code(token.content)
            case "image":
                self._image(token.content, str(token.attrs.get("src", "")))
            case "link_open":
                self.link = len(self.parts), len(self.words), str(token.attrs.get("href", ""))
            case "link_close":
                self._end_link()
            case _ if way == "open":
                self.open(name)
            case _ if way == "close":
                self.close(name)
            case _:
                self._text(token.content)

    def open(self, name: str) -> None:
        """Begin to mark; what is bold in a bold text is only counted."""
        self.marks[name] = self.marks.get(name, 0) + 1
        if name in self.style.marks and self.marks[name] == 1:
            self.parts.append(_Mark(self.style.marks[name][0]))

    def close(self, name: str) -> None:
        self.marks[name] -= 1
        if not self.marks[name]:
            del self.marks[name]
            if name in self.style.marks:
                self.parts.append(_Mark(self.style.marks[name][1]))

    def _text(self, content: str) -> None:
        self.parts.append(self.style.escape(content))
        self.words.append(content)

    def _break(self) -> None:
        marked = self.style.one_line and any(name in self.style.marks for name in self.marks)
        self.parts.append(" " if marked or self.link else "\n")
        self.words.append(" ")

    def _code(self, content: str) -> None:
        if not self.style.apart:
            self.parts.append(self.style.code(content))
        elif self.link:
            self.parts.append(self.style.escape(content))
        else:
            names = [name for name in self.marks if name in self.style.marks]
            self.parts += [_Mark(self.style.marks[name][1]) for name in reversed(names)]
            self.parts.append(self.style.code(content))
            self.parts += [_Mark(self.style.marks[name][0]) for name in names]
        self.words.append(content)

    def _image(self, alt: str, url: str) -> None:
        words = " ".join(alt.split()) or url
        shown = self.style.escape(words)
        self.parts.append(shown if self.link else self.style.link(Link(words=words, shown=shown, url=url)))
        self.words.append(words)

    def _end_link(self) -> None:
        if self.link is None:
            return
        parts, words, url = self.link
        self.link = None
        label = "".join(self.words[words:])
        shown = _joined(self.parts[parts:], self.style.joint)
        del self.parts[parts:]
        if label.strip():
            self.parts.append(self.style.link(Link(words=label, shown=shown, url=url)))


def _joined(parts: Sequence[str], joint: str | None) -> str:
    """Join words and marks; a mark beside a letter gets a joint, or goes with the one that belongs to it."""
    if joint is None:
        return "".join(parts)
    before, after = _neighbours(parts, -1), _neighbours(parts[::-1], 0)[::-1]
    made = list(parts)
    open_at: list[int] = []
    for at, part in enumerate(parts):
        if not isinstance(part, _Mark):
            continue
        if not open_at or parts[open_at[-1]] != part:
            open_at.append(at)
            continue
        begin = open_at.pop()
        lettered = before[begin].isalnum(), after[at].isalnum()
        if joint:
            made[begin] = joint + part if lettered[0] else part
            made[at] = part + joint if lettered[1] else part
        elif any(lettered):
            made[begin] = made[at] = ""
    return "".join(made)


def _neighbours(parts: Sequence[str], side: int) -> list[str]:
    """Give for each part the character of the words before it that is nearest; they are seen from their `side`."""
    last, found = "", []
    for part in parts:
        found.append(last)
        if part and not isinstance(part, _Mark):
            last = part[side]
    return found
