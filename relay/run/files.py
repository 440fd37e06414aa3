"""Files on their way into an app.

By reverse invocation Dify takes files only as the value of an input that the app declares; a `files` list beside
the inputs is dropped. So each file goes under the name of such an input.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from relay.call import Call, Upload
from relay.errors import InvalidParam


def place(call: Call, slots: Mapping[str, bool]) -> Call:
    """Find a place in the app's inputs for each of the call's files; nothing is uploaded yet.

    A form's file goes under the input of its field's name, or under the app's only file input; the list `files` under
    the only one. `slots` are the app's `file_inputs`. Raises InvalidParam when there is no such input, or it takes
    one file and gets several.
    """
    if not slots:
        raise InvalidParam(
            "This app takes no files: Dify hands a file to an app only through an input of type File or File List."
        )
    names = [_slot(upload.name, slots) for upload in call.uploads] + [_slot("", slots) for _ in call.files]
    for name in set(names):
        if name in call.inputs or (names.count(name) > 1 and not slots[name]):
            raise InvalidParam(f"The app's input {name} takes one file.")
    inputs: dict[str, Any] = dict(call.inputs)
    for name, file in zip(names[len(call.uploads) :], call.files, strict=True):
        inputs[name] = [*inputs.get(name, []), file] if slots[name] else file
    uploads = tuple(
        replace(upload, name=name, among_others=slots[name])
        for name, upload in zip(names, call.uploads, strict=False)
    )
    return replace(call, inputs=inputs, files=(), uploads=uploads)


def upload(call: Call, store: Callable[[Upload], Mapping[str, Any]]) -> Call:
    """Hand the files that were placed to Dify and put what stands for them into the inputs, before files by id."""
    inputs: dict[str, Any] = dict(call.inputs)
    uploaded: dict[str, list[Any]] = {}
    for file in call.uploads:
        if file.among_others:
            uploaded.setdefault(file.name, []).append(store(file))
        else:
            inputs[file.name] = store(file)
    for name, files in uploaded.items():
        inputs[name] = [*files, *inputs.get(name, [])]
    return replace(call, inputs=inputs, uploads=())


def file_inputs(parameters: Mapping[str, Any]) -> dict[str, bool]:
    """Name the inputs of an app that take files, and tell of each whether it takes several.

    `user_input_form` is a list of `{<type>: {"variable", …}}`.
    """
    return {
        str(field.get("variable")): kind == "file-list"
        for kind, field in form_of(parameters)
        if kind in {"file", "file-list"}
    }


def form_of(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give each input that an app declares, and its kind."""
    for entry in parameters.get("user_input_form") or ():
        yield from entry.items()


def _slot(name: str, slots: Mapping[str, bool]) -> str:
    if name in slots:
        return name
    if len(slots) > 1:
        raise InvalidParam(f"The app takes files under several names: send each under one of {', '.join(slots)}.")
    return next(iter(slots))
