"""A workflow's outputs, each shown as what it is: text, a number, a link, a list, a table, files, else JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple

from relay.page import files, plain
from relay.page.files import File
from relay.texts import url

MOST_SHOWN = 100  # outputs
MOST_READ = 2 * MOST_SHOWN  # that are looked at
MOST_ROWS = 100
MOST_ROWS_IN_ALL = 400
MOST_COLUMNS = 12
MOST_ITEMS = 200  # of a list, and files
LONGEST_CELL = 500  # characters
LONGEST_ITEM = 4_000
MOST_SEARCHED = 16 * 1024 * 1024  # characters in all, in which an output is looked for
MOST_AROUND = 1_000  # blanks around an output that was said
SURELY_SAID = 100  # characters: so long a text does not stand in another one by chance


class Shape(StrEnum):
    NOTHING = "nothing"
    TEXT = "text"
    VALUE = "value"
    LINK = "link"
    LIST = "list"
    TABLE = "table"
    FILES = "files"
    JSON = "json"


class Cell(NamedTuple):
    """One text of a list or a table."""

    text: str
    link: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output, ready to be written."""

    name: str
    shape: Shape
    text: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()  # of a list or a link one cell each
    files: Sequence[File] = ()
    more: int = 0  # rows or files, for which there was no room
    narrower: int = 0  # columns, likewise


def of(outputs: Any, image_hosts: Sequence[str], said: str = "") -> tuple[Sequence[Output], int]:
    """Give the outputs, as many as are shown, and how many more there are. What was `said` already is left out."""
    if not isinstance(outputs, Mapping):
        return (), 0
    heard = _Heard(said)
    first = islice(outputs.items(), MOST_READ)
    new = [(name, value) for name, value in first if not heard.has(value)]
    room = _Room()
    shown = [_output(plain.name(name), value, image_hosts, room) for name, value in new[:MOST_SHOWN]]
    return shown, max(len(new) + max(len(outputs) - MOST_READ, 0) - MOST_SHOWN, 0)


class _Heard:
    """What was said already. To look for a text in it may take as long as both are."""

    def __init__(self, said: str) -> None:
        self._said = said.strip()
        self._left = MOST_SEARCHED

    def has(self, value: object) -> bool:
        if not isinstance(value, str) or not self._said or len(value) - len(self._said) > MOST_AROUND:
            return False
        text = value.strip()
        if text == self._said or len(text) < SURELY_SAID:
            return text == self._said
        self._left -= len(self._said)
        return self._left >= 0 and text in self._said


class _Room:
    """For rows of all tables together."""

    def __init__(self) -> None:
        self._left = MOST_ROWS_IN_ALL

    def take(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Give as many rows as have room, but one at least."""
        taken = rows[: max(min(self._left, MOST_ROWS), 1)]
        self._left -= len(taken)
        return taken


def _output(name: str, value: Any, image_hosts: Sequence[str], room: _Room) -> Output:
    if value is None or (isinstance(value, str | list | Mapping) and not value):
        return Output(name=name, shape=Shape.NOTHING)
    if isinstance(value, str):
        cell = _cell(value.strip(), url.LONGEST)
        if cell.link:
            return Output(name=name, shape=Shape.LINK, rows=[(cell,)])
        return Output(name=name, shape=Shape.TEXT, text=value)
    if isinstance(value, int | float):
        return Output(name=name, shape=Shape.VALUE, text=plain.number(value))
    if files.is_file(value):
        return Output(name=name, shape=Shape.FILES, files=[files.of(value, image_hosts)])
    if isinstance(value, list):
        return _listed(name, value, image_hosts, room)
    return Output(name=name, shape=Shape.JSON, text=plain.json(value))


def _listed(name: str, value: list[Any], image_hosts: Sequence[str], room: _Room) -> Output:
    first = value[:MOST_ITEMS]
    more = len(value) - len(first)
    if all(map(files.is_file, first)):
        return Output(name=name, shape=Shape.FILES, files=[files.of(one, image_hosts) for one in first], more=more)
    if all(isinstance(one, str | int | float) for one in first):
        return Output(name=name, shape=Shape.LIST, rows=[(_cell(one, LONGEST_ITEM),) for one in first], more=more)
    rows = [one for one in value[:MOST_ROWS] if isinstance(one, Mapping) and one]
    if len(rows) == len(value[:MOST_ROWS]) and (columns := _columns(rows)):
        rows = [*room.take(rows)]
        shown = columns[:MOST_COLUMNS]
        return Output(
            name=name,
            shape=Shape.TABLE,
            columns=[plain.name(column) for column in shown],
            rows=[[_cell(row.get(column), LONGEST_CELL) for column in shown] for row in rows],
            more=len(value) - len(rows),
            narrower=len(columns) - len(shown),
        )
    return Output(name=name, shape=Shape.JSON, text=plain.json(value))


def _columns(rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """Give the columns of objects that are alike: each has at least half of all names. None for others."""
    columns = list(dict.fromkeys(_names(rows)))
    return columns if all(2 * len(row) >= len(columns) for row in rows) else ()


def _names(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return (name for row in rows for name in row)


def _cell(value: Any, most: int) -> Cell:
    if value is None:
        return Cell("")
    if isinstance(value, str):
        return Cell(plain.text(value, most), len(value) <= most and _is_link(value))
    return Cell(plain.text(plain.number(value) if isinstance(value, int | float) else plain.line(value), most))


def _is_link(value: str) -> bool:
    return url.web(value) and not any(map(str.isspace, value))
