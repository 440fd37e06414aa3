"""A file gets beside an app's inputs, which no plugin can put it by reverse invocation, and into those for files."""

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from dify_client.client import ChatClient, CompletionClient, DifyClient

from tests.endpoints.keyed.conftest import ByOpenAI, Keyed, dify_of, others, runs
from tests.endpoints.later import accepted, ask, ended, outcome
from tests.endpoints.test_files import DATA, LINK, MIB, PDF, PHOTO, PNG, URL
from workspace.testing import Workspace

APP = "realcompletion"  # declares no input, and takes files beside them
FORM = "chatform-file.photo.image"  # takes them in both places
DEMO = "demo-completion"  # takes two images or documents beside its inputs, and no addresses
UPLOAD = ("POST", "/files/upload")
ZIP = "data:application/zip;base64," + base64.b64encode(b"PK\x03\x04" + bytes(30)).decode()
SOUND = b"ID3" + bytes(30)
PLAN = {"filename": "plan.pdf", "base64": base64.b64encode(PDF).decode()}


def content(workspace: Workspace, file: dict[str, Any]) -> tuple[str, bytes]:
    """Give as what an uploaded file was handed to the app, and its bytes."""
    assert set(file) == {"type", "transfer_method", "upload_file_id"}
    assert file["transfer_method"] == "local_file"
    return file["type"], workspace.client.get(f"/files/{file['upload_file_id']}").content


def uploads(workspace: Workspace, client: httpx.Client) -> int:
    return others(workspace, client).count(UPLOAD)


@pytest.mark.parametrize(
    "sent",
    [
        {"files": {"files": ("duck.png", PNG, "image/png")}},
        {"files": {"file": ("duck", PNG, "text/plain")}},
        {"json": {"files": [DATA]}},
        {"json": {"files": [PHOTO]}},
        {"json": {"files": [{"type": "image", "transfer_method": "local_file", "url": DATA}], "user": "bob"}},
        {"data": {"files": DATA}},
        {"params": {"files": DATA}},
    ],
)  # fmt: skip
def test_it_gets_beside_the_inputs_however_it_is_sent(
    keyed: Keyed, workspace: Workspace, sent: dict[str, Any]
) -> None:
    client = keyed(APP)
    answer = client.post(f"/completion/{APP}", **sent)
    assert answer.status_code == 200, answer.text
    [request] = runs(workspace, client)
    assert [content(workspace, file) for file in request["files"]] == [("image", PNG)]
    assert request["inputs"] == {}


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"files": [URL]}},
        {"json": {"files": [LINK]}},
        {"data": {"files": URL}},
        {"params": {"files": URL}},
    ],
)
def test_an_address_is_handed_on(keyed: Keyed, workspace: Workspace, sent: dict[str, Any]) -> None:
    client = keyed(APP)
    assert client.post(f"/duck/{APP}", **sent).status_code == 200
    [request] = runs(workspace, client)
    assert request["files"] == [LINK]
    assert uploads(workspace, client) == 0


def test_the_app_sees_it(keyed: Keyed) -> None:
    answer = keyed(DEMO).post(f"/completion/{DEMO}", json={"files": [DATA, PLAN], "user": "bob"}).json()["answer"]
    beside = [line.partition(", /files/")[0] for line in answer.split("\n\n")[1:]]
    assert [line.rpartition("(")[2] for line in beside] == [
        f"image, {len(PNG)} bytes",
        f"document, {len(PDF)} bytes",
    ]


def test_it_gets_there_from_openais_client(keyed: Keyed, by_openai: ByOpenAI, workspace: Workspace) -> None:
    client = keyed(APP)
    asked: Any = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": DATA}}]
    message: Any = {"role": "user", "content": asked}
    by_openai(client).chat.completions.create(model=APP, messages=[message])
    [request] = runs(workspace, client)
    assert [content(workspace, file) for file in request["files"]] == [("image", PNG)]
    assert request["query"] == "what is it"


def test_a_file_that_was_uploaded_for_a_user_is_good_for_that_user(keyed: Keyed, by_openai: ByOpenAI) -> None:
    client = keyed("demo-chat")
    openai = by_openai(client, path="/duck/demo-chat/v1")
    stored = openai.files.create(file=("duck.png", PNG), purpose="user_data", extra_body={"user": "bob"})
    told = openai.chat.completions.create(
        model="demo-chat",
        user="bob",
        messages=[{"role": "user", "content": [{"type": "file", "file": {"file_id": stored.id}}]}],
    )
    assert "duck.png" in str(told.choices[0].message.content)


@pytest.mark.parametrize("beside", [True, False], ids=["beside the inputs", "in an input"])
def test_it_gets_there_by_difys_client(keyed: Keyed, workspace: Workspace, beside: bool) -> None:
    client = keyed(APP, FORM)
    app_id = APP if beside else FORM
    stored = dify_of(DifyClient, client, app_id).file_upload("bob", {"file": ("duck.png", PNG, "image/png")}).json()
    by_id = {"type": "image", "transfer_method": "local_file", "upload_file_id": stored["id"]}
    if beside:
        made = dify_of(CompletionClient, client, app_id)
        answer = made.create_completion_message({}, "blocking", "bob", files=[by_id])
    else:
        answer = dify_of(ChatClient, client, app_id).create_chat_message({"photo": by_id}, "hi", "bob")
    assert answer.status_code == 200, answer.text
    [request] = runs(workspace, client)
    file = request["files"][0] if beside else request["inputs"]["photo"]
    assert content(workspace, file) == ("image", PNG)
    assert file["upload_file_id"] != stored["id"], "Dify's own ids are the relay's business"


def test_one_goes_into_its_input_and_another_beside(keyed: Keyed, workspace: Workspace) -> None:
    client = keyed(FORM)
    answer = client.post(f"/chat/{FORM}", json={"query": "hi", "files.photo": DATA, "files": [PLAN], "user": "bob"})
    assert answer.status_code == 200, answer.text
    [request] = runs(workspace, client)
    assert content(workspace, request["inputs"]["photo"]) == ("image", PNG)
    assert [content(workspace, file) for file in request["files"]] == [("document", PDF)]


def test_it_gets_into_a_declared_input(keyed: Keyed, workspace: Workspace) -> None:
    app_id = "form-file.photo.image"
    client = keyed(app_id)
    answer = client.post(f"/workflow/{app_id}", files={"photo": ("duck.png", PNG)})
    assert answer.status_code == 200, answer.text
    assert content(workspace, answer.json()["data"]["outputs"]["photo"]) == ("image", PNG)


def test_it_gets_there_with_what_is_answered_later(keyed: Keyed, workspace: Workspace) -> None:
    client = keyed(APP)
    assert outcome(ended(client, accepted(ask(client, APP, files=[DATA], user="bob")))) == ("done", "")
    [request] = runs(workspace, client)
    assert [content(workspace, file) for file in request["files"]] == [("image", PNG)]


def test_another_endpoints_file_is_refused(keyed: Keyed, workspace: Workspace) -> None:
    client, other = keyed(APP), keyed(APP)
    stored = dify_of(CompletionClient, other, APP).file_upload("bob", {"file": ("duck.png", PNG, "image/png")})
    refused = client.post(f"/duck/{APP}", json={"files": [stored.json()["id"]], "user": "bob"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    assert runs(workspace, client) == []


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"json": {"files": [DATA, ZIP]}}, 415, "unsupported_media_type"),
        ({"files": [("files", ("a.png", PNG)), ("files", ("a.mp3", SOUND))]}, 415, "unsupported_media_type"),
        ({"json": {"files": [DATA, URL]}}, 400, "invalid_param"),
        ({"json": {"files": [DATA] * 3}}, 400, "invalid_param"),
        ({"json": {"files": [DATA], "files.photo": DATA}}, 400, "invalid_param"),
        ({"files": {"files": ("duck.png", PNG + bytes(11 * MIB))}}, 413, "payload_too_large"),
    ],
)  # fmt: skip
def test_of_files_that_the_app_does_not_take_none_is_uploaded(
    keyed: Keyed, workspace: Workspace, sent: dict[str, Any], status: int, code: str
) -> None:
    client = keyed(DEMO)
    refused = client.post(f"/completion/{DEMO}", **sent)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert (uploads(workspace, client), runs(workspace, client)) == (0, [])


@pytest.mark.parametrize(
    "asking",
    [
        lambda client: dify_of(CompletionClient, client, DEMO).file_upload("bob", {"file": ("a.zip", b"PK\x03\x04")}),
        lambda client: client.post(f"/duck/{DEMO}/completion-messages", json={"user": "b", "files": [ZIP]}),
    ],
)
def test_of_difys_clients_neither(keyed: Keyed, workspace: Workspace, asking: Callable[..., Any]) -> None:
    client = keyed(DEMO)
    assert asking(client).status_code in {400, 415}
    assert (uploads(workspace, client), runs(workspace, client)) == (0, [])
