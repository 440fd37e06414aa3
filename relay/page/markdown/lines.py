"""What a line of Markdown may begin, seen alone. Source: CommonMark 0.31, as markdown-it reads it."""

import re
from dataclasses import dataclass
from enum import StrEnum

CODE = 4  # columns: an indent from which on a line begins no block but code


class Sort(StrEnum):
    """What a line looks like; what it is depends on the lines before it."""

    BLANK = "blank"
    DEEP = "deep"  # indented as code is
    FENCE = "fence"
    HEADING = "heading"
    UNDERLINE = "underline"  # of a heading, below a paragraph
    RULE = "rule"
    QUOTE = "quote"
    FIRST = "first"  # an item that may begin a list within a paragraph
    ITEM = "item"  # one that may not
    BRACKET = "bracket"  # perhaps a definition
    TEXT = "text"


# in the order in which markdown-it asks for them
SORTS = re.compile(
    r"(?P<fence>`{3,}[^`]*\Z|~{3,})"
    r"|(?P<underline>(?:=+|-+)[ \t]*\Z)"
    r"|(?P<rule>(?:(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,})\Z)"
    r"|(?P<quote>>)"
    r"|(?P<first>(?:[-+*]|0{0,8}1[.)])[ \t]+[^ \t])"
    r"|(?P<item>(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]|\Z))"
    r"|(?P<bracket>\[)"
    r"|(?P<heading>#{1,6}(?:[ \t]|\Z))"
)
MARK = re.compile(r"`{3,}|~{3,}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end."""

    text: str
    sort: Sort
    indent: int  # columns

    @property
    def piped(self) -> bool:
        """Tell whether it may be the head of a table, which comes before all else."""
        return "|" in self.text

    @property
    def alone(self) -> "Line":
        """Give what an underline is that stands below no paragraph."""
        dashes = self.text.strip()
        if self.sort is not Sort.UNDERLINE:
            return self
        if dashes == "-":
            return Line(self.text, Sort.ITEM, self.indent)
        return Line(self.text, Sort.RULE if dashes.startswith("---") else Sort.TEXT, self.indent)

    @property
    def begins_item(self) -> bool:
        return self.alone.sort in {Sort.FIRST, Sort.ITEM}


def look(text: str) -> Line:
    """Tell what a line looks like."""
    body = text.lstrip(" \t")
    if not body:
        return Line(text, Sort.BLANK, 0)
    indent = len(text) - len(body)
    if indent and "\t" in text[:indent]:
        indent = len(text[:indent].expandtabs(4))
    if indent >= CODE:
        return Line(text, Sort.DEEP, indent)
    found = SORTS.match(body)
    return Line(text, Sort(found.lastgroup) if found and found.lastgroup else Sort.TEXT, indent)


@dataclass(frozen=True, slots=True)
class Fence:
    """A fence that is open."""

    mark: str  # its run of backticks or tildes
    info: str
    indent: int  # columns, which the lines of the code may have as well
    opener: str  # the whole line

    @classmethod
    def opened(cls, line: Line) -> "Fence":
        body = line.text.lstrip(" \t")
        found = MARK.match(body)
        mark = found[0] if found else ""
        return cls(mark, body[len(mark) :], line.indent, line.text)

    def closed_by(self, line: Line) -> bool:
        if line.sort is not Sort.FENCE:
            return False
        body = line.text.strip(" \t")
        return len(body) >= len(self.mark) and not body.strip(self.mark[0])

    def inner(self, text: str) -> str:
        """Give a line of the code without the fence's own indent."""
        if not self.indent or text[:1] not in {" ", "\t"}:
            return text
        columns = position = 0
        while columns < self.indent and text[position : position + 1] in {" ", "\t"}:
            columns += 1 if text[position] == " " else 4 - columns % 4
            position += 1
        return " " * (columns - self.indent) + text[position:]
