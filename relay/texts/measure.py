"""How long a text is: each sender counts in its own way.

A text may hold halves of surrogate pairs, which JSON can write and UTF-8 can't: they count as what
stands in for them.
"""

from collections.abc import Callable

type Measure = Callable[[str], int]  # no character counts less than one, and a longer text never counts less


def characters(text: str) -> int:
    """Count code points."""
    return len(text)


def utf16(text: str) -> int:
    """Count code units of UTF-16, as LINE and Telegram do."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """Count bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))
