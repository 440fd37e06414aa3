"""Bad input and failing apps: each gets a clear answer, and nothing that a caller may not see."""

import json
import socket
from collections.abc import Callable
from html import unescape
from typing import Any

import httpx
import pytest

from relay.incoming.body import CUT
from tests.endpoints.conftest import KEY, Open
from tests.leaks import nothing_leaks
from tests.relay.outgoing.formats.test_lines import read_events, read_ndjson, read_sse
from workspace.testing import Workspace

BOTH_WAYS = True

type Received = Callable[[httpx.Client], list[dict[str, Any]]]

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("send", "status", "code", "told"),
    [
        ({"json": {}, "route": "chat"}, 400, "invalid_param", "needs a query"),
        ({"json": {"query": " "}, "route": "chat"}, 400, "invalid_param", "needs a query"),
        ({"json": {"query": ""}}, 400, "invalid_param", "query"),
        ({"json": {"query": "x", "inputs": [1]}}, 400, "invalid_param", "inputs must be"),
        ({"params": {"inputs": "nonsense"}}, 400, "invalid_param", "inputs is not valid JSON"),
        ({"content": '{"query": ', "headers": JSON}, 400, "invalid_param", "not valid JSON"),
        ({"content": "[1, 2]", "headers": JSON}, 400, "invalid_param", "must be an object"),
        ({"content": b'{"query": "\xff"}', "headers": JSON}, 400, "invalid_param", "character set"),
        (
            {"content": "{}", "headers": {"Content-Type": "application/json; charset=klingon"}},
            415,
            "unsupported_media_type",
            "character set",
        ),
        ({"content": "%PDF", "headers": {"Content-Type": "application/pdf"}}, 415, "unsupported_media_type", "pdf"),
        ({"content": b"x" * CUT, "headers": JSON}, 413, "payload_too_large", "too large"),
        ({"content": b"x" * (CUT + 1), "headers": JSON}, 413, "payload_too_large", "too large"),
        ({"json": {"query": "x", "format": "xml"}}, 400, "invalid_param", "Unknown format"),
        ({"json": {"query": "x", "response_mode": "async"}}, 400, "invalid_param", "Unknown response_mode"),
        ({"json": {"query": 7}}, 400, "invalid_param", "query must be text"),
        ({"json": {"query": "x"}, "app": ""}, 404, "app_not_found", "No app is named"),
    ],
)
def test_bad_input_is_told(endpoint: Open, send: dict[str, Any], status: int, code: str, told: str) -> None:
    client = endpoint()
    sent = {name: value for name, value in send.items() if name not in {"route", "app"}}
    answer = client.post(f"/{send.get('route', 'duck')}/{send.get('app', 'chat-1-0')}".rstrip("/"), **sent)
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()
    assert set(error) == {"code", "message", "status"}
    assert (answer.status_code, error["status"], error["code"]) == (status, status, code)
    assert told in error["message"]
    assert answer.headers["x-request-id"]


def test_bad_input_runs_nothing(endpoint: Open, received: Received) -> None:
    client = endpoint()
    client.post("/duck/echo", content="{", headers=JSON)
    client.post("/duck/echo", json={"query": "x", "format": "xml"})
    client.post("/chat/echo", json={})
    client.post("/duck/echo", content=b"x" * CUT, headers=JSON)
    assert received(client) == []


@pytest.mark.parametrize(
    ("app", "status", "code"),
    [
        ("http-400-invalid_param-app_not_found", 404, "app_not_found"),
        ("http-400-invalid_param-missing_query", 400, "invalid_param"),
        ("http-400-invalid_param-unexpected_app_type", 400, "invalid_param"),
        ("http-400-invalid_param-city_is_required_in_input_form", 400, "invalid_param"),
        ("http-400-provider_quota_exceeded-No_credits", 429, "too_many_requests"),
        ("http-429-too_many_requests-Too_many", 429, "too_many_requests"),
        ("http-429-rate_limit_error-Slow_down", 429, "too_many_requests"),
        ("http-400-app_unavailable-Not_published", 503, "app_unavailable"),
        ("http-500-unknown-Internal_Server_Error", 502, "app_failed"),
        ("http-503-x-Down", 503, "app_unavailable"),
        ("error-app_not_found", 404, "app_not_found"),
        ("error-something_broke", 502, "app_failed"),
        ("errorevent-0-429-rate_limit_error", 429, "too_many_requests"),
        ("errorevent-0-400-invalid_param", 400, "invalid_param"),
    ],
)
@pytest.mark.parametrize("form", ["sse", "json", "html", "text", "ndjson", "events"])
def test_an_app_that_fails_at_once_gives_its_real_status_in_every_form(
    shared: httpx.Client, app: str, status: int, code: str, form: str
) -> None:
    answer = shared.post(f"/duck/{app}", json={"query": "hi", "format": form})
    assert answer.status_code == status
    if form in {"html", "events"}:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f"<code>{status} {code}</code>" in answer.text
    else:
        assert answer.headers["content-type"] == "application/json"
        assert (answer.json()["code"], answer.json()["status"]) == (code, status)


@pytest.mark.reverse
@pytest.mark.parametrize("form", ["sse", "json", "text"])
def test_a_completion_apps_500_names_its_known_cause(shared: httpx.Client, form: str) -> None:
    answer = shared.post("/completion/realcompletion", json={"query": "hi", "format": form})
    assert (answer.status_code, answer.json()["code"]) == (502, "app_failed")
    assert "without their query" in answer.json()["message"]
    assert "app_keys" in answer.json()["message"]


@pytest.mark.reverse
def test_an_app_that_is_not_there_is_told(shared: httpx.Client) -> None:
    answer = shared.post("/duck/unknown", json={"query": "hi"})
    assert (answer.status_code, answer.json()) == (
        404,
        {"code": "app_not_found", "message": "app not found", "status": 404},
    )


@pytest.mark.parametrize(
    ("app", "code"),
    [("broken-3-30", "too_many_requests"), ("errorevent-3-500-x", "app_failed"), ("cut-3", "app_failed")],
)
def test_an_app_that_fails_midway_is_told_in_the_stream_and_refused_as_json(
    shared: httpx.Client, app: str, code: str
) -> None:
    for form, read in (("sse", read_sse), ("ndjson", read_ndjson), ("events", read_events)):
        answer = shared.post(f"/duck/{app}", json={"query": "hi", "format": form})
        said = read(answer.content)
        assert answer.status_code == 200
        assert [event.get("answer") for event in said[:-1]] == [" tok0", " tok1", " tok2"]
        assert (said[-1]["event"], said[-1]["code"]) == ("error", code)
    text = shared.post(f"/duck/{app}", json={"query": "hi", "format": "text"}).text
    assert text.startswith(" tok0 tok1 tok2\n\n[" + code)
    page = shared.post(f"/duck/{app}", json={"query": "hi", "format": "html"}).text
    assert "The answer broke off here" in page
    assert 'role="alert"' in page
    blocking = shared.post(f"/duck/{app}", json={"query": "hi", "format": "json"})
    assert (blocking.status_code >= 400, blocking.json()["code"]) == (True, code)


def test_a_failed_workflow_is_told_as_dify_tells_it(shared: httpx.Client) -> None:
    for app, status in (("failed-1", "failed"), ("stopped-1", "stopped")):
        *_, last = read_sse(shared.post(f"/workflow/{app}", json={"format": "sse"}).content)
        assert (last["event"], last["data"]["status"]) == ("workflow_finished", status)
    assert "the duck flew away" in shared.post("/workflow/failed-1", json={"format": "html"}).text
    said = read_sse(shared.post("/chat/failedchatflow-1", json={"query": "hi", "format": "sse"}).content)
    assert [event["event"] for event in said][-2:] == ["workflow_finished", "error"]
    assert shared.post("/chat/failedchatflow-1", json={"query": "hi", "format": "json"}).status_code >= 400


@pytest.mark.parametrize("form", ["html", "events", "sse", "json", "text", "ndjson"])
def test_numbers_that_no_float_or_json_holds_break_no_answer(shared: httpx.Client, form: str) -> None:
    answer = shared.post("/workflow/numbers", json={"format": form})
    assert answer.status_code == 200
    assert "counted" in answer.text
    assert "internal_error" not in answer.text
    lines = [line.removeprefix("data: ").removesuffix("<br>") for line in answer.text.splitlines()]
    written = [answer.text] if form == "text" else [line for line in lines if line.startswith("{")]
    for text in written:
        json.loads(unescape(text), parse_constant=pytest.fail)  # NaN and Infinity are Python's alone
    assert len(written) == {"html": 0, "text": 1, "json": 1}.get(form, 4)


def test_who_asks_for_a_page_gets_errors_as_a_page(endpoint: Open) -> None:
    client = endpoint(allowed_apps="chat-1-0")
    answer = client.get("/duck/chat-2-0", headers=BROWSER)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<code>403 app_not_allowed</code>" in answer.text


def test_markup_from_an_app_or_a_caller_stays_text(shared: httpx.Client) -> None:
    evil = "<script>alert(1)</script>"
    for form in ("html", "events"):
        page = shared.get("/duck/xss", params={"query": evil, "format": form}).text
        assert "<script" not in page
        assert "<img" not in page
        assert "&lt;script&gt;" in page
    broken = shared.get("/duck/broken-1", params={"query": evil, "format": "html"}).text
    assert "<b>" not in broken
    assert "&lt;b&gt;" in broken


def test_every_answer_has_an_id_that_is_in_the_log(shared: httpx.Client, workspace: Workspace) -> None:
    for path in ("/duck/chat-1-0?query=hi", "/duck/error-nope?query=hi", "/duck/unknown?query=hi"):
        workspace.line(shared.get(path).headers["x-request-id"])
    odd = shared.get("/duck/chat-1-0?query=hi", headers={"X-Request-Id": "a b\tc" * 40}).headers["x-request-id"]
    assert odd.isalnum()


def test_no_body_and_no_key_is_in_the_log(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(api_key="a-very-secret-key", key="a-very-secret-key")
    client.post("/duck/broken-1", json={"query": "my private question", "inputs": {"a": "private too"}})
    last = client.post("/duck/chat-1-0?key=a-very-secret-key", json={"query": "my private question"})
    workspace.line(last.headers["x-request-id"])  # now the log has arrived up to here
    log = "".join(workspace.printed)
    assert "private" not in log
    assert "a-very-secret-key" not in log


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /duck/chat-1-0?query=hi HTTP/1.1\r\nX-Bad: \xff\xfe\r\n", 400),
        (b"GET /duck/%FF%FE?query=hi HTTP/1.1\r\n", 404),
        (b"GET /duck/chat-1-0?query=%FF%FE HTTP/1.1\r\n", 200),
        (b"GET /duck/chat-1-0?query=hi HTTP/1.1\r\nX_Bad: 1\r\n", 400),
        (b"GET /duck/chat-1-0?query=hi&=&&;%00=%00 HTTP/1.1\r\nAccept: ,,;q=\r\n", 200),
    ],
    ids=["header not UTF-8", "path not UTF-8", "query not UTF-8", "underscore in a header", "odd query"],
)
def test_an_odd_head_gets_an_answer_without_a_traceback(workspace: Workspace, head: bytes, status: int) -> None:
    url = httpx.URL(workspace.endpoint(settings={"api_key": KEY}))
    method, path, rest = head.split(b" ", 2)
    with socket.create_connection((url.host, url.port or 80), timeout=60) as connection:
        connection.sendall(
            b" ".join((method, url.raw_path + path, rest))
            + f"Host: x\r\nX-API-Key: {KEY}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert int(answer.split(b" ", 2)[1]) == status
    nothing_leaks(answer, KEY)


@pytest.mark.parametrize("value", [None, 0, 1, "", True, [], {}], ids=json.dumps)
def test_odd_settings_never_break_an_answer(workspace: Workspace, value: object) -> None:
    for name in ("access", "app", "allowed_apps", "default_format", "cors_origins"):
        url = workspace.endpoint(settings={"api_key": KEY, name: value})
        answer = httpx.post(f"{url}/duck/chat-1-0", json={"query": "hi"}, headers={"X-API-Key": KEY})
        assert answer.status_code in {200, 503}
        if answer.status_code == 503:
            assert answer.json()["message"] == f"This endpoint's settings can't be understood: check {name}."
