"""Files on their way into an app.

By reverse invocation Dify takes files only as the value of an input that the app declares; a `files` list beside
the inputs is dropped. So each file goes under the name of such an input. All of a request's files are looked at
before the first is handed to Dify.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relay.call import Call, File, Interface, Upload
from relay.errors import InvalidParam, PayloadTooLarge, RelayError
from relay.incoming import sent
from relay.incoming.issued import Issued
from relay.run import media
from relay.run.failure import from_exception
from relay.run.file_inputs import Described, FileInput, check_size, form_of, inputs_of
from relay.run.file_values import NOTHING, Known, any_in, found, split

__all__ = ["any_in", "form_of", "hand_over", "inputs_of", "place", "place_owned", "upload"]

type Store = Callable[[Upload], Mapping[str, Any]]

NO_PLACE = "This app takes no files: Dify hands a file to an app only through an input of type File or File List."


def place(call: Call, parameters: Mapping[str, Any], known: Known, *, anywhere: bool = False) -> Call:
    """Find a place in the app's inputs for each of the call's files; nothing is uploaded yet.

    A file goes under the input that it names, or under the app's only one that takes such a file; `anywhere`, under
    the first that takes it and has room, for callers that know of no inputs. Files that stand among the inputs
    already are read like all others, and no id is taken that `known` does not know. Raises InvalidParam for a file
    without a place, of a forbidden kind, or under an unknown id; UnsupportedMediaType for a forbidden type;
    PayloadTooLarge for one that is too large, and for too many.
    """
    declared = inputs_of(parameters)
    inputs, among_inputs = split(call.inputs, declared, known)
    files = [*call.files, *among_inputs]
    if len(files) > sent.MOST:
        raise PayloadTooLarge(sent.TOO_MANY)
    if files and not declared:
        raise InvalidParam(NO_PLACE)
    by_input: dict[str, list[_Given]] = {}
    for given in [_given(file, known) for file in files]:
        check_size(given.described, parameters)
        empty = [slot for slot in declared.values() if anywhere and inputs.get(slot.name) in NOTHING]
        free = [slot for slot in empty if slot.has_room(len(by_input.get(slot.name, ())))]
        by_input.setdefault(_input_for(given, declared, free), []).append(given)
    uploads: list[Upload] = []
    for name, all_given in by_input.items():
        if inputs.get(name) not in NOTHING:
            raise InvalidParam(f"The app's input {name} got a file and another value beside it.")
        references = _into(declared[name], all_given, uploads)
        if declared[name].several:
            inputs[name] = references
        elif references:
            inputs[name] = references[0]
        else:
            inputs.pop(name, None)
    return replace(call, inputs=inputs, files=(), uploads=tuple(uploads))


def _into(slot: FileInput, all_given: Sequence["_Given"], uploads: list[Upload]) -> list[dict[str, Any]]:
    """Give what stands for an input's files that nobody has to upload, and add the others to the uploads."""
    slot.check_number(len(all_given))
    references: list[dict[str, Any]] = []
    for at, given in enumerate(all_given):
        type_ = slot.type_for(given.described)
        if isinstance(given.file, Upload):
            uploads.append(replace(given.file, name=slot.name, type=type_, at=at if slot.several else None))
        elif given.issued:
            references.append(given.issued.as_input(type_))
        else:
            references.append({"type": type_, "transfer_method": "remote_url", "url": given.file.url})
    return references


def place_owned(files: Sequence[Mapping[str, Any]], slot: FileInput) -> dict[str, Any]:
    """Place what the owner picked beside the app, trusted as it is, under an input. Raises InvalidParam."""
    slot.check_number(len(files))
    return {slot.name: list(files) if slot.several else files[0]}


def upload(call: Call, store: Store) -> Call:
    """Hand the files that were placed to Dify, and put what stands for them into the inputs."""
    inputs: dict[str, Any] = dict(call.inputs)
    for file in call.uploads:
        stored = {**store(file), "type": file.type}
        if file.at is None:
            inputs[file.name] = stored
        else:
            files = [*inputs.get(file.name, [])]
            files.insert(file.at, stored)
            inputs[file.name] = files
    return replace(call, inputs=inputs, uploads=())


def hand_over(upload: Upload, store: Store, *, now: float, parameters: Mapping[str, Any] | None = None) -> Issued:
    """Check one file and hand it to Dify, for an id to be issued.

    With an app's `parameters` its sizes count, and one of its inputs has to take the file, if any takes files. `now`
    in seconds since 1970. Raises InvalidParam, UnsupportedMediaType, PayloadTooLarge, or what Dify's refusal means.
    """
    file = media.settle(upload)
    described = _described(file)
    check_size(described, parameters or {})
    type_ = "document" if described.kind == "custom" else described.kind
    if declared := inputs_of(parameters or {}):
        type_ = declared[_taking(described, declared.values())[0]].type_for(described)
    try:
        stored = store(replace(file, type=type_))
    except Exception as error:
        raise from_exception(error, Interface.ANY) from error
    method = str(stored.get("transfer_method") or "tool_file")
    return Issued(
        id=str(stored["tool_file_id" if method == "tool_file" else "upload_file_id"]),
        transfer_method=method,
        type=type_,
        name=file.filename,
        size=len(file.content),
        mime_type=file.mimetype,
        created_at=int(now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """One of the call's files, and what is known of it."""

    file: File
    described: Described
    issued: Issued | None = None


def _given(file: File, known: Known) -> _Given:
    if isinstance(file, Upload):
        settled = media.settle(file)
        return _Given(file=settled, described=_described(settled))
    if file.url:
        extension = media.extension_of(media.name_in(file.url), "")
        return _Given(
            file=file, described=Described(name=file.url, extension=extension, type=file.type, uploaded=False)
        )
    issued = found(file.id, known)
    described = Described(
        name=issued.name,
        extension=media.extension_of(issued.name, issued.mime_type),
        media_type=issued.mime_type,
        size=issued.size,
        type=file.type,
    )
    return _Given(file=file, described=described, issued=issued)


def _described(file: Upload) -> Described:
    return Described(
        name=file.filename,
        extension=media.extension_of(file.filename, file.mimetype),
        media_type=file.mimetype,
        size=len(file.content),
        type=file.type,
    )


def _input_for(given: _Given, declared: Mapping[str, FileInput], free: Sequence[FileInput]) -> str:
    """Name the input that a file goes to: the one it names, the only one, or the only one that takes such a file.

    Of those that are `free`, the first that takes it.
    """
    file = given.file
    if file.name in declared:
        return file.name
    if len(declared) == 1 and not file.exact:
        return next(iter(declared))
    taking = [] if file.exact else _taking(given.described, free or declared.values())
    if len(taking) != 1 and not (taking and free):
        raise InvalidParam(
            f"The app takes files under {'several' if taking else 'other'} names: send each under one of"
            f" {', '.join(declared)}."
        )
    return taking[0]


def _taking(file: Described, declared: Iterable[FileInput]) -> list[str]:
    """Name the inputs that take a file. Raises as the first of them does when there is none."""
    taking: list[str] = []
    refused: RelayError | None = None
    for slot in declared:
        try:
            slot.type_for(file)
        except RelayError as error:
            refused = refused or error
        else:
            taking.append(slot.name)
    if refused and not taking:
        raise refused
    return taking
