"""OpenAI's API, with Dify's part played by scripts."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug import Response

from relay.call import Upload
from relay.host import Host
from relay.openai import respond
from tests.events import CHAT
from tests.relay.scripts import KEY, Workspace, saying
from tests.requests import request

BEARER = {"Authorization": "Bearer quack"}
FILE = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="duck.txt"\r\n\r\na duck\r\n--b--\r\n',
    "multipart/form-data; boundary=b",
)


class Refusing(Workspace):
    """Dify, which takes no file."""

    def upload(self, upload: Upload, **_: Any) -> Mapping[str, Any]:
        raise RuntimeError('upload file failed, status code: 413, response: {"message": "File size exceeded."}')


def ask(
    path: str,
    body: tuple[bytes, str] | None = None,
    *,
    dify: Workspace | None = None,
    settings: Mapping[str, Any] = KEY,
    named: Mapping[str, str] | None = None,
) -> Response:
    content: dict[str, Any] = {"data": body[0], "content_type": body[1]} if body else {}
    return respond(
        request(path, method="POST" if body else "GET", headers=BEARER, **content),
        named or {},
        settings,
        dify=dify or Workspace(saying(CHAT)),
        host=Host(clock=time.time, elapsed=time.monotonic),
    )


@pytest.mark.parametrize("path", ["/v1/files", "/duck/app/files"])
def test_a_file_that_dify_refuses_is_told_as_what_it_is(path: str) -> None:
    response = ask(path, FILE, dify=Refusing(saying(CHAT)), settings={**KEY, "app": "app"})
    error = response.get_json()["error"]
    assert (response.status_code, error["code"], error["message"]) == (
        413,
        "payload_too_large",
        "File size exceeded.",
    )


@pytest.mark.parametrize(
    ("path", "named", "listed"),
    [
        ("/v1/models", {}, ["gpt-duck", "9f3d", "picked"]),
        ("/duck/2b0c/v1/models", {"app_id": "2b0c"}, ["gpt-duck"]),
        ("/duck/gpt-duck/models", {"app_id": "gpt-duck"}, ["gpt-duck"]),
        ("/duck/picked/models", {"app_id": "picked"}, ["picked"]),
        ("/duck/other/v1/models", {"app_id": "other"}, None),
    ],
)
def test_the_models_are_the_apps_that_may_run(path: str, named: dict[str, str], listed: list[str] | None) -> None:
    response = ask(path, settings={**KEY, "app": "picked", "allowed_apps": "gpt-duck=2b0c, 9f3d"}, named=named)
    if listed is None:
        assert (response.status_code, response.get_json()["error"]["code"]) == (403, "model_not_found")
    else:
        assert [model["id"] for model in response.get_json()["data"]] == listed


@pytest.mark.parametrize(
    ("model", "found"),
    [("gpt-duck", True), ("2b0c", True), ("9f3d", True), ("picked", True), ("other", False)],
)
def test_a_model_is_found_by_whatever_name_it_runs_under(model: str, found: bool) -> None:
    settings = {**KEY, "app": "picked", "allowed_apps": "gpt-duck=2b0c, 9f3d"}
    response = ask(f"/v1/models/{model}", settings=settings, named={"model_id": model})
    if found:
        told = {"id": model, "object": "model", "created": 0, "owned_by": "dify"}
        assert (response.status_code, response.get_json()) == (200, told)
    else:
        assert (response.status_code, response.get_json()["error"]["code"]) == (404, "model_not_found")


def test_below_an_apps_own_address_there_is_no_other_model() -> None:
    response = ask("/duck/app/v1/models/other", named={"app_id": "app", "model_id": "other"})
    assert (response.status_code, response.get_json()["error"]["code"]) == (404, "model_not_found")


def test_whoever_counts_on_signatures_is_open_to_nobody_here_either() -> None:
    settings = {"access": "public", "app": "app", "webhook": "github", "webhook_secret": "pond"}
    dify = Workspace(saying(CHAT))
    asked = (b'{"messages": [{"role": "user", "content": "hi"}]}', "application/json")
    response = ask("/v1/chat/completions", asked, dify=dify, settings=settings)
    assert (response.status_code, response.get_json()["error"]["code"], dify.calls) == (503, "app_unavailable", [])
