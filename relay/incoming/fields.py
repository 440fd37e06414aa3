"""What the caller asked: which app, with what, answered in which form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug import Request

from relay import wire
from relay.call import Call, Interface, Upload
from relay.errors import InvalidParam
from relay.incoming import body
from relay.incoming.body import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The caller's fields before they become a call: the same names in a query string, JSON or a form."""

    query: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[Mapping[str, Any]] = ()
    uploads: Sequence[Upload] = ()
    conversation_id: str | None = None
    user: str | None = None
    response_mode: str | None = None
    format: str | None = None


FIELDS = frozenset(Asked.__dataclass_fields__) - {"uploads"}
NEW = "new"  # as a conversation_id: start a new one, whatever is remembered
KEY = "key"  # the query string's own: access reads it, no app gets it


def read(request: Request) -> Asked:
    """Read the query string and the body; where both name a field, the body's holds.

    Raises InvalidParam, PayloadTooLarge or UnsupportedMediaType.
    """
    return _read(query_string(request), body.read(request))


def read_query(request: Request) -> Asked:
    """Read the query string alone, for a body that is not written for the relay. Raises InvalidParam."""
    return _read(query_string(request), Body())


def _read(arguments: Mapping[str, Any], sent: Body) -> Asked:
    args = Body(values=arguments, typed=False)
    above, below = _fields(args), _fields(sent)
    inputs = {**_inputs(args, above), **_inputs(sent, below)}
    fields = {name: value for name, value in {**above, **below}.items() if name != "inputs"}
    for name, value in fields.items():
        if name != "files" and not isinstance(value, str):
            raise InvalidParam(f"{name} must be text, given once.")
    return Asked(**{**fields, "inputs": inputs, "files": _files(fields), "uploads": sent.uploads})


def query_string(request: Request) -> dict[str, Any]:
    """Give the query string's values without the key."""
    return {name: value for name, value in body.flatten(request.args).items() if name != KEY}


def make(asked: Asked, *, app_id: str, interface: Interface) -> Call:
    """Check what the interface itself demands, and place a query where the interface has none.

    Raises InvalidParam for a chat without a query.
    """
    inputs = asked.inputs
    fresh = asked.conversation_id == NEW
    if interface is Interface.CHAT and not asked.query.strip():
        raise InvalidParam("A chat app needs a query: send the field query.")
    if interface in {Interface.WORKFLOW, Interface.COMPLETION} and asked.query:
        inputs = {"query": asked.query, **inputs}
    return Call(
        app_id=app_id,
        interface=interface,
        query=asked.query,
        inputs=inputs,
        files=asked.files,
        uploads=asked.uploads,
        conversation_id=None if fresh else asked.conversation_id or None,
        fresh=fresh,
        user=asked.user or None,
    )


def _fields(sent: Body) -> dict[str, Any]:
    return {name: value for name, value in sent.values.items() if name in FIELDS and value is not None}


def _inputs(sent: Body, fields: Mapping[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in sent.values.items() if name not in FIELDS}
    if sent.typed and not FIELDS.isdisjoint(sent.values):
        others = {}  # JSON that names our fields has its inputs under inputs
    own = fields.get("inputs", {})
    if isinstance(own, str) and not sent.typed:
        own = wire.parse(own, "inputs") if own.strip() else {}
    if not isinstance(own, dict):
        raise InvalidParam("inputs must be a JSON object.")
    return {**others, **own}


def _files(fields: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    files = fields.get("files", ())
    if isinstance(files, str):
        files = wire.parse(files, "files") if files.strip() else ()
    if not isinstance(files, list | tuple) or not all(isinstance(file, dict) for file in files):
        raise InvalidParam("files must be a list of objects with type, transfer_method and url or an upload's id.")
    return files
