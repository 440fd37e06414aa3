"""Templates that an endpoint's owner writes, filled from what a caller sends.

Jinja2 in its immutable sandbox, cut down to what shapes data: no macros, imports or globals, a list of filters and
methods, a limit of loop passes and of text. What a template does may depend on a stranger's payload, so it must not
be able to take the plugin's time or memory.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, NoReturn

import yaml
from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.filters import FILTERS
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from relay.errors import AppUnavailable, InvalidParam

MOST_PASSES = 10_000  # of all loops of one template
LONGEST_TEXT = 1024 * 1024  # characters, of a value or of the whole

ALLOWED_FILTERS = [
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
]
ALLOWED_METHODS = frozenset(
    [
        "endswith",
        "get",
        "items",
        "keys",
        "lower",
        "removeprefix",
        "removesuffix",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "upper",
        "values",
    ]
)
FORBIDDEN = (nodes.Macro, nodes.CallBlock, nodes.Import, nodes.FromImport, nodes.Include, nodes.Extends, nodes.Block)

_passes: ContextVar[Iterator[int]] = ContextVar("passes")  # left to the template that is being filled


class _Missing(TemplateError):
    """A name that the payload does not have."""


class _TooMuch(TemplateError):
    """A template that goes over its limits."""


class _Undefined(StrictUndefined):
    @property
    def name(self) -> str:
        """The name that was looked up."""
        return str(self._undefined_name)

    def _fail_with_undefined_error(self, *_: Any, **__: Any) -> NoReturn:
        raise _Missing(self.name)

    __str__ = __iter__ = __len__ = __eq__ = __ne__ = __bool__ = __hash__ = _fail_with_undefined_error


def _limited[T](value: T) -> T:
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise _TooMuch(f"a text is longer than {LONGEST_TEXT} characters")
    return value


def _limit(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def limited(*args: Any, **kwargs: Any) -> Any:
        return _limited(function(*args, **kwargs))

    return limited


def _counted(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        if next(_passes.get(), None) is None:
            raise _TooMuch(f"its loops pass more than {MOST_PASSES} times")
        yield item


def _join(values: list[Any]) -> Any:
    """Keep the type of a template that is one expression; anything else is text."""
    if len(values) == 1:
        return values[0]
    return _limited("".join(map(str, values)))


class _Environment(ImmutableSandboxedEnvironment):
    code_generator_class = NativeCodeGenerator  # hands values to `concat` as they are
    concat = staticmethod(_join)  # type: ignore[assignment]
    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=_Undefined, autoescape=False, extensions=[])
        self.globals.clear()
        self.filters = {name: _limit(FILTERS[name]) for name in ALLOWED_FILTERS} | {"counted": _counted}

    def getattr(self, obj: Any, attribute: str) -> Any:
        # a payload's own `items` or `keys` before the method of that name
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        known = attr in ALLOWED_METHODS or isinstance(obj, LoopContext)
        return known and super().is_safe_attribute(obj, attr, value)

    def unsafe_undefined(self, obj: Any, attribute: str) -> _Undefined:
        return _Undefined(obj=obj, name=attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not (isinstance(left, int | float) and isinstance(right, int | float)) or operator == "**":
            raise _TooMuch(f"{operator} works on numbers alone")  # "a" * 10**9, "%999999999d" % 1
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(FORBIDDEN):
            self._refuse(node)
        for loop in tree.find_all(nodes.For):
            if loop.recursive:
                self._refuse(loop)
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
        return tree

    @staticmethod
    def _refuse(node: nodes.Node) -> NoReturn:
        raise _TooMuch(f"line {node.lineno}: {type(node).__name__.lower()} is not allowed here")


ENVIRONMENT = _Environment()


class TextTemplate:
    """A template whose result is text."""

    def __init__(self, setting: str, source: str) -> None:
        """Compile. Raises AppUnavailable, naming the setting, when it can't be."""
        self._setting = setting
        self._template = _compile(setting, source)

    def fill(self, values: Mapping[str, Any]) -> str:
        """Fill in. Raises InvalidParam, naming the setting and the variable that is missing."""
        result = _fill(self._setting, self._template, values)
        return result if isinstance(result, str) else "" if result is None else str(result)


class ObjectTemplate:
    """YAML or JSON whose texts are templates; one that is a single expression keeps its value's type.

    So `number: "{{ body.issue.number }}"` is a number, and no payload can break out of the text it stands in.
    """

    def __init__(self, setting: str, source: str) -> None:
        """Parse and compile. Raises AppUnavailable, naming the setting, when that fails or it is no object."""
        self._setting = setting
        try:
            tree = yaml.safe_load(source)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f" in line {mark.line + 1}" if mark else ""
            raise AppUnavailable(
                f"The setting {setting} is not valid YAML or JSON{where}; a text that begins with {{{{ needs quotes."
            ) from None
        if not isinstance(tree, dict):
            raise AppUnavailable(f"The setting {setting} must be an object in YAML or JSON.")
        self._tree = self._compile(tree)

    def fill(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in. Raises InvalidParam, naming the setting and the variable that is missing."""
        filled: dict[str, Any] = self._walk(self._tree, values)
        return filled

    def _compile(self, node: Any) -> Any:
        if isinstance(node, dict):
            return {str(name): self._compile(value) for name, value in node.items()}
        if isinstance(node, list):
            return [self._compile(value) for value in node]
        return _compile(self._setting, node) if isinstance(node, str) else node

    def _walk(self, node: Any, values: Mapping[str, Any]) -> Any:
        if isinstance(node, dict):
            return {name: self._walk(value, values) for name, value in node.items()}
        if isinstance(node, list):
            return [self._walk(value, values) for value in node]
        return _fill(self._setting, node, values) if isinstance(node, Template) else node


@functools.lru_cache(maxsize=256)
def _compile(setting: str, source: str) -> Template:
    try:
        return ENVIRONMENT.from_string(source)
    except TemplateError as error:
        raise AppUnavailable(f"The setting {setting} is not a valid template: {error}.") from None
    except (RecursionError, MemoryError, SyntaxError):
        raise AppUnavailable(f"The setting {setting} is not a valid template.") from None


def _fill(setting: str, template: Template, values: Mapping[str, Any]) -> Any:
    _passes.set(iter(range(MOST_PASSES)))
    try:
        result = ENVIRONMENT.concat(list(template.root_render_func(template.new_context(dict(values)))))
    except _Missing as error:
        raise InvalidParam(f"{setting} uses {error}, which this request does not have.") from None
    except _TooMuch as error:
        raise InvalidParam(f"{setting} goes too far: {error}.") from None
    except Exception as error:  # noqa: BLE001 - a filter on a value of another type raises whatever it likes
        raise InvalidParam(f"{setting} can't be filled from this request ({type(error).__name__}).") from None
    if isinstance(result, _Undefined):
        raise InvalidParam(f"{setting} uses {result.name}, which this request does not have.")
    return _limited_result(setting, result)


def _limited_result(setting: str, result: Any) -> Any:
    if isinstance(result, str) and len(result) > LONGEST_TEXT:
        raise InvalidParam(f"{setting} goes too far: a text is longer than {LONGEST_TEXT} characters.")
    return result
