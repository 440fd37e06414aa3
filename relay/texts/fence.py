"""Fences of code blocks: where one is open, so that a piece that ends inside can close it and the next open it again.

Source: CommonMark 0.31.2, "Fenced code blocks".
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from relay.texts.measure import Measure

LONGEST_INFO = 40  # characters: what is repeated at each piece must not fill it

LINE = re.compile(r"^( {0,3})(`{3,}|~{3,})([^\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fence:
    """A fence that is open. Both texts are empty where repeating it would leave no room for the code."""

    mark: str  # the run of backticks or tildes
    opening: str = ""  # with its newline
    closing: str = ""  # with the newline before it

    def closed_by(self, line: re.Match[str]) -> bool:
        return line[2].startswith(self.mark) and not line[3].strip()


@dataclass(frozen=True, slots=True)
class Fences:
    """Where in a text which fence is open."""

    starts: list[int]  # from where on, ascending
    states: list[Fence | None]
    heads: Mapping[int, int]  # where the line of an opening fence ends: where it begins
    marks: Mapping[int, int]  # where the run of an opening fence ends: where its line begins

    def at(self, cut: int) -> Fence | None:
        """Give the fence that is open at the end of the text's first characters."""
        return self.states[bisect_right(self.starts, cut) - 1]


def opened(line: re.Match[str], limit: int, measure: Measure) -> Fence | None:
    """Give the fence that a line opens; one that takes more than half of the limit is repeated without its info."""
    indent, mark, info = line[1], line[2], line[3].strip()
    if mark[0] == "`" and "`" in info:
        return None
    closing = f"\n{indent}{mark}"
    for told in (info[:LONGEST_INFO].rstrip(), ""):
        opening = f"{indent}{mark}{told}\n"
        if measure(opening) + measure(closing) <= limit // 2:
            return Fence(mark, opening, closing)
    return Fence(mark)


def fences(window: str, fence: Fence | None, limit: int, measure: Measure) -> Fences:
    """Tell where fences open and close in a text at whose beginning `fence` is open."""
    found = Fences([0], [fence], {}, {})
    heads: dict[int, int] = {}
    marks: dict[int, int] = {}
    for line in LINE.finditer(window):
        if fence is None:
            fence = opened(line, limit, measure)
            if fence is None:
                continue
            found.starts.append(line.start(2) + 3)
            heads[line.end()] = line.start()
            marks[line.end(2)] = line.start()
        elif fence.closed_by(line):
            fence = None
            found.starts.append(line.end(2))
        else:
            continue
        found.states.append(fence)
    return Fences(found.starts, found.states, heads, marks)
