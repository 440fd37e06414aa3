"""Files that stand among a call's inputs, as values: found wherever they lie, and their ids read."""

from collections.abc import Callable, Container, Mapping
from typing import Any

from relay.call import Call, File, Reference
from relay.errors import InvalidParam
from relay.incoming import sent
from relay.incoming.issued import Issued

type Known = Callable[[str], Issued | None]  # what an id stands for that this endpoint has issued

NOTHING: tuple[Any, ...] = (None, "", [])  # as an input's value
UNKNOWN_ID = (
    "A file's id is none that this endpoint has issued: send the file itself or its URL, or upload it first to this"
    " endpoint's /v1/files or /duck/<app_id>/files/upload."
)
_IDS = ("upload_file_id", "tool_file_id", "datasource_file_id")  # Dify's own, good in the whole workspace
# where else Dify looks for one, whatever the method: its api/factories/file_factory/common.py
_ANY_ID = frozenset({*_IDS, "reference", "related_id"})
_BY_ID = frozenset({"local_file", "tool_file", "datasource_file"})


def any_in(call: Call) -> bool:
    """Tell whether a call has anything to do with files: then each of them needs a place."""
    return bool(call.files or call.uploads) or any(map(_holds_file, call.inputs.values()))


def split(inputs: Mapping[str, Any], declared: Container[str], known: Known) -> tuple[dict[str, Any], list[File]]:
    """Take the files out of the inputs that are declared for them; elsewhere nothing but their ids is looked at.

    Raises InvalidParam for what is no file, and for an id that `known` does not know.
    """
    others: dict[str, Any] = {}
    files: list[File] = []
    for name, value in inputs.items():
        if name in declared and value and all(map(_is_file, value if isinstance(value, list) else [value])):
            files += sent.from_value(value, name=name)
        else:
            others[name] = _resolved(value, known)
    return others, files


def found(id_: str, known: Known) -> Issued:
    """Give what an id stands for. Raises InvalidParam for one that this endpoint has not issued."""
    if not (issued := known(id_)):
        raise InvalidParam(UNKNOWN_ID)
    return issued


def _resolved(value: Any, known: Known) -> Any:
    """Give a value whose files by id are such as Dify knows. Raises InvalidParam for an unknown id.

    A file that is not meant by its id, for an address or the file itself stands beside that, goes without any: Dify
    would take the id all the same.
    """
    if isinstance(value, list):
        return [_resolved(one, known) for one in value]
    if not isinstance(value, dict):
        return value
    if _is_by_id(value):
        [file] = sent.from_value(value)
        if isinstance(file, Reference) and file.id:
            return found(file.id, known).as_input(file.type)
    left_out = _ANY_ID if _is_file(value) else ()
    return {name: _resolved(one, known) for name, one in value.items() if name not in left_out}


def _holds_file(value: Any) -> bool:
    """Tell whether a file stands anywhere in a value."""
    level = [value]
    while level := [one for one in level if isinstance(one, dict | list)]:
        if any(map(_is_file, level)):
            return True
        level = [child for one in level for child in (one.values() if isinstance(one, dict) else one)]
    return False


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and (value.get("transfer_method") == "remote_url" or _is_by_id(value))


def _is_by_id(value: Mapping[str, Any]) -> bool:
    method = value.get("transfer_method")
    return (isinstance(method, str) and method in _BY_ID) or any(value.get(name) for name in _IDS)
