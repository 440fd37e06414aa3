"""What an app declares of itself, as a form shows it.

Sources: Dify's API reference, "Get Application Parameters"; its api/core/app/app_config/entities.py,
`VariableEntity`, and web/app/components/base/chat (what its own page leaves out and fills in).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Any

from relay import wire
from relay.call import Interface
from relay.incoming import sent
from relay.run import media
from relay.run.file_inputs import FileInput, beside_of, form_of
from relay.run.file_values import NOTHING

MOST_FIELDS = 100
MOST_READ = 1000  # entries of an app's list that are looked at
MOST_OPTIONS = 500
LONGEST_NAME = 100  # characters, as in Dify
LONGEST_LABEL = 200
LONGEST_HINT = 1000
LONGEST_OPTION = 500
LONGEST_DEFAULT = 20_000
LONGEST_OPENING = 20_000
MOST_SUGGESTED = 20
LONGEST_SUGGESTED = 1000
LONGEST_NUMBER = 100
MOST_EXTENSIONS = 50

QUERY = "query"  # as a name of what is missing

# what only a chat app has, where it is enabled
_OF_CHATS = ("suggested_questions_after_answer", "speech_to_text", "annotation_reply")
_TRUE = frozenset({"true", "1", "yes", "on"})  # of a checkbox: Dify's api/core/app/apps/base_app_generator.py
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?", re.ASCII)
_EXTENSION = re.compile(r"[a-z0-9_+-]{1,16}", re.ASCII)
_VARIABLE = re.compile(r"\{\{([^{}]{1,300})\}\}")
_FAMILIES = frozenset({"image", "audio", "video"})


class Kind(StrEnum):
    """What an input takes, by Dify's own names."""

    TEXT = "text-input"
    PARAGRAPH = "paragraph"
    SELECT = "select"
    NUMBER = "number"
    CHECKBOX = "checkbox"
    JSON = "json_object"
    FILE = "file"
    FILES = "file-list"


FILE_KINDS = frozenset({Kind.FILE, Kind.FILES})
_KINDS: Mapping[str, Kind] = {kind.value: kind for kind in Kind}


class Asking(StrEnum):
    """What a page asks for."""

    CHAT = "chat"  # a question, and the inputs when the conversation begins
    RUN = "run"  # the inputs alone
    EITHER = "either"  # the inputs, and a question that may be left out: nobody tells what kind of app it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input of an app, or the files that it takes beside them."""

    kind: Kind
    name: str  # "" for the files beside the inputs
    label: str
    hint: str = ""  # what stands below the label
    required: bool = False
    default: str = ""  # a checkbox's: "true"
    given: bool = False  # by the owner, and goes to the app without being asked for; Dify's own default may not
    hidden: bool = False  # not to be seen, though a link may fill it in
    options: tuple[str, ...] = ()  # of a SELECT
    most: int = 0  # characters of a text, files of FILES; 0 for no limit
    accept: str = ""  # of files: HTML's accept attribute
    by_url: bool = False  # the app takes a file by its address
    by_upload: bool = True  # and one that is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What an app declares."""

    asking: Asking = Asking.EITHER
    opening: str = ""  # Markdown
    suggested: tuple[str, ...] = ()  # questions
    fields: tuple[Field, ...] = ()
    beside: Field | None = None  # files beside the inputs

    def missing(self, values: Mapping[str, Any], query: str, *, going_on: bool = False) -> tuple[str, ...]:
        """Name what is required and not there: inputs, and "query" for a chat without a question.

        `values` are inputs by their names, files among them. A conversation that is `going_on` has its inputs: Dify
        looks at no others.
        """
        asked = () if going_on else self.fields
        names = [field.name for field in asked if field.required and _is_missing(field, values)]
        return (*names, *((QUERY,) if self.asking is Asking.CHAT and not query.strip() else ()))


def _is_missing(field: Field, values: Mapping[str, Any]) -> bool:
    if field.name not in values:
        return not field.given
    value = values[field.name]
    return not value.strip() if isinstance(value, str) else value in NOTHING


def read(
    parameters: Mapping[str, Any], *, interface: Interface, keyed: bool, given: Mapping[str, Any] | None = None
) -> Declared:
    """Read Dify's /parameters; `given` are the owner's own values of the inputs. Raises nothing, whatever they hold.

    What can't be shown is left out: a kind that is not known, a name that no form carries, a second input of a name.
    """
    fields = tuple(_fields(parameters, given or {}))
    beside = beside_of(parameters) if keyed else None
    return Declared(
        asking=_asking(parameters, interface),
        opening=_filled(text(parameters.get("opening_statement"), LONGEST_OPENING).strip(), fields),
        suggested=_suggested(parameters),
        fields=fields,
        beside=_of_files(Field(kind=Kind.FILES, name="", label=""), beside) if beside else None,
    )


def text(value: Any, most: int) -> str:
    """Give a text that can be written as UTF-8 and is not too long; "" for what is none."""
    return value[:most].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def number(told: str) -> int | float | None:
    """Read a number as HTML and Dify write it; None for what is none, or none that JSON holds."""
    if len(told) > LONGEST_NUMBER or not _NUMBER.fullmatch(told):
        return None
    if told.lstrip("-+").isdecimal():
        return int(told)
    value = float(told)
    return value if abs(value) != float("inf") else None


def is_true(told: str) -> bool:
    """Read a checkbox's value."""
    return told.strip().lower() in _TRUE


def _asking(parameters: Mapping[str, Any], interface: Interface) -> Asking:
    if interface is not Interface.ANY:
        return Asking.CHAT if interface is Interface.CHAT else Asking.RUN
    says = text(parameters.get("opening_statement"), LONGEST_OPENING).strip() or _suggested(parameters)
    return Asking.CHAT if says or any(_is_on(parameters, name) for name in _OF_CHATS) else Asking.EITHER


def _is_on(parameters: Mapping[str, Any], feature: str) -> bool:
    told = parameters.get(feature)
    return isinstance(told, Mapping) and told.get("enabled") is True


def _suggested(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    told = (text(one, LONGEST_SUGGESTED).strip() for one in _listed(parameters.get("suggested_questions")))
    return tuple(dict.fromkeys(filter(None, told)))[:MOST_SUGGESTED]


def _fields(parameters: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Field]:
    names: set[str] = set()
    for told_kind, told in islice(form_of(parameters), MOST_READ):
        kind, name = _KINDS.get(told_kind), told.get("variable")
        if kind is None or not isinstance(name, str) or not _can_be_named(name) or name in names:
            continue
        names.add(name)
        yield _field(kind, name, told, given)
        if len(names) == MOST_FIELDS:
            return


def _can_be_named(name: str) -> bool:
    # browsers write a quotation mark in a part's name as %22, and nobody reads it back
    return bool(name.strip()) and len(name) <= LONGEST_NAME and name.isprintable() and '"' not in name


def _field(kind: Kind, name: str, told: Mapping[str, Any], given: Mapping[str, Any]) -> Field:
    required = told.get("required") is True
    field = Field(
        kind=kind,
        name=name,
        label=text(told.get("label"), LONGEST_LABEL).strip() or name,
        hint=next(filter(None, (text(told.get(one), LONGEST_HINT).strip() for one in ("hint", "description"))), ""),
        required=required,
        given=given.get(name) not in NOTHING,
    )
    if kind in FILE_KINDS:
        return _of_files(replace(field, required=required and not field.given), FileInput.read(kind, told))
    if kind is Kind.SELECT:
        field = replace(field, options=_options(told))
    if kind in {Kind.TEXT, Kind.PARAGRAPH}:
        field = replace(field, most=_positive(told.get("max_length")))
    default = _default(field, given[name] if field.given else told.get("default"))
    # what the owner has given and no form can show goes to the app as it is
    required = required and (bool(default) or not field.given)
    # a required one that nobody fills in has to be seen
    hidden = told.get("hide") is True and (not required or bool(default))
    return replace(field, default=default, required=required, hidden=hidden)


def _default(field: Field, value: Any) -> str:
    """Give what stands in an input at first; "" for what such an input can't hold."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, Mapping | int | float):
        value = _dumped(value)
    # whoever sends back what was cut would take away the rest; what is left empty, the app fills in itself
    told = text(value, LONGEST_DEFAULT) if isinstance(value, str) and len(value) <= LONGEST_DEFAULT else ""
    if field.kind is Kind.CHECKBOX:
        return "true" if is_true(told) else ""
    if field.kind is Kind.NUMBER:
        return told.strip() if number(told.strip()) is not None else ""
    if field.kind is Kind.SELECT:
        return told if told in field.options else ""
    return told[: field.most] if field.most else told


def _dumped(value: Any) -> str:
    try:
        return wire.dump(value, indent=2 if isinstance(value, Mapping) else None)
    except (ValueError, RecursionError):  # a number of thousands of digits, or lists that never end
        return ""


def _options(told: Mapping[str, Any]) -> tuple[str, ...]:
    listed = (one for one in _listed(told.get("options")) if isinstance(one, str) and one)
    # one that is cut would be another
    return tuple(dict.fromkeys(one for one in listed if text(one, LONGEST_OPTION) == one))[:MOST_OPTIONS]


def _of_files(field: Field, taken: FileInput) -> Field:
    return replace(
        field,
        most=1 if field.kind is Kind.FILE else min(_positive(taken.most), sent.MOST),
        accept=_accept(taken),
        by_url=not taken.methods or "remote_url" in taken.methods,
        by_upload=not taken.methods or "local_file" in taken.methods,
    )


def _accept(taken: FileInput) -> str:
    """Tell a browser which files to offer; "" for all of them."""
    extensions = sorted(one for one in taken.extensions if _EXTENSION.fullmatch(one))[:MOST_EXTENSIONS]
    if not taken.types or ("custom" in taken.types and not extensions):
        return ""
    listed: list[str] = []
    for kind in taken.types:
        if kind in _FAMILIES:
            listed.append(f"{kind}/*")
        else:
            listed += [f".{one}" for one in (extensions if kind == "custom" else sorted(media.EXTENSIONS[kind]))]
    return ",".join(dict.fromkeys(listed))


def _filled(opening: str, fields: Sequence[Field]) -> str:
    """Put into an opening statement what stands in the inputs that it names, else their labels.

    Dify's own page does so: web/app/components/base/chat, `processOpeningStatement`. Nothing of a link goes there.
    """
    named = {field.name: field.default[:LONGEST_LABEL].strip() or f"‹{field.label}›" for field in fields}
    return text(_VARIABLE.sub(lambda found: named.get(found[1].strip(), found[0]), opening), LONGEST_OPENING)


def _positive(value: Any) -> int:
    return min(value, wire.LARGEST_TEXT) if isinstance(value, int) and value is not True and value > 0 else 0


def _listed(value: Any) -> Sequence[Any]:
    return value[:MOST_READ] if isinstance(value, list) else ()
