from typing import Any

import pytest

from tests.workspace.service_api.clients import chats, completes, refusal, work, works
from workspace.testing import Workspace

PNG = b"\x89PNG\r\n\x1a\n"
REMOTE = {"type": "image", "transfer_method": "remote_url", "url": "https://example.org/a/duck.png"}


def uploaded(workspace: Workspace, app_id: str, user: str) -> dict[str, Any]:
    """Upload a picture and give the object that stands for it."""
    answer = chats(workspace, app_id).file_upload(user, {"file": ("pond.png", PNG, "image/png")})
    return {"type": "image", "transfer_method": "local_file", "upload_file_id": answer.json()["id"]}


def test_a_file_is_uploaded(duck_workspace: Workspace) -> None:
    client = chats(duck_workspace, "demo-chat")
    first, second = (client.file_upload("ann", {"file": ("pond.PNG", PNG, "image/png")}) for _ in range(2))
    assert first.status_code == 201
    told = first.json()
    assert told == {
        "id": told["id"],
        "name": "pond.PNG",
        "size": 8,
        "extension": "png",
        "mime_type": "image/png",
        "created_by": second.json()["created_by"],
        "created_at": told["created_at"],
        "preview_url": None,
    }
    assert told["id"] != second.json()["id"]


def test_an_uploaded_file_stands_in_an_input_or_beside_them(duck_workspace: Workspace) -> None:
    file = uploaded(duck_workspace, "demo-chat", "ann")
    client = chats(duck_workspace, "demo-chat")
    answer = client.create_chat_message({"picture": file}, "count to 1", "ann", files=[file, REMOTE]).json()
    seen = f"pond.png (image, 8 bytes, /files/{file['upload_file_id']})"
    assert answer["answer"] == (
        f"1. Quack!\n\nIn `picture` I see {seen}.\n\nBeside the inputs I see {seen}.\n\n"
        "Beside the inputs I see duck.png (image, size unknown, https://example.org/a/duck.png)."
    )
    history = client.get_conversation_messages("ann", answer["conversation_id"]).json()["data"][0]
    assert [file["upload_file_id"] for file in history["message_files"]] == [file["upload_file_id"], None]


def test_a_completion_app_sees_files_beside_its_inputs(duck_workspace: Workspace) -> None:
    file = uploaded(duck_workspace, "demo-completion", "ann")
    answer = completes(duck_workspace, "demo-completion").create_completion_message({}, "blocking", "ann", [file])
    assert answer.json()["answer"].endswith(
        f"Beside the inputs I see pond.png (image, 8 bytes, /files/{file['upload_file_id']})."
    )


@pytest.mark.parametrize(
    ("app_id", "user"), [("demo-chat", "bob"), ("chat-1-0", "ann")], ids=["another user", "another app"]
)
def test_an_upload_is_good_for_its_user_and_app_alone(duck_workspace: Workspace, app_id: str, user: str) -> None:
    file = uploaded(duck_workspace, app_id, user)
    client = chats(duck_workspace, "demo-chat")
    for answer in (
        client.create_chat_message({}, "hi", "ann", files=[file]),
        client.create_chat_message({"picture": file}, "hi", "ann"),
        client.create_chat_message({"documents": [{**file, "type": "document"}]}, "hi", "ann"),
    ):
        assert refusal(answer) == (400, "invalid_param", "Invalid upload file")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": [REMOTE]}, "File validation failed for file: duck.png"),
        ({"files": ["LOCAL", "LOCAL", "LOCAL"]}, "Number of image files exceeds the maximum limit 2"),
        ({"files": [{"type": "image", "transfer_method": "quack"}]}, "invalid transfer method quack"),
        ({"files": [{"type": "image", "transfer_method": "remote_url"}]}, "Invalid file url"),
        ({"files": [{**REMOTE, "type": "video"}]}, "File validation failed for file: duck.png"),
        ({"files": [{"type": "custom", "transfer_method": "local_file"}]}, "Invalid upload file"),
    ],
)
def test_files_are_checked_as_the_app_wants_them(
    duck_workspace: Workspace, change: dict[str, Any], message: str
) -> None:
    local = uploaded(duck_workspace, "demo-completion", "ann")
    files = [local if file == "LOCAL" else file for file in change["files"]]
    answer = completes(duck_workspace, "demo-completion").create_completion_message({}, "blocking", "ann", files)
    assert refusal(answer) == (400, "invalid_param", message)


def test_files_are_a_list_of_objects(duck_workspace: Workspace) -> None:
    answer = work(works(duck_workspace, "mirror"), {}, files=["duck.png"])
    assert refusal(answer)[:2] == (400, "invalid_param")


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([], 400, "no_file_uploaded"),
        ([("file", ("a.txt", b"a", "text/plain")), ("more", ("b.txt", b"b", "text/plain"))], 400, "too_many_files"),
        ([("file", ("a.txt", b"a" * (1024 * 1024 + 1), "text/plain"))], 413, "file_too_large"),
    ],
)
def test_an_upload_is_refused(duck_workspace: Workspace, files: list[Any], status: int, code: str) -> None:
    client = works(duck_workspace, "small-file.picture")
    answer = client._send_request_with_files("POST", "/files/upload", {"user": "ann"}, files)
    assert refusal(answer)[:2] == (status, code)
