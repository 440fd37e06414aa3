"""Files from anywhere, through the whole plugin to an app, and those that must not get there."""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from relay.incoming import issued
from relay.incoming.issued import Issued
from tests.endpoints.conftest import KEY, Open
from workspace.testing import Workspace

type Kinds = Callable[[httpx.Client], list[str]]

DUCK = Path(__file__).parent.parent / "fixtures" / "duck"
MIB = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(24)
DATA = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
URL = "https://pond.example/duck.png"
LINK = {"type": "image", "transfer_method": "remote_url", "url": URL}
PHOTO = {"filename": "duck.png", "base64": base64.b64encode(PNG).decode()}
TWO = "form-file.photo.image-files.docs.document.2"
ONE = "form-file.photo.image"


@pytest.fixture
def asked_of_dify(workspace: Workspace) -> Kinds:
    """Give the kinds of what an endpoint's callers made Dify do, asking what an app declares aside."""

    def of(client: httpx.Client) -> list[str]:
        calls = workspace.calls(hook=str(client.base_url).rstrip("/"))
        return [call["type"] for call in calls if call["type"] != "fetch_app"]

    return of


def outputs(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["outputs"]


def content(workspace: Workspace, file: dict[str, Any]) -> tuple[str, str, bytes]:
    """Give as what a file was handed to the app, its media type in Dify, and its bytes."""
    assert file["transfer_method"] == "tool_file"
    stored = workspace.client.get(f"/files/{file['tool_file_id']}")
    return file["type"], stored.headers["content-type"], stored.content


@pytest.mark.parametrize(
    "sent",
    [
        {"files": {"photo": ("duck.png", PNG, "image/png")}},
        {"files": {"files.photo": ("duck.png", PNG)}},
        {"files": {"files": ("duck.png", PNG, "application/octet-stream")}},
        {"files": {"file": ("duck", PNG, "text/plain")}},
        {"json": {"files": [DATA]}},
        {"json": {"files": [PHOTO]}},
        {"json": {"files.photo": DATA}},
        {"json": {"files.photo": [{"type": "image", "transfer_method": "local_file", "url": DATA}]}},
        {"json": {"inputs": {"photo": {"type": "image", "transfer_method": "remote_url", "url": DATA}}}},
        {"data": {"files": DATA}},
        {"data": {"files.photo": json.dumps(PHOTO)}},
        {"data": {"files.photo": DATA}, "files": {"empty": ("", b"")}},
        {"params": {"files": DATA}},
        {"params": {"files.photo": json.dumps([PHOTO])}},
    ],
)  # fmt: skip
def test_a_file_gets_to_the_app_however_it_is_sent(
    endpoint: Open, workspace: Workspace, sent: dict[str, Any]
) -> None:
    answer = endpoint(app={"app_id": ONE}).post("/workflow", **sent)
    assert content(workspace, outputs(answer)["photo"]) == ("image", "image/png", PNG)


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"files": [URL]}},
        {"json": {"files": [LINK]}},
        {"json": {"files.photo": {"url": URL}}},
        {"json": {"inputs": {"photo": {**LINK, "upload_file_id": ""}}}},
        {"data": {"files": URL}},
        {"params": {"files": json.dumps([LINK])}},
    ],
)
def test_an_address_is_handed_on(endpoint: Open, asked_of_dify: Kinds, sent: dict[str, Any]) -> None:
    client = endpoint(app={"app_id": ONE})
    assert outputs(client.post("/workflow", **sent)) == {"photo": LINK}
    assert asked_of_dify(client) == ["app"]


def test_files_of_all_kinds_go_where_they_belong_in_their_order(endpoint: Open, workspace: Workspace) -> None:
    pdf = {"base64": base64.b64encode(PDF).decode(), "filename": "plan.pdf"}
    answer = endpoint(app={"app_id": TWO}).post(
        "/workflow", json={"files": ["https://pond.example/a.pdf", DATA, pdf]}
    )
    filled = outputs(answer)
    assert content(workspace, filled["photo"]) == ("image", "image/png", PNG)
    first, second = filled["docs"]
    assert first["url"] == "https://pond.example/a.pdf"
    assert content(workspace, second) == ("document", "application/pdf", PDF)


def test_a_name_that_no_form_can_hold_arrives_all_the_same(endpoint: Open, workspace: Workspace) -> None:
    """Dify refuses a file whose name is not the one that was announced."""
    file = {**PHOTO, "filename": 'C:\\ponds\\"Ente" ü\r\n🦆.png'}
    answer = endpoint(app={"app_id": ONE}).post("/workflow", json={"files": [file]})
    assert content(workspace, outputs(answer)["photo"]) == ("image", "image/png", PNG)


def id_of(workspace: Workspace, client: httpx.Client, *, key: str = KEY, **told: Any) -> str:
    """Upload a file, and give the id that the client's endpoint issues for it."""
    hook = str(client.base_url).rstrip("/").rsplit("/", 1)[-1]
    known = workspace.client.get("/workspace/endpoints").json()[hook]
    endpoint_id = workspace.client.put(f"/workspace/endpoints/{hook}", json=known).json()["id"]
    file = outputs(client.post(f"/workflow/{ONE}", json={"files": [DATA]}, headers={"X-API-Key": KEY}))["photo"]
    about: dict[str, Any] = {"name": "duck.png", "mime_type": "image/png", "size": len(PNG), **told}
    stored = Issued(id=file["tool_file_id"], transfer_method="tool_file", type=file["type"], created_at=1000, **about)
    return issued.issue(stored, key, endpoint_id)


@pytest.mark.parametrize(
    "sent",
    [
        lambda id_: {"json": {"files": [id_]}},
        lambda id_: {"json": {"files.photo": {"id": id_}}},
        lambda id_: {"json": {"inputs": {"photo": {"transfer_method": "local_file", "upload_file_id": id_}}}},
        lambda id_: {"json": {"photo": {"type": "image", "transfer_method": "tool_file", "tool_file_id": id_}}},
        lambda id_: {"params": {"files": id_}},
        lambda id_: {"data": {"files": json.dumps([{"upload_file_id": id_}])}},
    ],
)
def test_an_id_that_was_issued_stands_for_the_file(
    endpoint: Open, workspace: Workspace, sent: Callable[[str], dict[str, Any]]
) -> None:
    client = endpoint()
    answer = client.post(f"/workflow/{ONE}", **sent(id_of(workspace, client)))
    assert content(workspace, outputs(answer)["photo"]) == ("image", "image/png", PNG)


def test_no_other_id_gets_through(endpoint: Open, workspace: Workspace, asked_of_dify: Kinds) -> None:
    client, other = endpoint(), endpoint()
    own = id_of(workspace, client)
    uploaded = outputs(client.post(f"/workflow/{ONE}", json={"files": [own]}))["photo"]["tool_file_id"]
    before = asked_of_dify(client)
    foreign = [
        uploaded,  # Dify's own
        id_of(workspace, other),
        id_of(workspace, client, key="another key"),
        own[:-1] + ("A" if own[-1] != "A" else "B"),
        own + "A",
        "file-" + "A" * 100,
    ]
    before = asked_of_dify(client)
    for id_ in foreign:
        for body in (
            {"files": [id_]},
            {"files.photo": {"id": id_}},
            {"photo": {"transfer_method": "tool_file", "tool_file_id": id_}},
            {"inputs": {"photo": {"transfer_method": "local_file", "upload_file_id": id_}}},
            {"inputs": {"other": [{"deep": [{"upload_file_id": id_}]}]}},
            {"files": [DATA], "inputs": {"other": {"tool_file_id": id_}}},
        ):
            answer = client.post(f"/workflow/{ONE}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param"), body
            assert "this endpoint has issued" in answer.json()["message"]
    assert asked_of_dify(client) == before


def test_what_the_owner_picked_is_trusted(endpoint: Open) -> None:
    picked = {"type": "image", "transfer_method": "local_file", "upload_file_id": "dify's own"}
    client = endpoint(app={"app_id": ONE, "inputs": {}, "files": [picked]})
    assert outputs(client.post("/workflow")) == {"photo": picked}


def pdfs(number: int) -> list[dict[str, str]]:
    return [{"base64": base64.b64encode(PDF).decode(), "filename": f"{one}.pdf"} for one in range(number)]


@pytest.mark.parametrize(
    ("app", "sent", "status", "told"),
    [
        (TWO, {"json": {"files": [DATA, *pdfs(3)]}}, 400, "docs takes at most 2 files: 3 were sent"),
        (TWO, {"json": {"files": [DATA, DATA]}}, 400, "photo takes one file"),
        (TWO, {"json": {"files": [DATA], "files.docs": DATA}}, 415, "docs takes document files"),
        (TWO, {"json": {"files": [DATA], "files.dogs": DATA}}, 400, "one of photo, docs"),
        (TWO, {"json": {"files": [DATA, {"base64": "", "filename": "x"}]}}, 400, "files must be"),
        (TWO, {"json": {"files": [DATA, "data:image/png;base64,"]}}, 400, "empty file"),
        (TWO, {"files": [("photo", ("a.png", PNG)), ("docs", ("b.pdf", b""))]}, 400, "b.pdf is empty"),
        (TWO, {"files": [("photo", ("a.png", PNG)), ("docs", ("b.mp3", b"ID3" + bytes(30)))]}, 415, "b.mp3 is audio"),
        (TWO, {"json": {"files": [DATA, "data:image/png;base64,?"]}}, 400, "not base64"),
        (TWO, {"json": {"files": [DATA, "file:///etc/passwd"]}}, 400, "begins with https"),
        (TWO, {"json": {"files": [DATA] * 21}}, 413, "more than 20 files"),
        (TWO, {"json": {"files": [DATA], "files.docs": ["https://pond.example/a.mp3"]}}, 415, "docs takes document"),
        ("form-file.photo.remote_url", {"json": {"files": [DATA]}}, 400, "as a URL, not as an upload"),
        ("form-file.photo.local_file", {"json": {"files": [URL]}}, 400, "as an upload, not as a URL"),
        ("form-file.photo.custom.ext+zip", {"json": {"files": [DATA]}}, 415, "takes files named .zip"),
        ("small-file.photo", {"files": {"photo": ("a.png", PNG + bytes(MIB))}}, 413, "at most 1 MiB, and it has 1.0"),
        ("form-text.a", {"json": {"files": [DATA]}}, 400, "takes no files"),
        ("echo", {"json": {"query": "hi", "files": [URL]}}, 400, "takes no files"),
    ],
)  # fmt: skip
def test_of_a_request_with_a_forbidden_file_nothing_is_uploaded_and_nothing_runs(
    endpoint: Open, asked_of_dify: Kinds, app: str, sent: dict[str, Any], status: int, told: str
) -> None:
    client = endpoint(app={"app_id": app})
    answer = client.post("/duck", **sent)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert told in answer.json()["message"]
    assert asked_of_dify(client) == []


def test_a_large_file_may_stand_in_json_beside_any_text(endpoint: Open, workspace: Workspace) -> None:
    large = PNG + bytes(6 * MIB)
    body = {"note": "für 🦆", "files": [{"base64": base64.b64encode(large).decode()}]}
    client = endpoint(app={"app_id": f"{ONE}-text.note"})
    answer = client.post(
        "/workflow", content=json.dumps(body, ensure_ascii=False), headers={"Content-Type": "application/json"}
    )
    filled = outputs(answer)
    assert filled["note"] == "für 🦆"
    assert content(workspace, filled["photo"])[2] == large


def test_an_upload_of_nine_mebibytes_takes_little_more_memory_than_the_sdk_itself() -> None:
    """The plugin's peak, as the system keeps it, beside that of a plugin that does nothing but upload."""
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells a process' peak")
    large = PNG + bytes(9 * MIB)
    in_json = json.dumps({"text": "ü", "files": [f"data:,{'x' * 16}", {"base64": "QUJD" * (7 * MIB // 3)}]})
    app = "/workflow/form-text.text-files.docs"

    def by_the_sdk() -> float:
        with Workspace(plugin=DUCK) as sdk:
            return growth(sdk, lambda url, body: httpx.post(f"{url}/upload", content=body or b"x", timeout=60), large)

    def as_a_part(url: str, body: bytes) -> httpx.Response:
        return httpx.post(
            f"{url}{app}", files={"docs": ("a.png", body or PNG)}, headers={"X-API-Key": KEY}, timeout=60
        )

    def as_json(url: str, body: bytes) -> httpx.Response:
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        return httpx.post(f"{url}{app}", content=body or b'{"files": ["data:,x"]}', headers=headers, timeout=60)

    def by_the_relay(send: Callable[[str, bytes], httpx.Response], body: bytes) -> float:
        with Workspace() as relay:
            return growth(relay, send, body)

    with ThreadPoolExecutor() as three:
        least = three.submit(by_the_sdk)
        part = three.submit(by_the_relay, as_a_part, large)
        text = three.submit(by_the_relay, as_json, in_json.encode())
    assert part.result() - least.result() < 20
    assert text.result() - least.result() < 20


def growth(workspace: Workspace, send: Callable[[str, bytes], httpx.Response], body: bytes) -> float:
    """Give by how many MiB the plugin's peak grows with a large request, after a small one."""
    url = workspace.endpoint(settings={"api_key": KEY})
    assert send(url, b"").status_code == 200
    before = peak(workspace)
    answer = send(url, body)
    assert answer.status_code == 200, answer.text
    return peak(workspace) - before


def peak(workspace: Workspace) -> float:
    status = Path(f"/proc/{workspace.plugin()['pid']}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
