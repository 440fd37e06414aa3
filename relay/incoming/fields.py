"""What a caller asks by the relay's own fields: the same names in a query string, JSON or a form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay import wire
from relay.call import Upload
from relay.errors import InvalidParam
from relay.incoming.body import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The caller's fields before they become a call."""

    query: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()
    uploads: tuple[Upload, ...] = ()
    conversation_id: str | None = None
    user: str | None = None
    response_mode: str | None = None
    format: str | None = None
    placed: bool = False  # the query stands in the input that the app has for it


FIELDS = frozenset(Asked.__dataclass_fields__) - {"uploads", "placed"}
NEW = "new"  # as a conversation_id: start a new one, whatever is remembered


def read(arguments: Mapping[str, Any], sent: Body) -> Asked:
    """Read the query string's values and a body's; where both name a field, the body's holds.

    Every name that is none of the fields is an input beside them; `inputs` wins over such a name. Raises InvalidParam
    for a field of the wrong type, and names it.
    """
    args = Body(values=arguments, typed=False)
    above, below = _fields(args), _fields(sent)
    inputs = {**_inputs(args, above), **_inputs(sent, below)}
    fields = {name: value for name, value in {**above, **below}.items() if name != "inputs"}
    for name, value in fields.items():
        if name != "files" and not isinstance(value, str):
            raise InvalidParam(f"{name} must be text, given once.")
    return Asked(**{**fields, "inputs": inputs, "files": _files(fields), "uploads": sent.uploads})


def _values(sent: Body) -> Mapping[str, Any]:
    if sent.values is None:
        raise InvalidParam("The JSON body must be an object.")
    return sent.values


def _fields(sent: Body) -> dict[str, Any]:
    return {name: value for name, value in _values(sent).items() if name in FIELDS and value is not None}


def _inputs(sent: Body, fields: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in _values(sent).items() if name not in FIELDS}
    own = fields.get("inputs", {})
    if isinstance(own, str) and not sent.typed:
        own = wire.parse(own, "inputs") if own.strip() else {}
    if not isinstance(own, dict):
        raise InvalidParam("inputs must be a JSON object.")
    return {**others, **own}


def _files(fields: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    files = fields.get("files", ())
    if isinstance(files, str):
        files = wire.parse(files, "files") if files.strip() else ()
    if not isinstance(files, list | tuple) or not all(isinstance(file, dict) for file in files):
        raise InvalidParam("files must be a list of objects with type, transfer_method and url or an upload's id.")
    return tuple(files)
