"""How a messenger counts a text."""

from collections.abc import Callable

type Measure = Callable[[str], int]


def characters(text: str) -> int:
    """Count code points."""
    return len(text)


def utf16(text: str) -> int:
    """Count UTF-16 units, as JavaScript, LINE and Telegram do."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """Count bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))
