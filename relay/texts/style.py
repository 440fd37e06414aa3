"""What tells one sender's dialect from another's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


class Flush(str):
    """A line that is never indented: indentation would be part of the code."""

    __slots__ = ()


type Lines = list[str]


def flush(lines: Sequence[str]) -> Lines:
    return [Flush(line) for line in lines]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link with its text: as words, and as the dialect shows them."""

    words: str
    shown: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One dialect. Only `escape` has seen the text that is handed to the others, where they say so."""

    escape: Callable[[str], str]
    code: Callable[[str], str]  # a code span, unescaped
    block: Callable[[str, str], Lines]  # a code block, unescaped, and its language or ""
    link: Callable[[Link], str]
    quote: Callable[[Lines, int], Lines]  # shown lines, how deep it stands in other quotes
    table: Callable[[Lines], Lines]  # aligned lines, unescaped
    bullet: str = "• "
    marks: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # of strong, em and s
    headings: int = 0  # levels that are shown with number signs; the others are bold
    paragraph: Callable[[str], str] = str  # shown lines: what would begin a block at the beginning of one
    # what goes between a mark and a letter beside it, where the dialect knows marks only around whole words;
    # "": nothing helps, and the marks are left out; None: it knows them anywhere
    joint: str | None = None
    apart: bool = False  # code can't stand in anything that is marked
    one_line: bool = False  # marks end with their line
