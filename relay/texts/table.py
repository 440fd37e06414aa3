"""A table as lines of text, its columns one below the other."""

import unicodedata
from collections.abc import Sequence

WIDEST = 40  # columns of a terminal: a longer cell moves the rest of its row
MOST_PADDED = 8_000  # characters: a larger table is not worth its blanks


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Give the rows, the first with a rule below it."""
    if not rows:
        return []
    wide = [min(max(map(_width, column), default=0), WIDEST) for column in zip(*rows, strict=False)]
    if (sum(wide) + 3 * len(wide)) * len(rows) > MOST_PADDED:
        return [" | ".join(row).rstrip() for row in rows]
    lines = [" | ".join(map(_padded, row, wide)).rstrip() for row in rows]
    return [lines[0], "-+-".join("-" * width for width in wide), *lines[1:]]


def _padded(cell: str, width: int) -> str:
    return cell + " " * max(width - _width(cell), 0)


def _width(cell: str) -> int:
    """Count what a fixed-width font takes: East Asian characters take two columns, accents none."""
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in {"W", "F"}) for each in cell
    )
