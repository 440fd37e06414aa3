"""Templates that an endpoint's owner writes, filled from what a caller sends.

They are written in Jinja2, cut down to what shapes data. What a template does may depend on a stranger's payload, so
it must not be able to take the plugin's time or memory: all that it does is charged to a Budget first.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

from relay.errors import AppUnavailable, InvalidParam
from relay.incoming.templates import structure, syntax
from relay.incoming.templates.budget import Budget, Exhausted
from relay.incoming.templates.filling import Filling
from relay.incoming.templates.values import Foreign, Lacking, joined, plain

_CACHED = 128  # templates, some 100 KB each at the most


class Unfilled(InvalidParam):
    """A template can't be filled in from this request."""

    def __init__(self, setting: str, reason: str, *, lacking: bool = False) -> None:
        """Take the setting that holds the template, and the rest of a sentence that begins with it.

        `lacking`: the request does not have what the template names.
        """
        super().__init__(f"{setting} {reason}.")
        self.setting = setting
        self.reason = reason
        self.lacking = lacking


class _Template:
    """One text, parsed; a class of its own, so that a tree of them can be told from its lists."""

    def __init__(self, body: list[nodes.Node]) -> None:
        self.body = body


class TextTemplate:
    """A template whose result is text."""

    def __init__(self, setting: str, source: str) -> None:
        """Parse. Raises AppUnavailable, naming the setting, when it can't be."""
        self._setting = setting
        self._template = _parse(setting, source)

    def fill(self, values: Mapping[str, Any], budget: Budget | None = None) -> str:
        """Fill in, at the cost of a budget. Raises Unfilled, which names what is missing or too much."""
        filled: str = _fill(self._setting, self._template, values, budget or Budget(), _text)
        return filled


class ObjectTemplate:
    """YAML or JSON whose texts are templates; one that is a single expression keeps its value's type.

    So `number: "{{ body.issue.number }}"` is a number, and no payload can break out of the text it stands in.
    """

    def __init__(self, setting: str, source: str) -> None:
        """Parse. Raises AppUnavailable, naming the setting, when that fails or it is no object."""
        self._setting = setting
        self._tree = _parse_object(setting, source)

    def fill(self, values: Mapping[str, Any], budget: Budget | None = None) -> dict[str, Any]:
        """Fill in, at the cost of a budget. Raises Unfilled, which names what is missing or too much."""
        work = budget or Budget()

        def leaf(one: Any) -> Any:
            return _fill(self._setting, one, values, work, plain) if isinstance(one, _Template) else one

        filled: dict[str, Any] = _walk(self._tree, leaf)
        return filled


@functools.lru_cache(maxsize=_CACHED)
def _parse(setting: str, source: str) -> _Template:
    try:
        return _Template(syntax.parse(source))
    except syntax.Refused as error:
        raise AppUnavailable(f"The setting {setting} is not a valid template: {error}.") from None


@functools.lru_cache(maxsize=_CACHED)
def _parse_object(setting: str, source: str) -> dict[str, Any]:
    try:
        tree = structure.read(source)
    except syntax.Refused as error:
        raise AppUnavailable(f"The setting {setting} {error}.") from None
    parsed: dict[str, Any] = _walk(tree, lambda one: _parse(setting, one) if isinstance(one, str) else one)
    return parsed


def _walk(node: Any, leaf: Callable[[Any], Any]) -> Any:
    if isinstance(node, dict):
        return {name: _walk(value, leaf) for name, value in node.items()}
    if isinstance(node, list):
        return [_walk(value, leaf) for value in node]
    return leaf(node)


def _text(work: Budget, value: Any) -> str:
    value = plain(work, value)
    return "" if value is None else joined(work, [value])


def _fill(
    setting: str,
    template: _Template,
    values: Mapping[str, Any],
    work: Budget,
    finish: Callable[[Budget, Any], Any],
) -> Any:
    try:
        return finish(work, Filling(work).result(template.body, dict(values)))
    except Lacking as error:
        raise Unfilled(setting, f"uses {error}, which this request does not have", lacking=True) from None
    except Exhausted as error:
        reason = f"goes too far: {error}"
    except Foreign as error:
        reason = f"gives {error}"
    except Exception as error:  # noqa: BLE001 - a filter on a value of another type raises whatever it likes
        reason = f"can't be filled from this request ({type(error).__name__})"
    raise Unfilled(setting, reason)
