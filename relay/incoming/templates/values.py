"""The values that templates work with: those of JSON, what is missing, and how they become text or results."""

import math
from collections.abc import Callable
from typing import Any, NoReturn

from relay.incoming.templates.budget import PIECE, SLOT, STEP, Budget, digits

ABSENT = object()  # what `look` gives for nothing

_LONGEST_NAME = 100  # characters of a name in an error's text


class Lacking(Exception):
    """A template uses a name that this request does not have; the text is the name with its path."""


class Foreign(Exception):
    """A template gives what JSON can't hold; the text says what."""


class Missing:
    """What stands for a name that is not there, until it is used: then it raises Lacking.

    Without a path it is what an inline `if` without an `else` gives: nothing, which may be written.
    """

    __slots__ = ("path",)

    def __init__(self, path: str | None) -> None:
        self.path = path if path is None else path[:_LONGEST_NAME]

    def within(self, work: Budget, name: Any) -> "Missing":
        """Give what is missing below it."""
        return missing(work, below(self.path or "nothing", name))

    def use(self, *_: Any) -> NoReturn:
        """Raise Lacking."""
        raise Lacking(self.path or "an if without an else")

    def __bool__(self) -> bool:
        return bool(self.path and self.use())

    # Python itself comes across it in lists that it compares, sorts, adds up or writes
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = use
    __str__ = __repr__ = __iter__ = __len__ = __add__ = __radd__ = __float__ = use


def missing(work: Budget, path: str) -> Missing:
    """Give what is not there, and charge for its path, which is kept as long as it is."""
    work.charge(2 * PIECE)
    return Missing(path)


def below(path: str, name: Any) -> str:
    """Spell the path of an attribute or item."""
    return f"{path}[{name}]" if isinstance(name, int) else f"{path}.{str(name)[:_LONGEST_NAME]}"


def look(value: Any, name: Any) -> Any:
    """Give an item of an object, list or text, and ABSENT when it is not there."""
    if not isinstance(value, dict) and not isinstance(name, int):
        return ABSENT
    try:
        return value[name]
    except (LookupError, TypeError):
        return ABSENT


def getter(work: Budget, attribute: Any) -> Callable[[Any], Any]:
    """Give what looks up an attribute as filters name it: a number, or names with dots between them."""
    named = text(work, attribute)
    work.charge(PIECE * len(named))
    names = [int(name) if name.isdecimal() else name for name in named.split(".")]
    absent = Missing(f"item.{named}")

    def get(value: Any) -> Any:
        work.charge(STEP * (1 + len(names)))
        for name in names:
            if isinstance(value, Missing):
                return value.within(work, named)
            value = look(value, name)
            if value is ABSENT:
                return absent
        return value

    return get


def items(work: Budget, value: Any) -> list[Any]:
    """Give what a loop over a value passes: a list's items, an object's names, a text's characters.

    Raises TypeError for all else. The list may be the value itself.
    """
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        work.charge(PIECE * len(value))
    elif isinstance(value, dict | tuple):
        work.charge(SLOT * len(value))
    elif not isinstance(value, Missing):
        raise TypeError(f"{type(value).__name__} has no items")
    return list(value)


def text(work: Budget, value: Any) -> str:
    """Write a value as Jinja2 does, that is, as Python does."""
    if isinstance(value, str):
        return value
    if isinstance(value, Missing) and value.path is None:
        return ""
    if isinstance(value, list | tuple | dict):
        work.weigh(value)
    else:
        work.charge(digits(value))
    return str(value)


def joined(work: Budget, values: list[Any], between: str = "") -> str:
    """Write values one after the other."""
    work.charge(len(values) * SLOT)
    texts = [text(work, value) for value in values]
    work.text(sum(map(len, texts)) + len(between) * max(len(texts) - 1, 0))
    return between.join(texts)


def plain(work: Budget, value: Any) -> Any:
    """Copy a result, so that it is JSON through and through. Raises Lacking and Foreign."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        work.text(len(value))
        return value
    if isinstance(value, int):
        work.charge(digits(value))
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Foreign(f"{value}, which is no number that JSON has")
        return value
    if isinstance(value, list | tuple):
        work.charge(len(value) * PIECE)
        return [plain(work, one) for one in value]
    if isinstance(value, dict):
        work.charge(len(value) * PIECE * 2)
        return {_name(name): plain(work, one) for name, one in value.items()}
    if isinstance(value, Missing):
        return value.use() if value.path else None
    raise Foreign(f"a {type(value).__name__.lower()}, which is nothing that JSON has")


def _name(name: Any) -> str:
    """Spell a name as JSON would."""
    words = {None: "null", True: "true", False: "false"}
    return name if isinstance(name, str) else words[name] if name is None or isinstance(name, bool) else str(name)
