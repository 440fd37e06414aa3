"""What one request may cost: each of these took seconds, minutes or hundreds of megabytes once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import Open
from workspace.testing import Workspace

type Received = Callable[[httpx.Client], list[dict[str, Any]]]

PUNYCODE = "x\U0001f600".encode("punycode") + b"a" * 600_000
HEAD = b"Content-Disposition: form-data; name=a"
PUBLIC = {"access": "public", "app": {"app_id": "chat-1-0"}}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("text/plain; charset=punycode", PUNYCODE, 415, "unsupported_media_type"),
        ("text/plain; charset=idna", b"a" * 600_000, 415, "unsupported_media_type"),
        ("text/plain; charset=utf-7", b"+2AA-", 415, "unsupported_media_type"),
        ("application/json; charset=punycode", b'{"query":"x"}' + PUNYCODE, 415, "unsupported_media_type"),
        (FORM, b"a&" * 5_000_000, 413, "payload_too_large"),
        (FORM, b"{},{}," * 1_700_000, 413, "payload_too_large"),
        ("application/json", b"[" + b"{}," * 3_000_000 + b"{}]", 413, "payload_too_large"),
        ("application/json", b'{"a":' * 300 + b"1" + b"}" * 300, 400, "invalid_param"),
        ("application/json", b'{"a":' * 990 + b"1" + b"}" * 990, 400, "invalid_param"),
        ("application/json", b"[" * 100_000 + b"]" * 100_000, 400, "invalid_param"),
        ("text/plain; " + "x" * 5000, b"hi", 415, "unsupported_media_type"),
        (FORM, b"query=" + b"%" * 9_000_000, 413, "payload_too_large"),
        (FORM, b"query=" + b"%41" * 3_000_000, 413, "payload_too_large"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + HEAD + b";a=b" * 2_000_000, 413, "payload_too_large"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"x: y\r\n" * 1_000_000, 413, "payload_too_large"),
        ("multipart/form-data; boundary=x", b"--x" + b"\r\n--" * 2_000_000, 413, "payload_too_large"),
        ("application/json", b'{"a":[' + b"9" * 4299 + b",1" * 2000 + b"]}", 400, "invalid_param"),
        ("application/json", b'{"query":"' + b"x" * 9_000_000 + "🦆".encode() + b'"}', 413, "payload_too_large"),
        ("text/plain", b"x" * 6_000_000, 413, "payload_too_large"),
        ("text/plain", "\u9d28".encode() * 1_000_000, 413, "payload_too_large"),
    ],
)
def test_it_is_refused_before_it_costs(
    endpoint: Open, received: Received, content_type: str, body: bytes, status: int, code: str
) -> None:
    client = endpoint(key=None, **PUBLIC)
    answer = client.post("/chat", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert received(client) == []


@pytest.mark.parametrize(
    ("template", "body"),
    [
        (
            "{% for i in body.rows %}{{ body.customer }}: {{ i.name }}\n{% endfor %}",
            {"customer": "x" * 60_000, "rows": [{"name": "a"}] * 10_000},
        ),
        ("{{ body.t | replace('a', body.u) }}", {"t": "a" * 50_000, "u": "b" * 50_000}),
        (
            "{% for i in body.rows %}{{ i.n / (body.rows | sum(attribute='n')) }} {% endfor %}",
            {"rows": [{"n": 1}] * 10_000},
        ),
        ("{{ body.groups | sum(start=[]) | length }}", {"groups": [[1]] * 60_000}),
        ("{{ body.a | select('in', body.b) | list | length }}", {"a": [*range(20_000)], "b": [*range(20_000)]}),
    ],
)
def test_a_template_goes_too_far_before_it_costs(
    endpoint: Open, received: Received, template: str, body: dict[str, Any]
) -> None:
    client = endpoint(key=None, **PUBLIC, query_template=template)
    answer = client.post("/chat", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert answer.json()["message"].startswith("query_template ")
    assert received(client) == []


def test_templates_see_no_more_than_they_can_bear(endpoint: Open, received: Received) -> None:
    client = endpoint(key=None, **PUBLIC, query_template="{{ body.a }}")
    answer = client.post("/chat", json={"a": "x" * (1 << 20)})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert "templates" in answer.json()["message"]
    assert received(client) == []


def test_many_fields_in_an_address_are_refused(endpoint: Open, received: Received) -> None:
    client = endpoint(key=None, **PUBLIC)
    answer = client.get("/chat?" + "&".join(f"a{number}=" for number in range(1500)))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert received(client) == []


def test_many_files_are_refused_before_any_is_handed_to_dify(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(key=None, access="public", app={"app_id": "form-files.photo-text.a"})
    answer = client.post("/workflow", files=[("photo", (f"{number}.png", b"x")) for number in range(21)])
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert [call["type"] for call in workspace.calls(hook=str(client.base_url))] == []


def test_a_stranger_starts_few_runs_by_one_request(endpoint: Open, received: Received) -> None:
    client = endpoint(key=None, webhook="line", **PUBLIC)
    event = {"type": "message", "source": {"userId": "U"}, "message": {"type": "text", "text": "hi"}}
    answer = client.post("/chat", json={"events": [event] * 11})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert received(client) == []


def test_what_is_refused_takes_no_memory_either(endpoint: Open, workspace: Workspace) -> None:
    """The plugin's peak, as the system keeps it: once a template of this kind took 600 MB."""
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells a process' peak")
    template = "{% for i in body.rows %}{{ body.customer }}: {{ i.name }}\n{% endfor %}"
    client = endpoint(key=None, **PUBLIC, query_template=template)
    client.post("/chat", json={"customer": "x", "rows": []})
    before = peak(workspace)
    answer = client.post("/chat", json={"customer": "x" * 60_000, "rows": [{"name": "a"}] * 10_000})
    assert answer.status_code == 400
    assert peak(workspace) - before < 64


def peak(workspace: Workspace) -> float:
    """Give the plugin's largest resident size so far, in MiB."""
    status = Path(f"/proc/{workspace.plugin()['pid']}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
