"""What a caller asks by the relay's own fields: the same names in a query string, JSON or a form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from relay import wire
from relay.call import Reference, Upload
from relay.errors import InvalidParam
from relay.incoming import sent
from relay.incoming.body import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The caller's fields before they become a call."""

    query: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Upload | Reference, ...] = ()
    conversation_id: str | None = None
    user: str | None = None
    response_mode: str | None = None
    format: str | None = None
    placed: bool = False  # the query stands in the input that the app has for it


FIELDS = frozenset(Asked.__dataclass_fields__) - {"placed"}
FILES_OF = "files."  # and the name of an input: the files that are for it
LONGEST_USER = 255  # characters of who asks by another API, as in Dify
NEW = "new"  # as a conversation_id: start a new one, whatever is remembered


def read(arguments: Mapping[str, Any], body: Body) -> Asked:
    """Read the query string's values and a body's; where both name a field, the body's holds.

    Every name that is none of the fields is an input beside them; `inputs` wins over such a name. Raises InvalidParam
    for a field of the wrong type, and names it; PayloadTooLarge for too many files.
    """
    args = Body(values=arguments, typed=False)
    above, below = _fields(args), _fields(body)
    inputs = {**_inputs(args, above), **_inputs(body, below)}
    fields = {name: value for name, value in {**above, **below}.items() if name != "inputs"}
    files = {name: fields.pop(name) for name in [*fields] if _is_of_files(name)}
    for name, value in fields.items():
        if not isinstance(value, str):
            raise InvalidParam(f"{name} must be text, given once.")
    return Asked(**{**fields, "inputs": inputs, "files": (*map(for_input, body.uploads), *_files(files))})


def _is_field(name: str) -> bool:
    return name in FIELDS or _is_of_files(name)


def _is_of_files(name: str) -> bool:
    return name == "files" or name.startswith(FILES_OF)


def _values(body: Body) -> Mapping[str, Any]:
    if body.values is None:
        raise InvalidParam("The JSON body must be an object.")
    return body.values


def _fields(body: Body) -> dict[str, Any]:
    return {name: value for name, value in _values(body).items() if _is_field(name) and value is not None}


def _inputs(body: Body, fields: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in _values(body).items() if not _is_field(name)}
    own = fields.get("inputs", {})
    if isinstance(own, str) and not body.typed:
        own = wire.parse(own, "inputs") if own.strip() else {}
    if not isinstance(own, dict):
        raise InvalidParam("inputs must be a JSON object.")
    return {**others, **own}


def _files(fields: Mapping[str, Any]) -> Iterator[Upload | Reference]:
    for name, value in fields.items():
        yield from sent.from_value(value, name=name.removeprefix(FILES_OF) if name != "files" else "")


def for_input(part: Upload) -> Upload:
    """Read for which input a form's part is: its name may be one, and is when it says so."""
    if not _is_of_files(part.name):
        return part
    name = part.name.removeprefix(FILES_OF) if part.name != "files" else ""
    return replace(part, name=name, exact=bool(name))
