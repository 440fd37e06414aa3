"""Filters and methods of lists and objects. Each charges what it may cost before it does it."""

from collections.abc import Callable
from typing import Any

from relay.incoming.templates.budget import PIECE, SLOT, STEP, WEIGHED, Budget
from relay.incoming.templates.operators import number
from relay.incoming.templates.values import Missing, getter, items, joined, text

_PLAIN_HASH = 60  # bits: up to here a whole number is its own hash, above it a stranger can choose them all alike


def count(work: Budget, value: Any) -> int:
    work.charge(1)
    return len(value)


def as_list(work: Budget, value: Any) -> list[Any]:
    found = items(work, value)
    work.charge(len(found) * SLOT)
    return list(found)


def first(work: Budget, value: Any) -> Any:
    if isinstance(value, str | list):
        return value[0] if value else Missing("the first item of an empty list")
    found = items(work, value)
    return found[0] if found else Missing("the first item of an empty list")


def last(work: Budget, value: Any) -> Any:
    if isinstance(value, str | list):
        return value[-1] if value else Missing("the last item of an empty list")
    found = items(work, value)
    return found[-1] if found else Missing("the last item of an empty list")


def join(work: Budget, value: Any, d: Any = "", attribute: Any = None) -> str:
    found = items(work, value)
    if attribute is not None:
        found = list(map(getter(work, attribute), found))
    return joined(work, found, text(work, d))


def total(work: Budget, value: Any, attribute: Any = None, start: Any = 0) -> Any:
    """Add up numbers; a list as the start, which would copy it for each item, is not one."""
    found = items(work, value)
    if attribute is not None:
        found = list(map(getter(work, attribute), found))
    work.charge(len(found) * WEIGHED)
    return number(sum(map(number, found), number(start)))


def pairs(work: Budget, value: Any) -> list[list[Any]]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    work.charge(len(value) * PIECE)
    return [[name, one] for name, one in value.items()]


def keys(work: Budget, value: dict[str, Any]) -> list[Any]:
    work.charge(len(value) * SLOT)
    return list(value)


def values(work: Budget, value: dict[str, Any]) -> list[Any]:
    work.charge(len(value) * SLOT)
    return list(value.values())


def get(work: Budget, value: dict[str, Any], key: Any, default: Any = None) -> Any:
    work.charge(1)
    return value.get(key, default)


def sort(
    work: Budget, value: Any, reverse: bool = False, case_sensitive: bool = False, attribute: Any = None
) -> list[Any]:
    found = items(work, value)
    if attribute is None:
        return _sorted(work, found, lambda one: [_keyed(work, one, case_sensitive)], reverse)
    getters = [getter(work, name) for name in text(work, attribute).split(",")]
    return _sorted(work, found, lambda one: [_keyed(work, get(one), case_sensitive) for get in getters], reverse)


def dictsort(
    work: Budget, value: Any, case_sensitive: bool = False, by: str = "key", reverse: bool = False
) -> list[Any]:
    at = ("key", "value").index(by)
    return _sorted(work, pairs(work, value), lambda one: [_keyed(work, one[at], case_sensitive)], reverse)


def _sorted(work: Budget, found: list[Any], key: Callable[[Any], Any], reverse: bool) -> list[Any]:
    work.charge(len(found) * (STEP + PIECE))
    by = [key(one) for one in found]
    # each comparison may walk through both keys, and each item is in about as many as its place has binary digits
    work.charge(work.weigh(by) * len(found).bit_length() // 16)
    return [found[place] for place in sorted(range(len(found)), key=by.__getitem__, reverse=reverse)]


def _keyed(work: Budget, key: Any, case_sensitive: bool) -> Any:
    if isinstance(key, Missing):
        key.use()
    if case_sensitive or not isinstance(key, str):
        return key
    work.charge(len(key) + PIECE)
    return key.lower()


def unique(work: Budget, value: Any, case_sensitive: bool = False, attribute: Any = None) -> list[Any]:
    found = items(work, value)
    look = getter(work, attribute) if attribute is not None else None
    work.charge(len(found) * PIECE)
    seen, kept = set(), []
    for one in found:
        key = _keyed(work, look(one) if look else one, case_sensitive)
        if isinstance(key, int) and key.bit_length() > _PLAIN_HASH:
            work.charge(key.bit_length())
            key = ("number", str(key))
        elif isinstance(key, str):
            work.charge(len(key) // 8)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return kept


def smallest(work: Budget, value: Any, case_sensitive: bool = False, attribute: Any = None) -> Any:
    return _extreme(min, work, value, case_sensitive, attribute)


def largest(work: Budget, value: Any, case_sensitive: bool = False, attribute: Any = None) -> Any:
    return _extreme(max, work, value, case_sensitive, attribute)


def _extreme(choose: Callable[..., int], work: Budget, value: Any, case_sensitive: bool, attribute: Any) -> Any:
    found = items(work, value)
    if not found:
        return Missing("the smallest or largest item of an empty list")
    look = getter(work, attribute) if attribute is not None else None
    work.charge(len(found) * PIECE)
    by = [_keyed(work, look(one) if look else one, case_sensitive) for one in found]
    work.weigh(by)
    return found[choose(range(len(found)), key=by.__getitem__)]
