"""Files of an app that is reached by its key: it takes them beside its inputs, too."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from relay.call import Call, Reference, Upload
from relay.errors import InvalidParam, RelayError, ServiceApiUnusable, UnsupportedMediaType
from relay.incoming import issued
from relay.run import files
from tests.relay.run.test_files import (
    BOTH,
    BY_ID,
    DOCUMENTS,
    ID,
    IMAGES,
    LINK,
    PDF,
    UPLOADED,
    URL,
    Form,
    known,
    part,
)

LOCAL_ID = issued.issue(replace(UPLOADED, transfer_method="local_file"), "quack", "endpoint")
BY_LOCAL_ID = {"type": "document", "transfer_method": "local_file", "upload_file_id": "dify-1"}
DOC_URL = "https://a.example/b.pdf"
DOC_LINK = {"type": "document", "transfer_method": "remote_url", "url": DOC_URL}


class Keyed(Form):
    """An app whose files beside its inputs are what `file_upload` says."""

    def __init__(self, file_upload: Any, /, **fields: Any) -> None:
        super().__init__(**fields)
        self.parameters["file_upload"] = file_upload

    def upload(self, upload: Upload) -> Mapping[str, Any]:
        self.uploaded.append(upload)
        return {"transfer_method": "local_file", "upload_file_id": upload.filename}


def stored(filename: str, type_: str = "image") -> dict[str, str]:
    return {"type": type_, "transfer_method": "local_file", "upload_file_id": filename}


def attach(call: Call, app: Keyed, *, anywhere: bool = False) -> Call:
    placed = files.place(call, app.parameters, known, keyed=True, anywhere=anywhere)
    assert app.uploaded == []
    return files.upload(placed, app.upload)


def taking(*types: str, **allowed: Any) -> dict[str, Any]:
    return {"enabled": True, "allowed_file_types": [*types], "number_limits": 3, **allowed}


ANY = taking("image", "document", "audio", "video")
PHOTO = {"photo": IMAGES}
OLDER = {"image": {"enabled": True, "number_limits": 2, "transfer_methods": ["local_file"]}}


@pytest.mark.parametrize(
    ("beside", "form", "sent", "inputs", "expected"),
    [
        (ANY, {}, [part()], {}, [stored("f.png")]),
        (ANY, {}, [part("file")], {}, [stored("f.png")]),
        (ANY, PHOTO, [part(), part("file", "2.png")], {}, [stored("f.png"), stored("2.png")]),
        (ANY, PHOTO, [part("photo"), part()], {"photo": stored("f.png")}, [stored("f.png")]),
        (ANY, PHOTO, [part("photo", exact=True)], {"photo": stored("f.png")}, []),
        (
            taking("image", "document", number_limits=5),
            PHOTO,
            [part(filename="1.png"), Reference(url=URL), part(filename="2.png"), Reference(id=ID)],
            {},
            [stored("1.png"), LINK, stored("2.png"), BY_ID],
        ),
        (ANY, {}, [Reference(id=LOCAL_ID), Reference(url=DOC_URL)], {}, [BY_LOCAL_ID, DOC_LINK]),
        (
            taking("image"),
            {"doc": DOCUMENTS},
            [part(), part(filename="f.pdf", content=PDF)],
            {"doc": stored("f.pdf", "document")},
            [stored("f.png")],
        ),
        (
            taking("image", allowed_file_upload_methods=["local_file"]),
            {"photos": "file-list"},
            [Reference(url=URL), part()],
            {"photos": [LINK]},
            [stored("f.png")],
        ),
        (
            taking("document", allowed_file_upload_methods=["remote_url"]),
            {},
            [Reference(id=ID)],
            {},
            [BY_ID],
        ),
        (
            taking("custom", allowed_file_extensions=[".ZIP"]),
            {},
            [part(filename="a.zip", content=b"PK\3\4" + bytes(30))],
            {},
            [stored("a.zip", "custom")],
        ),
        (OLDER, {}, [part(), part(filename="2.png")], {}, [stored("f.png"), stored("2.png")]),
        ({**ANY, **OLDER}, {}, [Reference(url=DOC_URL)], {}, [DOC_LINK]),
        ({"enabled": True}, {}, [part(), Reference(url=DOC_URL)], {}, [stored("f.png"), DOC_LINK]),
        ({"enabled": False, **OLDER}, PHOTO, [part()], {"photo": stored("f.png")}, []),
        ({"image": {"enabled": False}}, PHOTO, [part()], {"photo": stored("f.png")}, []),
        (None, PHOTO, [part()], {"photo": stored("f.png")}, []),
    ],
)
def test_a_file_that_names_no_input_goes_beside_them_where_the_app_takes_it(
    beside: Any,
    form: dict[str, Any],
    sent: list[Upload | Reference],
    inputs: dict[str, Any],
    expected: list[dict[str, Any]],
) -> None:
    made = attach(Call(app_id="a", files=tuple(sent)), Keyed(beside, **form))
    assert made == Call(app_id="a", inputs=inputs, beside=tuple(expected))


def test_who_knows_of_no_inputs_has_files_put_wherever_there_is_room() -> None:
    app = Keyed(taking("image", number_limits=1), first=IMAGES, more=("file-list", {}))
    sent = tuple(part(filename=f"{number}.png") for number in range(4))
    made = attach(Call(app_id="a", files=sent, inputs={"first": ""}), app, anywhere=True)
    assert made == Call(
        app_id="a",
        inputs={"first": stored("1.png"), "more": [stored("2.png"), stored("3.png")]},
        beside=(stored("0.png"),),
    )


@pytest.mark.parametrize("anywhere", [False, True])
@pytest.mark.parametrize(
    ("beside", "form", "sent", "error", "told"),
    [
        (
            taking("image"),
            {},
            [part(filename="f.pdf", content=PDF)],
            UnsupportedMediaType,
            "inputs the app takes image",
        ),
        (
            taking("image"),
            PHOTO,
            [part("file", filename="f.pdf", content=PDF)],
            UnsupportedMediaType,
            "Beside its inputs the app takes image files: f.pdf is document",
        ),
        (taking("image"), {}, [part()] * 4, InvalidParam, "the app takes at most 3 files: 4 were sent"),
        ({"enabled": True}, {}, [part()] * 2, InvalidParam, "takes at most 1 of type image: 2 were sent"),
        (OLDER, {}, [part()] * 3, InvalidParam, "takes at most 2 files: 3 were sent"),
        (OLDER, {}, [Reference(url=URL)], InvalidParam, "the app takes a file as an upload, not as a URL"),
        (OLDER, {}, [Reference(url=DOC_URL)], InvalidParam, "as an upload, not as a URL"),
        (
            taking("document", allowed_file_upload_methods=["remote_url"]),
            {},
            [Reference(id=LOCAL_ID)],
            InvalidParam,
            "as a URL, not as an upload",
        ),
        (ANY, {}, [part("foto", exact=True)], InvalidParam, "no input foto: it takes files beside its inputs"),
        (
            ANY,
            BOTH,
            [part("foto", exact=True)],
            InvalidParam,
            "one of photo, docs; without a name, beside the inputs",
        ),
        (ANY, {}, [part(content=b"")], InvalidParam, "f.png is empty"),
        (ANY, {}, [Reference(id="dify-1")], InvalidParam, "none that this endpoint has issued"),
        ({"enabled": False}, {}, [part()], InvalidParam, "nor is its file upload enabled"),
    ],
)
def test_a_file_that_does_not_fit_beside_is_refused_before_any_is_uploaded(
    beside: Any,
    form: dict[str, Any],
    sent: list[Upload | Reference],
    error: type[RelayError],
    told: str,
    *,
    anywhere: bool,
) -> None:
    app = Keyed(beside, **form)
    with pytest.raises(error, match=told):
        attach(Call(app_id="a", files=tuple(sent)), app, anywhere=anywhere)
    assert app.uploaded == []


def test_a_file_that_two_inputs_take_and_nothing_beside_them_does_has_to_be_named() -> None:
    app = Keyed(taking("image"), one=DOCUMENTS, two=DOCUMENTS)
    with pytest.raises(InvalidParam, match="under several names: send each under one of one, two; without a name"):
        attach(Call(app_id="a", files=(part(filename="f.pdf", content=PDF),)), app)


def test_by_reverse_invocation_nothing_goes_beside_the_inputs() -> None:
    app = Keyed(ANY, **PHOTO)
    call = Call(app_id="a", files=(part(),))
    assert files.place(call, app.parameters, known).beside == ()
    with pytest.raises(InvalidParam, match="the setting app_keys"):
        files.place(call, Keyed(ANY).parameters, known)


@pytest.mark.parametrize(
    ("form", "file", "type_"),
    [
        (PHOTO, part(), "image"),
        ({"photo": DOCUMENTS}, part(filename="f.pdf", content=PDF), "document"),
        ({}, part(), "image"),
    ],
)
def test_a_file_that_is_uploaded_alone_is_one_that_the_app_takes_somewhere(
    form: dict[str, Any], file: Upload, type_: str
) -> None:
    app = Keyed(taking("image"), **form)
    handed = files.hand_over(file, app.upload, now=0, parameters=app.parameters, keyed=True)
    assert handed.as_input() == stored(file.filename, type_)


def test_a_file_that_is_uploaded_alone_and_fits_nowhere_is_refused() -> None:
    app = Keyed(taking("image"), **PHOTO)
    with pytest.raises(UnsupportedMediaType, match="Beside its inputs the app takes image files"):
        files.hand_over(
            part(filename="a.mp3", content=b"ID3" + bytes(30)),
            app.upload,
            now=0,
            keyed=True,
            parameters=app.parameters,
        )
    assert app.uploaded == []


def test_what_keeps_an_app_out_of_reach_is_told_of_an_upload_as_it_is() -> None:
    def unusable(_: Upload) -> Mapping[str, Any]:
        raise ServiceApiUnusable("Dify says that the key is wrong", told=True)

    with pytest.raises(ServiceApiUnusable):
        files.hand_over(part(), unusable, now=0)


@pytest.mark.parametrize(
    ("filename", "keyed", "type_"),
    [
        ("voice.webm", True, "video"),
        ("voice.webm", False, "audio"),
        ("voice.mp3", True, "audio"),
        ("voice", True, "audio"),
        ("voice.png", True, "audio"),
    ],
)
def test_sound_is_called_what_dify_finds_by_its_name_where_it_compares(
    filename: str, type_: str, *, keyed: bool
) -> None:
    webm = b"\x1aE\xdf\xa3" + bytes(4) + b"webm" + bytes(30)
    call = Call(app_id="a", files=(part("sound", filename, webm, "audio/webm"),))
    placed = files.place(call, Form(sound="file").parameters, known, keyed=keyed)
    assert [upload.type for upload in placed.uploads] == [type_]


PICKED = [{"type": "image", "transfer_method": "local_file", "upload_file_id": "dify's own"}]


@pytest.mark.parametrize(
    ("beside", "call", "expected"),
    [
        (ANY, {}, {"beside": tuple(PICKED)}),
        (ANY, {"beside": (LINK,)}, {"beside": (LINK,)}),
        (ANY, {"uploads": (part(at=0),)}, {"uploads": (part(at=0),)}),
        (
            ANY,
            {"uploads": (part("photo"),)},
            {"uploads": (part("photo"),), "beside": tuple(PICKED)},
        ),
        (ANY, {"inputs": {"photo": LINK}}, {"inputs": {"photo": LINK}, "beside": tuple(PICKED)}),
        (None, {}, {"inputs": {"photo": PICKED[0]}}),
        (None, {"uploads": (part("photo"),)}, {"uploads": (part("photo"),)}),
        (None, {"inputs": {"photo": LINK}}, {"inputs": {"photo": LINK}}),
    ],
)
def test_what_the_owner_picked_stands_below_what_the_caller_sends(
    beside: Any, call: dict[str, Any], expected: dict[str, Any]
) -> None:
    placed = files.place_owned(Call(app_id="a", **call), PICKED, Keyed(beside, **PHOTO).parameters, keyed=True)
    assert placed == Call(app_id="a", **expected)


def test_the_owner_too_picks_no_more_than_the_app_takes() -> None:
    with pytest.raises(InvalidParam, match="at most 3 files: 4 were sent"):
        files.place_owned(Call(app_id="a"), PICKED * 4, Keyed(ANY).parameters, keyed=True)
