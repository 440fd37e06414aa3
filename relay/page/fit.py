"""Whether what stands in a field fits what the app declares, and what Dify gets of it.

Source of what Dify wants of each kind: its api/core/app/apps/base_app_generator.py, `_validate_inputs`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from relay import wire
from relay.errors import InvalidParam
from relay.page import declared
from relay.page.declared import Declared, Field, Kind
from relay.page.wrong import Rule, Wrong

FILES = "files"  # the name of what stands beside the inputs


def read(one: Field, value: str) -> Any:
    """Give a text of a field that takes no files as Dify wants it. Raises Wrong."""
    return _READ[one.kind](one, value)


def unfit(inputs: Mapping[str, Any], of: Declared) -> tuple[Wrong, ...]:
    """Tell what is wrong with texts that stand for inputs, but not in this form: those of a link.

    What no field shows is left to Dify, for nobody could mend it here.
    """
    wrong: list[Wrong] = []
    for one in of.fields:
        value = inputs.get(one.name)
        if one.hidden or one.kind not in _WRITTEN or not isinstance(value, str) or not value.strip():
            continue
        try:
            read(one, value)
        except Wrong as error:
            wrong.append(error)
    return tuple(wrong)


def wrong_with(rule: Rule, one: Field, limit: int = 0) -> Wrong:
    """Give what is to be said of a field that breaks a rule."""
    return Wrong(rule, name=one.name or FILES, label=one.label, limit=limit)


def _text(one: Field, value: str) -> str:
    if one.most and len(value) > one.most:
        raise wrong_with(Rule.TOO_LONG, one, one.most)
    return value


def _option(one: Field, value: str) -> str:
    if value not in one.options:
        raise wrong_with(Rule.NOT_AN_OPTION, one)
    return value


def _number(one: Field, value: str) -> int | float:
    found = declared.number(value.strip())
    if found is None:
        raise wrong_with(Rule.NOT_A_NUMBER, one)
    return found


def _checkbox(_one: Field, value: str) -> bool:
    return declared.is_true(value)


def _object(one: Field, value: str) -> dict[str, Any]:
    try:
        found = wire.parse(value, one.label)
    except InvalidParam:
        found = None
    if not isinstance(found, dict):
        raise wrong_with(Rule.NOT_JSON, one)
    return found


_READ: Mapping[Kind, Callable[[Field, str], Any]] = {
    Kind.TEXT: _text,
    Kind.PARAGRAPH: _text,
    Kind.SELECT: _option,
    Kind.NUMBER: _number,
    Kind.CHECKBOX: _checkbox,
    Kind.JSON: _object,
}
_WRITTEN = frozenset({Kind.TEXT, Kind.PARAGRAPH, Kind.SELECT, Kind.NUMBER})
