"""What an app that is reached by its key is given, from the request on."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from werkzeug import Request, Response

from relay import service_api
from relay.errors import ServiceApiUnusable
from relay.host import Host
from tests.relay.keyed import KEYED, App, Dify
from tests.relay.scripts import KEY, answered, keyed
from tests.requests import request

URL = "https://a.example/b.png"
LINK = {"type": "image", "transfer_method": "remote_url", "url": URL}
PICKED = {"type": "image", "transfer_method": "local_file", "upload_file_id": "dify's own"}
PARAMETERS = {
    "user_input_form": [{"file": {"variable": "doc", "allowed_file_types": ["document"]}}],
    "file_upload": {"enabled": True, "allowed_file_types": ["image"], "number_limits": 3},
}


def pond(**told: Any) -> App:
    """Give an app that takes a document as an input and images beside; `told` says what else it tells, or raises."""
    return App(told={"parameters": PARAMETERS, **told})


def given(app: App) -> list[tuple[Mapping[str, Any], tuple[Mapping[str, Any], ...]]]:
    """Give the inputs of each call that ran, and the files beside them."""
    return [(call.inputs, call.beside) for call in app.calls]


def stored(filename: str, type_: str = "image") -> dict[str, str]:
    return {"type": type_, "transfer_method": "local_file", "upload_file_id": filename}


def form(fields: dict[str, str], **files: tuple[str, bytes]) -> Request:
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    parts += [
        f'name="{name}"; filename="{filename}"\r\n\r\n'.encode() + content
        for name, (filename, content) in files.items()
    ]
    body = b"".join(b"--b\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return request(
        "/duck/app",
        method="POST",
        data=body,
        content_type="multipart/form-data; boundary=b",
        headers={"X-API-Key": "quack", "Authorization": "Bearer quack"},
    )


PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
ask_dify = partial(
    service_api.respond, host=Host(clock=time.time, elapsed=time.monotonic), path={"app_id": "app", "task_id": ""}
)


def test_a_forms_files_go_beside_the_inputs_or_where_they_are_taken() -> None:
    app = pond()
    sent = form({"query": "hi", "user": "bob"}, file=("a.png", PNG), other=("b.txt", b"quack"))
    assert answered(Dify(pond=app), sent, KEYED).status_code == 200
    assert given(app) == [({"doc": stored("b.txt", "document")}, (stored("a.png"),))]
    assert sorted(app.uploaded) == ["bob's a.png", "bob's b.txt"]


@pytest.mark.parametrize(
    ("body", "beside"),
    [({}, (PICKED,)), ({"files": [LINK]}, (LINK,)), ({"files.doc": f"{URL}.pdf"}, (PICKED,))],
    ids=["nothing", "a file beside the inputs", "a file for an input"],
)
def test_what_the_owner_filled_in_goes_beside_unless_the_caller_sends_files_there(
    body: dict[str, Any], beside: tuple[dict[str, Any], ...]
) -> None:
    app = pond()
    settings = {**KEYED, "app": {"app_id": "app", "files": [PICKED]}}
    assert answered(Dify(pond=app), keyed({"query": "hi", **body}), settings, app_id="").status_code == 200
    assert [call.beside for call in app.calls] == [beside]


def test_the_owner_is_told_of_too_many_files(caplog: pytest.LogCaptureFixture) -> None:
    settings = {**KEYED, "app": {"app_id": "app", "files": [PICKED] * 4}}
    response = answered(Dify(pond=pond()), keyed({"query": "hi"}), settings, app_id="")
    assert (response.status_code, response.get_json()["code"]) == (503, "app_unavailable")
    assert "app: Beside its inputs the app takes at most 3 files: 4 were sent" in caplog.text


def test_by_reverse_invocation_the_same_files_go_into_the_input() -> None:
    dify = Dify()
    settings = {**KEY, "app": {"app_id": "app", "files": [PICKED]}}
    assert answered(dify, keyed({"query": "hi"}), settings, app_id="").status_code == 200
    assert [(call.inputs, call.beside) for call in dify.calls] == [({"doc": PICKED}, ())]


def test_a_file_that_was_uploaded_for_the_app_is_named_afterwards() -> None:
    app = pond()
    dify = Dify(pond=app)
    sent = form({"user": "bob"}, file=("a.png", PNG))
    response: Response = ask_dify(_at(sent, "files/upload"), settings=KEYED, dify=dify)
    assert (response.status_code, app.uploaded) == (201, ["bob's a.png"])
    by_id = {"type": "image", "transfer_method": "local_file", "upload_file_id": response.get_json()["id"]}
    body = keyed({"query": "hi", "user": "bob", "inputs": {}, "files": [by_id, LINK]}, Authorization="Bearer quack")
    assert ask_dify(_at(body, "chat-messages"), settings=KEYED, dify=dify).status_code == 200
    assert given(app) == [({}, (stored("a.png"), LINK))]


@pytest.mark.parametrize("refusing", ["parameters", "upload"])
def test_an_app_out_of_reach_is_said_to_be_so(refusing: str) -> None:
    app = pond(**{refusing: ServiceApiUnusable("service_api_url leads nowhere", told=True)})
    response = answered(Dify(pond=app), form({"query": "hi"}, file=("a.png", PNG)), KEYED)
    assert (response.status_code, response.get_json()["code"]) == (503, "app_unavailable")
    assert "service_api_url leads nowhere" in response.get_json()["message"]
    assert app.calls == []


def _at(sent: Request, resource: str) -> Request:
    sent.path = f"/duck/app/{resource}"
    return sent
