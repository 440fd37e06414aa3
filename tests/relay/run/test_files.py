from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from relay.call import Call, Reference, Upload
from relay.errors import InvalidParam, PayloadTooLarge, RelayError, UnsupportedMediaType
from relay.incoming import issued
from relay.incoming.issued import Issued
from relay.incoming.settings import Settings
from relay.run import files

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
PDF = b"%PDF-1.7\n" + bytes(24)
URL = "https://a.example/b.png"
LINK = {"type": "image", "transfer_method": "remote_url", "url": URL}
UPLOADED = Issued(
    id="dify-1",
    transfer_method="tool_file",
    type="document",
    name="plan.pdf",
    size=2 * 1024 * 1024,
    mime_type="application/pdf",
    created_at=1000,
)
ID = issued.issue(UPLOADED, "quack", "endpoint")
BY_ID = {"type": "document", "transfer_method": "tool_file", "tool_file_id": "dify-1"}

known = partial(issued.find, settings=Settings.read({"api_key": "quack"}), endpoint_id="endpoint")


class Form:
    """Dify, as far as one app's form and uploads go."""

    def __init__(self, /, *, sizes: Mapping[str, int] | None = None, **fields: Any) -> None:
        """Take for each input its kind, or its kind and what it allows."""
        declared = {name: field if isinstance(field, tuple) else (field, {}) for name, field in fields.items()}
        self.parameters = {
            "user_input_form": [{kind: {"variable": name, **allowed}} for name, (kind, allowed) in declared.items()],
            "system_parameters": sizes,
        }
        self.uploaded: list[Upload] = []

    def upload(self, upload: Upload) -> Mapping[str, Any]:
        self.uploaded.append(upload)
        return {"tool_file_id": upload.filename, "transfer_method": "tool_file", "type": "document"}


def part(name: str = "", filename: str = "f.png", content: bytes = PNG, mimetype: str = "", **more: Any) -> Upload:
    return Upload(name=name, filename=filename, mimetype=mimetype, content=content, **more)


def attach(call: Call, form: Form) -> Call:
    placed = files.place(call, form.parameters, known)
    assert form.uploaded == []
    return files.upload(placed, form.upload)


def stored(filename: str, type_: str = "image") -> dict[str, str]:
    return {"tool_file_id": filename, "transfer_method": "tool_file", "type": type_}


def allowing(kind: str = "file", **allowed: Any) -> tuple[str, dict[str, Any]]:
    return kind, allowed


IMAGES = allowing(allowed_file_types=["image"])
DOCUMENTS = allowing(allowed_file_types=["document"])
BOTH: dict[str, Any] = {"photo": IMAGES, "docs": ("file-list", DOCUMENTS[1])}
CUSTOM = allowing(allowed_file_types=["image", "custom"], allowed_file_extensions=[".ZIP", "duck"])


@pytest.mark.parametrize(
    ("form", "call", "inputs"),
    [
        ({"doc": "file"}, {"files": [part("doc")]}, {"doc": stored("f.png")}),
        ({"doc": "file", "t": "paragraph"}, {"files": [part("whatever")]}, {"doc": stored("f.png")}),
        ({"doc": "file"}, {"files": [Reference(url=URL)]}, {"doc": LINK}),
        ({"doc": "file"}, {"files": [Reference(id=ID)]}, {"doc": BY_ID}),
        (
            {"docs": "file-list"},
            {"files": [part(filename="1.png"), Reference(url=URL), part(filename="2.png"), Reference(id=ID)]},
            {"docs": [stored("1.png"), LINK, stored("2.png"), BY_ID]},
        ),
        (
            {"a": "file", "b": "file-list"},
            {"files": [part("a", "1.png"), part("b", "2.png", exact=True)], "inputs": {"x": 1, "a": None, "b": []}},
            {"x": 1, "a": stored("1.png"), "b": [stored("2.png")]},
        ),
        (
            BOTH,
            {"files": [part(), part(filename="f.pdf", content=PDF)]},
            {"photo": stored("f.png"), "docs": [stored("f.pdf", "document")]},
        ),
        (BOTH, {"files": [Reference(id=ID)]}, {"docs": [BY_ID]}),
        ({"doc": "file"}, {"inputs": {"doc": {**LINK, "upload_file_id": ""}}}, {"doc": LINK}),
        ({"doc": "file"}, {"inputs": {"doc": {**LINK, "upload_file_id": "stolen", "reference": "x"}}}, {"doc": LINK}),
        ({"doc": "file"}, {"inputs": {"doc": {**BY_ID, "tool_file_id": ID}}}, {"doc": BY_ID}),
        (
            {"doc": "file"},
            {"inputs": {"doc": {"transfer_method": "local_file", "upload_file_id": ID}}},
            {"doc": BY_ID},
        ),
        (
            {"doc": "file"},
            {"inputs": {"doc": {"transfer_method": "remote_url", "url": "data:image/png;base64,iVBORw0KGgo="}}},
            {"doc": stored("file.png")},
        ),
        (
            {"docs": "file-list"},
            {"inputs": {"docs": [LINK, {"upload_file_id": ID}]}, "files": [part()]},
            {"docs": [stored("f.png"), LINK, BY_ID]},
        ),
        (
            {"doc": "file"},
            {"inputs": {"other": [{"deep": {"transfer_method": "tool_file", "tool_file_id": ID}}, LINK]}},
            {"other": [{"deep": BY_ID}, LINK]},
        ),
        (
            {"docs": "file-list"},
            {"inputs": {"docs": [{**LINK, "upload_file_id": "stolen", "related_id": "x", "reference": "x"}, {}]}},
            {"docs": [LINK, {}]},
        ),
        (
            {"docs": "file-list"},
            {"inputs": {"docs": [{"transfer_method": "local_file", "upload_file_id": "stolen", "data": "aGk="}, {}]}},
            {"docs": [{"transfer_method": "local_file", "data": "aGk="}, {}]},
        ),
        (
            {},
            {"inputs": {"a": {"transfer_method": "local_file", "url": URL, "reference": "stolen"}}},
            {"a": {"transfer_method": "local_file", "url": URL}},
        ),
        ({}, {"inputs": {"a": [LINK, {"reference": "7"}]}}, {"a": [LINK, {"reference": "7"}]}),
        (
            {},
            {"inputs": {"payload": {"transfer_method": "wire", "id": "7"}}},
            {"payload": {"transfer_method": "wire", "id": "7"}},
        ),
        (
            {"doc": CUSTOM},
            {"files": [part(filename="a.zip", content=b"PK\3\4" + bytes(30))]},
            {"doc": stored("a.zip", "custom")},
        ),
        (
            {"doc": CUSTOM},
            {"files": [part(filename="a.Duck", content=b"quack")]},
            {"doc": stored("a.Duck", "custom")},
        ),
        ({"doc": CUSTOM}, {"files": [part()]}, {"doc": stored("f.png")}),
        (
            {"doc": DOCUMENTS},
            {"files": [part(filename="a", content=b"quack", type="document")]},
            {"doc": stored("a", "document")},
        ),
        (
            {"doc": IMAGES},
            {"files": [Reference(url="https://a.example/1")]},
            {"doc": {**LINK, "url": "https://a.example/1"}},
        ),
    ],
)
def test_each_file_goes_under_an_input_that_the_app_declares(
    form: dict[str, Any], call: dict[str, Any], inputs: dict[str, Any]
) -> None:
    made = attach(Call(app_id="a", **call), Form(**form))
    assert made == Call(app_id="a", inputs=inputs)


class Watched(dict[str, Any]):
    """Counts how often anybody looks at it."""

    looks = 0

    def get(self, name: str, default: Any = None) -> Any:
        self.looks += 1
        return super().get(name, default)


def test_files_are_looked_for_a_few_times_however_deep_they_stand() -> None:
    innermost = Watched()
    value: Any = [innermost, LINK]
    for _ in range(90):
        value = [value]
    call = Call(app_id="a", inputs={"x": value})
    assert files.place(call, {}, known) == call
    assert innermost.looks < 20


LOCAL = allowing(allowed_file_upload_methods=["local_file"])
REMOTE = allowing(allowed_file_upload_methods=["remote_url"])
TWO = allowing("file-list", max_length=2)


@pytest.mark.parametrize(
    ("form", "call", "error", "told"),
    [
        ({"text": "paragraph"}, {"files": [part("doc")]}, InvalidParam, "takes no files"),
        ({}, {"files": [Reference(url=URL)]}, InvalidParam, "takes no files"),
        ({"a": "file", "b": "file"}, {"files": [part("c")]}, InvalidParam, "one of a, b"),
        ({"a": "file", "b": "file"}, {"files": [Reference(url=URL)]}, InvalidParam, "one of a, b"),
        ({"doc": "file"}, {"files": [part("foto", exact=True)]}, InvalidParam, "one of doc"),
        ({"doc": "file"}, {"files": [part("doc"), part("doc")]}, InvalidParam, "doc takes one file"),
        ({"doc": "file"}, {"files": [part("doc")], "inputs": {"doc": LINK}}, InvalidParam, "doc takes one file"),
        ({"doc": "file"}, {"files": [part("doc")], "inputs": {"doc": "x"}}, InvalidParam, "another value beside"),
        ({"doc": TWO}, {"files": [part("doc")] * 3}, InvalidParam, "at most 2 files: 3 were sent"),
        ({"doc": "file-list"}, {"files": [part("doc")] * 21}, PayloadTooLarge, "more than 20 files"),
        ({"doc": LOCAL}, {"files": [Reference(url=URL)]}, InvalidParam, "as an upload, not as a URL"),
        ({"doc": REMOTE}, {"files": [part("doc")]}, InvalidParam, "as a URL, not as an upload"),
        ({"doc": REMOTE}, {"files": [Reference(id=ID)]}, InvalidParam, "as a URL, not as an upload"),
        (
            {"doc": IMAGES},
            {"files": [Reference(id=ID)]},
            UnsupportedMediaType,
            "takes image files: plan.pdf is document",
        ),
        ({"doc": IMAGES}, {"files": [part(filename="a.png", content=PDF)]}, UnsupportedMediaType, "doc takes image"),
        ({"doc": DOCUMENTS}, {"files": [Reference(url=URL, type="image")]}, UnsupportedMediaType, "takes document"),
        (
            {"doc": CUSTOM},
            {"files": [part(filename="a.pdf", content=PDF)]},
            UnsupportedMediaType,
            "named .duck, .zip",
        ),
        (BOTH, {"files": [part(filename="a.mp3", content=b"ID3" + bytes(30))]}, UnsupportedMediaType, "photo takes"),
        ({"doc": "file"}, {"files": [part(content=b"")]}, InvalidParam, "f.png is empty"),
        ({"doc": "file"}, {"files": [Reference(id="dify-1")]}, InvalidParam, "none that this endpoint has issued"),
        ({"doc": "file"}, {"inputs": {"doc": BY_ID}}, InvalidParam, "none that this endpoint has issued"),
        ({"doc": "file"}, {"inputs": {"other": [[BY_ID]]}}, InvalidParam, "none that this endpoint has issued"),
        ({"doc": "file"}, {"inputs": {"o": {"p": {"upload_file_id": "1"}}}}, InvalidParam, "none that this endpoint"),
        ({}, {"inputs": {"o": {"transfer_method": "datasource_file"}}}, InvalidParam, "transfer_method must be"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_before_any_is_uploaded(
    form: dict[str, Any], call: dict[str, Any], error: type[RelayError], told: str
) -> None:
    dify = Form(**form)
    fitting = [part("docs", "first.pdf", PDF)] if form is BOTH else []
    with pytest.raises(error, match=told):
        attach(Call(app_id="a", **{**call, "files": [*fitting, *call.get("files", [])]}), dify)
    assert dify.uploaded == []


@pytest.mark.parametrize(
    ("sizes", "file", "fits"),
    [
        ({"image_file_size_limit": 1}, part(content=PNG + bytes(1024 * 1024)), False),
        ({"image_file_size_limit": 1}, part(filename="a.pdf", content=PDF + bytes(1024 * 1024)), True),
        ({"file_size_limit": 1}, part(filename="a.pdf", content=PDF + bytes(1024 * 1024)), False),
        ({"file_size_limit": 1}, Reference(id=ID), False),
        ({"file_size_limit": 2}, Reference(id=ID), True),
        ({"file_size_limit": 0, "image_file_size_limit": None}, part(), True),
        (None, part(content=PNG + bytes(9 * 1024 * 1024)), True),
        (None, part(content=PNG + bytes(10 * 1024 * 1024)), False),
        (None, part(filename="a.bin", content=bytes(15 * 1024 * 1024)), True),
        (None, part(filename="a.bin", content=bytes(15 * 1024 * 1024 + 1)), False),
    ],
)
def test_sizes_are_what_dify_says(sizes: dict[str, int] | None, file: Upload | Reference, fits: bool) -> None:
    form = Form(doc="file", sizes=sizes)
    call = Call(app_id="a", files=(file,))
    if fits:
        assert files.any_in(call)
        assert files.place(call, form.parameters, known).files == ()
    else:
        with pytest.raises(PayloadTooLarge, match=r"is too large: Dify takes \w+ files of at most \d+ MiB"):
            files.place(call, form.parameters, known)


class Seen(dict[str, Any]):
    """An object that counts how often anybody looks into it."""

    looks = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.looks += 1
        return super().get(key, default)


def test_what_lies_deep_in_an_input_is_looked_at_as_often_as_what_does_not() -> None:
    def looks(depth: int) -> int:
        seen = Seen(LINK)
        value: Any = seen
        for _ in range(depth):
            value = [value]
        files.place(Call(app_id="a", inputs={"x": value}), {}, known)
        return seen.looks

    assert looks(90) == looks(0)


@pytest.mark.parametrize("parameters", [{}, {"user_input_form": None}, {"user_input_form": []}])
def test_an_app_without_a_form_takes_no_files(parameters: dict[str, Any]) -> None:
    assert files.inputs_of(parameters) == {}


@pytest.mark.parametrize(
    ("inputs", "concerned"),
    [
        ({}, False),
        ({"a": {"url": URL, "id": "1"}}, False),
        ({"a": {"transfer_method": "wire"}}, False),
        ({"a": {"transfer_method": ["tool_file"]}}, False),
        ({"a": "tool_file"}, False),
        ({"a": LINK}, True),
        ({"a": [[{"b": {"upload_file_id": "x"}}]]}, True),
        ({"a": {"transfer_method": "tool_file"}}, True),
    ],
)
def test_a_call_without_files_asks_nothing_of_the_app(inputs: dict[str, Any], concerned: bool) -> None:
    assert files.any_in(Call(app_id="a", inputs=inputs)) is concerned


@pytest.mark.parametrize(
    ("form", "file", "type_"),
    [
        ({}, part(filename="", content=PDF), "document"),
        ({"doc": "paragraph"}, part(), "image"),
        (BOTH, part(), "image"),
        ({"doc": CUSTOM}, part(filename="a.duck", content=b"quack"), "custom"),
    ],
)
def test_a_file_that_is_uploaded_alone_gets_an_id(form: dict[str, Any], file: Upload, type_: str) -> None:
    dify = Form(**form)
    handed = files.hand_over(file, dify.upload, now=1000.5, parameters=dify.parameters)
    [sent] = dify.uploaded
    assert handed == Issued(
        id=sent.filename,
        transfer_method="tool_file",
        type=type_,
        name=sent.filename,
        size=len(file.content),
        mime_type=sent.mimetype,
        created_at=1000,
    )
    assert issued.find(issued.issue(handed, "quack", "e"), Settings.read({"api_key": "quack"}), "e") == handed


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (part(content=b""), InvalidParam),
        (part(filename="a.mp4", content=b"quack"), UnsupportedMediaType),
        (part(content=PNG + bytes(10 * 1024 * 1024)), PayloadTooLarge),
    ],
)
def test_a_file_that_is_uploaded_alone_is_checked_likewise(file: Upload, error: type[RelayError]) -> None:
    dify = Form(**BOTH)
    with pytest.raises(error):
        files.hand_over(file, dify.upload, now=0, parameters=dify.parameters)
    assert dify.uploaded == []
