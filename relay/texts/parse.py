"""Markdown as a tree of blocks. What an app says chooses neither how long that takes nor how deep it goes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

# the parser takes some 0.1 s for it, whatever stands in it
LARGEST = 16_000  # characters
# each opening bracket is looked through to the end of its paragraph
MOST_BRACKETS = 1_000
MOST_CELLS = 2_000
DEEPEST = 20  # levels; a list is two


BETWEEN = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Node:
    """A block. One that holds text has the inline tokens in its token's children."""

    token: Token
    children: list["Node"] = field(default_factory=list)


def parser(*, html: bool, tables: bool = True) -> MarkdownIt:
    """Make a parser of GitHub's Markdown, warm: it compiles its rules at the first text, on whichever thread."""
    made = MarkdownIt("commonmark", {"maxNesting": DEEPEST, "html": html})
    made.enable(["table", "strikethrough"] if tables else "strikethrough")
    made.parse("*a*")
    return made


def crowded(markdown: str) -> bool:
    """Tell whether its tables may have too many cells: a row that lacks some is filled up by the parser."""
    tables = (part.split("\n") for part in BETWEEN.split(markdown) if "|" in part)
    return sum(len(rows) * (1 + max(row.count("|") for row in rows)) for rows in tables) > MOST_CELLS


_PARSER = parser(html=False)
_WITHOUT_TABLES = parser(html=False, tables=False)


def blocks(markdown: str) -> list[Node] | None:
    """Parse a text of at most LARGEST characters. None if it's too entangled: the parser would leave the rest out."""
    if markdown.count("[") > MOST_BRACKETS:
        return None
    tokens = (_WITHOUT_TABLES if crowded(markdown) else _PARSER).parse(markdown)
    # what is deeper than the last levels is gone
    return None if any(token.level > DEEPEST - 3 for token in tokens) else _tree(tokens)


def _tree(tokens: Sequence[Token]) -> list[Node]:
    root: list[Node] = []
    within = [root]
    for token in tokens:
        if token.nesting < 0:
            within.pop()
            continue
        node = Node(token)
        within[-1].append(node)
        if token.nesting > 0:
            within.append(node.children)
    return root
