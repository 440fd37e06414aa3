"""Files on their way into an app.

By reverse invocation Dify takes files only as the value of an input that the app declares; a `files` list beside
the inputs is dropped. So each file goes under the name of such an input. An app that is reached by its key may take
files beside its inputs, too. All of a request's files are looked at before the first is handed to Dify.
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
from relay.run.file_inputs import BESIDE, Described, FileInput, beside_of, check_size, form_of, inputs_of
from relay.run.file_values import NOTHING, Known, any_in, found, split

__all__ = ["any_in", "form_of", "hand_over", "inputs_of", "place", "place_owned", "upload"]

type Store = Callable[[Upload], Mapping[str, Any]]

NO_PLACE = (
    "This app takes no files: by reverse invocation Dify hands a file to an app only through an input of type File or"
    " File List. Files beside the inputs need the app's own key, in the setting app_keys."
)
NO_PLACE_KEYED = "This app takes no files: it has no input of type File or File List, nor is its file upload enabled."


def place(
    call: Call, parameters: Mapping[str, Any], known: Known, *, keyed: bool = False, anywhere: bool = False
) -> Call:
    """Find a place for each of the call's files; nothing is uploaded yet.

    A file goes under the input that it names. Any other goes beside the inputs if the app is `keyed` and takes it
    there, else under the app's only input that takes such a file; `anywhere`, to the first of all these places that
    takes it and has room, for callers that know of no inputs. Files that stand among the inputs already are read like
    all others, and no id is taken that `known` does not know. Raises InvalidParam for a file without a place, of a
    forbidden kind, or under an unknown id; UnsupportedMediaType for a forbidden type; PayloadTooLarge for one that is
    too large, and for too many.
    """
    declared = inputs_of(parameters)
    places = _places(parameters, keyed=keyed)
    inputs, among_inputs = split(call.inputs, declared, known)
    files = [*call.files, *among_inputs]
    if len(files) > sent.MOST:
        raise PayloadTooLarge(sent.TOO_MANY)
    if files and not places:
        raise InvalidParam(NO_PLACE_KEYED if keyed else NO_PLACE)
    by_place: dict[str, list[_Given]] = {}
    for given in [_given(file, known, keyed=keyed) for file in files]:
        check_size(given.described, parameters)
        empty = [slot for slot in places.values() if anywhere and inputs.get(slot.name) in NOTHING]
        free = [slot for slot in empty if slot.has_room(len(by_place.get(slot.name, ())))]
        by_place.setdefault(_place_for(given, places, free), []).append(given)
    uploads: list[Upload] = []
    beside = _into(places[BESIDE], by_place.pop(BESIDE), uploads) if BESIDE in by_place else []
    for name, all_given in by_place.items():
        if inputs.get(name) not in NOTHING:
            raise InvalidParam(f"The app's input {name} got a file and another value beside it.")
        references = _into(declared[name], all_given, uploads)
        if declared[name].several:
            inputs[name] = references
        elif references:
            inputs[name] = references[0]
        else:
            inputs.pop(name, None)
    return replace(call, inputs=inputs, files=(), uploads=tuple(uploads), beside=tuple(beside))


def _places(parameters: Mapping[str, Any], *, keyed: bool) -> dict[str, FileInput]:
    """Give all places that an app has for files, by their names; beside the inputs comes first."""
    beside = beside_of(parameters) if keyed else None
    return {**({BESIDE: beside} if beside else {}), **inputs_of(parameters)}


def _into(slot: FileInput, all_given: Sequence["_Given"], uploads: list[Upload]) -> list[dict[str, Any]]:
    """Give what stands for a place's files that nobody has to upload, and add the others to the uploads."""
    types = [slot.type_for(given.described) for given in all_given]
    slot.check_number(types)
    references: list[dict[str, Any]] = []
    for at, (given, type_) in enumerate(zip(all_given, types, strict=True)):
        if isinstance(given.file, Upload):
            uploads.append(replace(given.file, name=slot.name, type=type_, at=at if slot.several else None))
        elif given.issued:
            references.append(given.issued.as_input(type_))
        else:
            references.append({"type": type_, "transfer_method": "remote_url", "url": given.file.url})
    return references


def place_owned(
    call: Call, files: Sequence[Mapping[str, Any]], parameters: Mapping[str, Any], *, keyed: bool = False
) -> Call:
    """Place what the owner picked beside the app, trusted as it is, below what the caller sends.

    Beside the inputs if the app is `keyed` and takes files there, else under its only input for files that is free.
    Raises InvalidParam for more files than that takes.
    """
    places = _places(parameters, keyed=keyed)
    taken = {upload.name for upload in call.uploads}
    if BESIDE in places:
        free = [] if call.beside or BESIDE in taken else [places[BESIDE]]
    else:
        free = [slot for name, slot in places.items() if name not in taken | call.inputs.keys()]
    if len(free) != 1:
        return call
    [slot] = free
    slot.check_number([str(file.get("type")) for file in files])
    if slot.name == BESIDE:
        return replace(call, beside=tuple(files))
    return replace(call, inputs={**call.inputs, slot.name: list(files) if slot.several else files[0]})


def upload(call: Call, store: Store) -> Call:
    """Hand the files that were placed to Dify, and put what stands for them into the inputs and beside them."""
    inputs: dict[str, Any] = dict(call.inputs)
    beside = list(call.beside)
    for file in call.uploads:
        stored = {**store(file), "type": file.type}
        if file.at is None:
            inputs[file.name] = stored
        elif file.name == BESIDE:
            beside.insert(file.at, stored)
        else:
            files = [*inputs.get(file.name, [])]
            files.insert(file.at, stored)
            inputs[file.name] = files
    return replace(call, inputs=inputs, uploads=(), beside=tuple(beside))


def hand_over(
    upload: Upload,
    store: Store,
    *,
    now: float,
    parameters: Mapping[str, Any] | None = None,
    keyed: bool = False,
) -> Issued:
    """Check one file and hand it to Dify, for an id to be issued.

    With an app's `parameters` its sizes count, and one of its places has to take the file, if it has any for files;
    what it takes beside its inputs is one if it is `keyed`. `now` in seconds since 1970. Raises InvalidParam,
    UnsupportedMediaType, PayloadTooLarge, or what Dify's refusal means.
    """
    file = media.settle(upload)
    described = _described(file, keyed=keyed)
    check_size(described, parameters or {})
    type_ = "document" if described.kind == "custom" else described.kind
    if places := _places(parameters or {}, keyed=keyed):
        type_ = places[_taking(described, places.values())[0]].type_for(described)
    try:
        stored = store(replace(file, type=type_))
    except RelayError:
        raise
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


def _given(file: File, known: Known, *, keyed: bool) -> _Given:
    if isinstance(file, Upload):
        settled = media.settle(file)
        return _Given(file=settled, described=_described(settled, keyed=keyed))
    if file.url:
        extension = media.extension_of(media.name_in(file.url), "")
        described = Described(name=file.url, extension=extension, type=file.type, method="remote_url")
        return _Given(file=file, described=described)
    issued = found(file.id, known)
    described = Described(
        name=issued.name,
        extension=media.extension_of(issued.name, issued.mime_type),
        media_type=issued.mime_type,
        size=issued.size,
        type=file.type,
        method=issued.transfer_method,
        keyed=keyed,
    )
    return _Given(file=file, described=described, issued=issued)


def _described(file: Upload, *, keyed: bool) -> Described:
    return Described(
        name=file.filename,
        extension=media.extension_of(file.filename, file.mimetype),
        media_type=file.mimetype,
        size=len(file.content),
        type=file.type,
        keyed=keyed,
    )


def _place_for(given: _Given, places: Mapping[str, FileInput], free: Sequence[FileInput]) -> str:
    """Name the place that a file goes to: the input it names, the only place, or the only one that takes such a file.

    What is beside the inputs goes before them; of those that are `free`, the first that takes the file.
    """
    file = given.file
    if file.name and file.name in places:
        return file.name
    if len(places) == 1 and not file.exact:
        return next(iter(places))
    taking = [] if file.exact else _taking(given.described, free or places.values())
    if taking and (free or BESIDE in taking or len(taking) == 1):
        return taking[0]
    names = ", ".join(filter(None, places))
    if not names:
        raise InvalidParam(f"The app has no input {file.name}: it takes files beside its inputs, without a name.")
    other = "; without a name, beside the inputs" if BESIDE in places else ""
    raise InvalidParam(
        f"The app takes files under {'several' if taking else 'other'} names: send each under one of {names}{other}."
    )


def _taking(file: Described, declared: Iterable[FileInput]) -> list[str]:
    """Name the places that take a file. Raises as the first of them does when there is none."""
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
