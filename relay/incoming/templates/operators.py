"""What operators do, on values of JSON alone: no text is multiplied or formatted, no number grows without end."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from relay.incoming.templates.budget import SLOT, WEIGHED, Budget, Exhausted
from relay.incoming.templates.values import Missing

MOST_BITS = 14_000  # of a whole number: Python writes no more than 4300 digits


def number(value: Any) -> Any:
    """Return a number that is no monster. Raises TypeError for what is none."""
    if isinstance(value, Missing):
        value.use()
    if not isinstance(value, int | float):
        raise TypeError("not a number")
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise Exhausted("a number is too long")
    return value


def add(work: Budget, left: Any, right: Any) -> Any:
    """Add numbers, and put texts or lists one after the other."""
    if isinstance(left, str) and isinstance(right, str):
        work.text(len(left) + len(right))
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        work.charge((len(left) + len(right)) * SLOT)
        return left + right
    return _arithmetic(operator.add)(work, left, right)


def _bits(value: Any) -> int:
    one = number(value)  # before it is multiplied or divided: a text or list would be repeated, or formatted
    return one.bit_length() if isinstance(one, int) else 1


def _arithmetic(function: Callable[[Any, Any], Any]) -> Callable[[Budget, Any, Any], Any]:
    def calculate(work: Budget, left: Any, right: Any) -> Any:
        work.charge(_bits(left) + _bits(right))
        return number(function(left, right))

    return calculate


BINARY: Mapping[str, Callable[[Budget, Any, Any], Any]] = {
    "+": add,
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(operator.truediv),
    "//": _arithmetic(operator.floordiv),
    "%": _arithmetic(operator.mod),
}


def search(work: Budget, value: str, part: str) -> None:
    """Charge a search for one text in another.

    CPython's (Objects/stringlib/fastsearch.h) is linear for long texts; for short ones it may look at each character
    as often as the part has characters.
    """
    here, there = len(value), len(part)
    work.charge(here + there)
    if here < 2500 or (there < 100 and here < 30_000):
        work.charge(max(here - there, 0) * there // 32)


def contains(work: Budget, container: Any, value: Any) -> bool:
    """Tell whether a text holds a part, a list an item, an object a name."""
    if isinstance(container, str) and isinstance(value, str):
        search(work, container, value)
    elif isinstance(container, list):
        if isinstance(value, str):
            work.charge(len(container) * (SLOT + len(value) // 64))
        elif isinstance(value, list | dict):
            work.weigh(container)
        else:
            work.charge(len(container) * SLOT)
    elif isinstance(value, str):
        work.charge(len(value))
    return bool(value in container)


def _comparison(function: Callable[[Any, Any], Any]) -> Callable[[Budget, Any, Any], bool]:
    def compare(work: Budget, left: Any, right: Any) -> bool:
        for one in (left, right):
            if isinstance(one, Missing):
                one.use()
        if isinstance(left, str) and isinstance(right, str):
            work.charge(min(len(left), len(right)) // 8)
        elif isinstance(left, list | dict) and isinstance(right, list | dict):
            work.weigh(left)
            work.weigh(right)
        else:
            work.charge(WEIGHED)
        return bool(function(left, right))

    return compare


COMPARISONS: Mapping[str, Callable[[Budget, Any, Any], bool]] = {
    "eq": _comparison(operator.eq),
    "ne": _comparison(operator.ne),
    "gt": _comparison(operator.gt),
    "gteq": _comparison(operator.ge),
    "lt": _comparison(operator.lt),
    "lteq": _comparison(operator.le),
    "in": lambda work, value, container: contains(work, container, value),
    "notin": lambda work, value, container: not contains(work, container, value),
}
