"""What a person sends by the page's own form, and what a link fills in: texts, which become what Dify wants.

The form's names: `duck.page` (1: it is ours), `query`, `inputs.<variable>`, `files.<variable>` and `files` (parts and
addresses), `conversation_id`, `user`, `duck.turns` and `duck.stop`; `relay.incoming.session` reads
`duck.token`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay import wire
from relay.call import File, Reference, Upload
from relay.errors import InvalidParam
from relay.incoming import fields, sent
from relay.incoming.body import Body
from relay.incoming.fields import FILES_OF, NEW, Asked
from relay.page import declared, fit, turns
from relay.page.declared import FILE_KINDS, QUERY, Asking, Declared, Field, Kind
from relay.page.fit import FILES, wrong_with
from relay.page.turns import Turns
from relay.page.wrong import Rule, Wrong

__all__ = ["Posted", "Prefill", "Rule", "Wrong", "is_page", "prefill", "read", "stop"]

PAGE = "duck.page"
TURNS = "duck.turns"
STOP = "duck.stop"
INPUTS_OF = "inputs."

LARGEST_SHOWN = 1024 * 1024  # characters of what was typed that are shown again: more is a page of tens of megabytes

_LINE_ENDS = re.compile(r"\r\n?")
_ONE = 1  # file of a Kind.FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What our own form has brought."""

    asked: Asked
    # to fill the form again, by the fields' names: texts, addresses of files, a checkbox's: true or false
    values: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[Wrong, ...] = ()  # in the form's order: then nothing is to run
    turns: Turns = field(default_factory=Turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefill:
    """What a link fills into the form."""

    values: Mapping[str, str]
    query: str


def is_page(body: Body) -> bool:
    """Tell whether our own form was posted."""
    return not body.typed and body.values is not None and body.values.get(PAGE) == "1"


def stop(body: Body) -> str | None:
    """Give the task that a stop button names; None for any other form."""
    told = body.values or {}
    return _last(told, STOP) if STOP in told else None


def read(body: Body, of: Declared) -> Posted:
    """Read our own form, by what the app declares: inputs that it does not are left out.

    Raises PayloadTooLarge for too many files. What is wrong with a field is told in `wrong`, all of it at once.
    """
    told = body.values or {}
    conversation_id = _last(told, "conversation_id")
    going_on = of.asking is not Asking.RUN and conversation_id not in {"", NEW}
    query = _query(told, of)
    values = {one.name: _value(told, one) for one in _all(of) if one.kind not in FILE_KINDS or one.by_url}
    files = _Files.read(body, told, of)
    inputs: dict[str, Any] = {}
    wrong: list[Wrong] = []
    for one in of.fields:
        required = one.required and not going_on
        if one.kind in FILE_KINDS:
            wrong += files.wrong_with(one, required=required)
            continue
        try:
            inputs |= _input(one, values[one.name], required=required)
        except Wrong as error:
            wrong.append(error)
    if of.beside:
        wrong += files.wrong_with(of.beside, required=False)
    if of.asking is Asking.CHAT and not query.strip():
        wrong.append(Wrong(Rule.REQUIRED, name=QUERY, label=QUERY))
    return Posted(
        asked=Asked(
            query=query,
            inputs=inputs,
            files=files.all(),
            conversation_id=conversation_id or None,
            user=_last(told, "user") or None,
        ),
        values=_with_room(values),
        wrong=tuple(wrong),
        turns=turns.load(_last(told, TURNS)),
    )


def prefill(arguments: Mapping[str, Any], of: Declared) -> Prefill:
    """Read what a query string fills into the form, by the names that it has for a run.

    Raises InvalidParam for what no run would take either.
    """
    asked = fields.read(arguments, Body())
    values = {one.name: _shown(asked.inputs[one.name], one) for one in of.fields if one.name in asked.inputs}
    for file in asked.files:
        if isinstance(file, Reference):
            values[file.name] = file.url or file.id
    return Prefill(values=values, query=asked.query)


def _with_room(values: Mapping[str, str]) -> Mapping[str, str]:
    """Give those of the texts that have room on the page together, in their order."""
    room, kept = LARGEST_SHOWN, {}
    for name, text in values.items():
        if len(text) <= room:
            room -= len(text)
            kept[name] = text
    return kept


def _query(told: Mapping[str, Any], of: Declared) -> str:
    """Give the question: one form may hold a field for it, and buttons that each ask one of their own."""
    asked = [_plain(one) for one in _texts(told, QUERY)]
    pressed = [one for one in asked if one in of.suggested]
    return next(iter([*pressed, *filter(str.strip, asked)]), "")


def _value(told: Mapping[str, Any], one: Field) -> str:
    """Give what stands in a field, to show it again."""
    if one.kind is Kind.CHECKBOX:
        return "true" if declared.is_true(_last(told, INPUTS_OF + one.name)) else "false"
    return _plain(_last(told, _files_of(one) if one.kind in FILE_KINDS else INPUTS_OF + one.name))


def _input(one: Field, value: str, *, required: bool) -> dict[str, Any]:
    """Give an input as Dify wants it; none for one that was left empty. Raises Wrong."""
    if value.strip():
        return {one.name: fit.read(one, value)}
    if required:
        raise wrong_with(Rule.REQUIRED, one)
    # else Dify would put its default in the place of what somebody has taken out
    return {one.name: ""} if one.default and one.kind in {Kind.TEXT, Kind.PARAGRAPH} else {}


@dataclass(frozen=True, slots=True)
class _Files:
    """The form's files, by the inputs that they are for; "" for those beside the inputs."""

    sent: Mapping[str, Sequence[File]]
    not_files: frozenset[str]  # inputs whose text is no address

    @classmethod
    def read(cls, body: Body, told: Mapping[str, Any], of: Declared) -> "_Files":
        by_name: dict[str, list[File]] = {}
        not_files: set[str] = set()
        for part in map(fields.for_input, body.uploads):
            by_name.setdefault(part.name if part.exact else "", []).append(part)
        for one in _all(of):
            if one.kind not in FILE_KINDS or not one.by_url:
                continue
            try:
                for address in _addresses(told, _files_of(one)):
                    by_name.setdefault(one.name, []).extend(sent.from_value(address, name=one.name))
            except InvalidParam:
                not_files.add(one.name)
        return cls(by_name, frozenset(not_files))

    def wrong_with(self, one: Field, *, required: bool) -> Iterator[Wrong]:
        number = len(self.sent.get(one.name, ()))
        limit = _ONE if one.kind is Kind.FILE else one.most
        if one.name in self.not_files:
            yield wrong_with(Rule.NOT_A_FILE, one)
        elif required and not number:
            yield wrong_with(Rule.REQUIRED, one)
        elif limit and number > limit:
            yield wrong_with(Rule.TOO_MANY_FILES, one, limit)

    def all(self) -> tuple[Upload | Reference, ...]:
        return tuple(file for files in self.sent.values() for file in files)


def _addresses(told: Mapping[str, Any], name: str) -> Iterator[str]:
    """Give the addresses that a text holds, one a line."""
    for text in _texts(told, name):
        yield from (line.strip() for line in text.splitlines() if line.strip())


def _all(of: Declared) -> tuple[Field, ...]:
    return (*of.fields, of.beside) if of.beside else of.fields


def _files_of(one: Field) -> str:
    """Name the form's field for files that are for an input, or beside them."""
    return FILES_OF + one.name if one.name else FILES


def _shown(value: Any, one: Field) -> str:
    """Give an input's value as its field shows it."""
    if one.kind is Kind.CHECKBOX:
        return "true" if value is True or declared.is_true(str(value)) else "false"
    return _plain(value) if isinstance(value, str) else "" if value is None else wire.dump(value)


def _texts(told: Mapping[str, Any], name: str) -> list[str]:
    value = told.get(name)
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _last(told: Mapping[str, Any], name: str) -> str:
    return next(reversed(_texts(told, name)), "")


def _plain(text: str) -> str:
    """Give a text as it was typed: a form sends each end of a line as two characters, which count as one."""
    return _LINE_ENDS.sub("\n", text)
