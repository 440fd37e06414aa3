"""The filters, tests and methods that templates may use, by their names in Jinja2."""

from collections.abc import Callable, Mapping
from typing import Any

from relay.incoming.templates import lists, texts
from relay.incoming.templates.budget import STEP, Budget
from relay.incoming.templates.operators import COMPARISONS, number
from relay.incoming.templates.values import Missing, getter, items, text

type Function = Callable[..., Any]


def apply(work: Budget, name: str, value: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Run a filter. Raises LookupError for a name that is none's, Lacking for a missing value."""
    work.charge(2 * STEP)
    function = FILTERS[name]
    if name not in DEFAULTS:
        _use(value, *args, *kwargs.values())
    return function(work, value, *args, **kwargs)


def check(work: Budget, name: str, value: Any, args: list[Any], kwargs: dict[str, Any]) -> bool:
    """Run a test. Raises LookupError for a name that is none's, Lacking for a missing value that it looks into."""
    work.charge(2 * STEP)
    if name in KINDS:
        return KINDS[name](value)
    function = TESTS[name]
    _use(value, *args, *kwargs.values())
    return bool(function(work, value, *args, **kwargs))


def call(work: Budget, name: str, value: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Call a method. Raises TypeError for a value that has it not."""
    work.charge(2 * STEP)
    _use(value, *args, *kwargs.values())
    for kind, function in METHODS[name].items():
        if isinstance(value, kind):
            return function(work, value, *args, **kwargs)
    raise TypeError("no such method")


def _use(*values: Any) -> None:
    for value in values:
        if isinstance(value, Missing):
            value.use()


def _default(_: Budget, value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    return default_value if isinstance(value, Missing) or (boolean and not value) else value


def _map(work: Budget, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
    found = items(work, value)
    if args:
        name, *rest = args
        return [apply(work, name, one, rest, kwargs) for one in found]
    look = getter(work, kwargs.pop("attribute"))
    instead = kwargs.pop("default", None)
    if kwargs:
        raise TypeError("map takes attribute and default")
    values = [look(one) for one in found]
    return values if instead is None else [instead if isinstance(one, Missing) else one for one in values]


def _selection(*, wanted: bool, by_attribute: bool) -> Function:
    def select(work: Budget, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        look = None
        if by_attribute:
            attribute, *args = args  # type: ignore[assignment]
            look = getter(work, attribute)
        kept = []
        for one in items(work, value):
            work.charge(STEP)
            seen = look(one) if look else one
            passed = check(work, args[0], seen, list(args[1:]), kwargs) if args else bool(seen)
            if passed is wanted:
                kept.append(one)
        return kept

    return select


DEFAULTS = frozenset({"default", "d"})  # take a missing value

FILTERS: Mapping[str, Function] = {
    "abs": texts.absolute,
    "capitalize": texts.capitalize,
    "count": lists.count,
    "d": _default,
    "default": _default,
    "dictsort": lists.dictsort,
    "first": lists.first,
    "float": texts.floating,
    "int": texts.integer,
    "items": lists.pairs,
    "join": lists.join,
    "last": lists.last,
    "length": lists.count,
    "list": lists.as_list,
    "lower": texts.lower,
    "map": _map,
    "max": lists.largest,
    "min": lists.smallest,
    "reject": _selection(wanted=False, by_attribute=False),
    "rejectattr": _selection(wanted=False, by_attribute=True),
    "replace": texts.replace,
    "reverse": texts.reverse,
    "round": texts.rounded,
    "select": _selection(wanted=True, by_attribute=False),
    "selectattr": _selection(wanted=True, by_attribute=True),
    "sort": lists.sort,
    "string": text,
    "striptags": texts.striptags,
    "sum": lists.total,
    "title": texts.title,
    "tojson": texts.tojson,
    "trim": texts.strip,
    "truncate": texts.truncate,
    "unique": lists.unique,
    "upper": texts.upper,
    "urlencode": texts.urlencode,
    "wordcount": texts.wordcount,
}

METHODS: Mapping[str, Mapping[type, Function]] = {
    "endswith": {str: texts.endswith},
    "get": {dict: lists.get},
    "items": {dict: lists.pairs},
    "keys": {dict: lists.keys},
    "lower": {str: texts.lower},
    "lstrip": {str: texts.lstrip},
    "removeprefix": {str: texts.removeprefix},
    "removesuffix": {str: texts.removesuffix},
    "replace": {str: texts.replace},
    "rstrip": {str: texts.rstrip},
    "split": {str: texts.split},
    "splitlines": {str: texts.splitlines},
    "startswith": {str: texts.startswith},
    "strip": {str: texts.strip},
    "upper": {str: texts.upper},
    "values": {dict: lists.values},
}

# what a value is can be asked of one that is missing, too
KINDS: Mapping[str, Callable[[Any], bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "defined": lambda value: not isinstance(value, Missing),
    "false": lambda value: value is False,
    "float": lambda value: isinstance(value, float),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "iterable": lambda value: isinstance(value, str | list | dict),
    "mapping": lambda value: isinstance(value, dict),
    "none": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float),
    "sequence": lambda value: isinstance(value, str | list | dict),
    "string": lambda value: isinstance(value, str),
    "true": lambda value: value is True,
    "undefined": lambda value: isinstance(value, Missing),
}


TESTS: Mapping[str, Function] = {
    "divisibleby": lambda _, value, num: number(value) % number(num) == 0,
    "even": lambda _, value: number(value) % 2 == 0,
    "lower": lambda work, value: texts.paid(work, value).islower(),
    "odd": lambda _, value: number(value) % 2 == 1,
    "sameas": lambda _, value, other: value is other,
    "upper": lambda work, value: texts.paid(work, value).isupper(),
    "eq": COMPARISONS["eq"],
    "==": COMPARISONS["eq"],
    "equalto": COMPARISONS["eq"],
    "ne": COMPARISONS["ne"],
    "!=": COMPARISONS["ne"],
    "gt": COMPARISONS["gt"],
    ">": COMPARISONS["gt"],
    "greaterthan": COMPARISONS["gt"],
    "ge": COMPARISONS["gteq"],
    ">=": COMPARISONS["gteq"],
    "lt": COMPARISONS["lt"],
    "<": COMPARISONS["lt"],
    "lessthan": COMPARISONS["lt"],
    "le": COMPARISONS["lteq"],
    "<=": COMPARISONS["lteq"],
    "in": COMPARISONS["in"],
}
