from collections.abc import Mapping
from typing import Any

import pytest

from relay.call import Call, Upload
from relay.errors import InvalidParam
from relay.run import files
from relay.run.files import file_inputs

LINK = {"type": "image", "transfer_method": "remote_url", "url": "https://a.example/b.png"}


class Form:
    """Dify, as far as one app's form and uploads go."""

    def __init__(self, **kinds: str) -> None:
        self.form = {"user_input_form": [{kind: {"variable": name}} for name, kind in kinds.items()]}
        self.uploaded: list[str] = []

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        return self.form

    def upload(self, upload: Upload) -> Mapping[str, Any]:
        self.uploaded.append(upload.filename)
        return {"tool_file_id": upload.filename}


def part(name: str, filename: str = "f") -> Upload:
    return Upload(name=name, filename=filename, mimetype="image/png", content=b"")


def attach(call: Call, form: Form) -> Call:
    placed = files.place(call, file_inputs(form.form))
    assert form.uploaded == []
    return files.upload(placed, form.upload)


@pytest.mark.parametrize(
    ("form", "call", "inputs"),
    [
        ({"doc": "file"}, {"uploads": [part("doc")]}, {"doc": {"tool_file_id": "f"}}),
        ({"doc": "file", "t": "paragraph"}, {"uploads": [part("whatever")]}, {"doc": {"tool_file_id": "f"}}),
        ({"doc": "file"}, {"files": [LINK]}, {"doc": LINK}),
        (
            {"docs": "file-list"},
            {"uploads": [part("docs", "1"), part("docs", "2")], "files": [LINK]},
            {"docs": [{"tool_file_id": "1"}, {"tool_file_id": "2"}, LINK]},
        ),
        (
            {"a": "file", "b": "file-list"},
            {"uploads": [part("a", "1"), part("b", "2")], "inputs": {"x": 1}},
            {"x": 1, "a": {"tool_file_id": "1"}, "b": [{"tool_file_id": "2"}]},
        ),
    ],
)
def test_each_file_goes_under_an_input_that_the_app_declares(
    form: dict[str, str], call: dict[str, Any], inputs: dict[str, Any]
) -> None:
    made = attach(Call(app_id="a", **call), Form(**form))
    assert made == Call(app_id="a", inputs=inputs)


@pytest.mark.parametrize(
    ("form", "call", "told"),
    [
        ({"text": "paragraph"}, {"uploads": [part("doc")]}, "takes no files"),
        ({}, {"files": [LINK]}, "takes no files"),
        ({"a": "file", "b": "file"}, {"uploads": [part("c")]}, "one of a, b"),
        ({"a": "file", "b": "file"}, {"files": [LINK]}, "one of a, b"),
        ({"doc": "file"}, {"uploads": [part("doc"), part("doc")]}, "doc takes one file"),
        ({"doc": "file"}, {"uploads": [part("doc")], "inputs": {"doc": LINK}}, "doc takes one file"),
    ],
)
def test_a_file_without_a_place_is_refused_before_anything_is_uploaded(
    form: dict[str, str], call: dict[str, Any], told: str
) -> None:
    dify = Form(**form)
    with pytest.raises(InvalidParam, match=told):
        attach(Call(app_id="a", **call), dify)
    assert dify.uploaded == []


@pytest.mark.parametrize("parameters", [{}, {"user_input_form": None}, {"user_input_form": []}])
def test_an_app_without_a_form_takes_no_files(parameters: dict[str, Any]) -> None:
    assert file_inputs(parameters) == {}
