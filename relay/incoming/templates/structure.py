"""Objects as an owner writes them, in JSON or YAML, with names and texts that stay what they are.

YAML 1.1 reads `no`, `on`, `12:30` and `2024-01-01` as something else than text; here only true, false, null and
JSON's numbers are not text, and a name is always text.
"""

import json
import math
import re
from typing import Any

import yaml

from relay import wire
from relay.incoming.templates.syntax import LONGEST_SOURCE, Refused

MOST_VALUES = 5_000  # an anchor's are counted wherever it is used

_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))


def read(source: str) -> dict[str, Any]:
    """Read an object. Raises Refused, with what is wrong as the end of a sentence that begins with the setting."""
    if len(source) > LONGEST_SOURCE:
        raise Refused(f"is longer than {LONGEST_SOURCE} characters")
    try:
        tree = _json(source)
    except (ValueError, RecursionError):
        tree = _yaml(source)
    if not isinstance(tree, dict):
        raise Refused("must be an object in YAML or JSON")
    if wire.depth(tree) > wire.DEEPEST:
        raise Refused(f"is nested more than {wire.DEEPEST} levels deep")
    try:
        json.dumps(tree, ensure_ascii=False).encode()
    except ValueError:
        raise Refused("holds half a character") from None
    return tree


def _json(source: str) -> Any:
    return json.loads(source, parse_float=_number, parse_int=_number, parse_constant=_number)


def _yaml(source: str) -> Any:
    try:
        root = yaml.compose(source, yaml.BaseLoader)
        return _Values().value(root) if root else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
    except RecursionError:
        where = ": it is nested too deep"
    except ValueError as error:
        where = f": {error}"
    raise Refused(f"is not valid YAML or JSON{where}; a text that begins with {{{{ needs quotes")


class _Values:
    """Turns nodes of YAML into values, a limited number of them."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def value(self, node: yaml.Node) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"it holds more than {MOST_VALUES} values")
        if node.tag not in _TAGS:
            raise _problem("a tag", node)
        if isinstance(node, yaml.MappingNode):
            return {self._name(name): self.value(value) for name, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(value) for value in node.value]
        return node.value if getattr(node, "style", None) else _scalar(node.value)

    @staticmethod
    def _name(node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise _problem("a name that is no text", node)
        return str(node.value)


def _problem(what: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark)


def _scalar(source: str) -> Any:
    if source.lower() in _WORDS:
        return _WORDS[source.lower()]
    return _number(source) if _NUMBER.fullmatch(source) else source


def _number(source: str) -> int | float:
    value = float(source) if not source.lstrip("-").isdecimal() else int(source)
    if not math.isfinite(value):
        raise ValueError(f"{source[:20]} is no number that JSON has")
    return value
