import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from workspace.testing import Workspace, until


def connect(url: str, *, receive_buffer: int | None = None) -> socket.socket:
    """Send a GET over a bare socket, so that a test decides when to read."""
    address = urlsplit(url)
    caller = socket.socket()
    if receive_buffer:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    caller.connect((address.hostname, address.port))
    caller.settimeout(20)
    target = f"{address.path}?{address.query}" if address.query else address.path
    caller.sendall(f"GET {target} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n\r\n".encode())
    return caller


def read_all(caller: socket.socket) -> bytes:
    parts = []
    while part := caller.recv(1 << 20):
        parts.append(part)
    return b"".join(parts)


def test_the_plugin_sees_the_request_as_the_daemon_hands_it_over(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint(settings={"note": None, "flag": 0})
    headers = [("X-Given", "first"), ("X-Given", "last"), ("X-Forwarded-For", "1.2.3.4"), ("User-Agent", "test")]
    headers.append(("Accept-Encoding", "gzip"))  # else what httpx is installed with
    seen = httpx.post(f"{base}/seen?b=2&a=1&a=0", content=b"quack", headers=headers).json()
    hook = base.rsplit("/", 1)[-1]
    assert seen.pop("headers") == {
        "Host": urlsplit(base).netloc,
        "User-Agent": "test",
        "Content-Length": "5",
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "Connection": "keep-alive",
        "Dify-Hook-Id": hook,
        "Dify-Hook-Url": f"{base}/seen",
        "X-Given": "last",
    }
    seen.pop("endpoint_id")
    assert seen == {
        "method": "POST",
        "path": "/seen",
        "query": "a=1&a=0&b=2",
        "body_size": 5,
        "body": "quack",
        "settings": {"note": None, "flag": 0},
    }


def test_a_post_without_a_body_reaches_the_plugin_as_undecoded_chunks(duck_workspace: Workspace) -> None:
    seen = httpx.post(f"{duck_workspace.endpoint()}/seen").json()
    assert (seen["body"], seen["headers"]["Content-Length"]) == ("0\r\n\r\n", "5")


def test_declared_defaults_are_not_filled_in(duck_workspace: Workspace) -> None:
    assert httpx.get(f"{duck_workspace.endpoint()}/seen").json()["settings"] == {}


def test_a_header_name_with_an_underscore_fails_before_the_plugin_is_asked(duck_workspace: Workspace) -> None:
    answer = httpx.get(f"{duck_workspace.endpoint()}/seen", headers={"x_key": "1"})
    assert answer.status_code == 500
    message = json.loads(json.loads(answer.json()["message"])["message"])
    assert (message["error_type"], message["message"]) == ("ValueError", "Invalid HTTP header")


@pytest.mark.parametrize("size", [10 * 1024 * 1024 - 1, 10 * 1024 * 1024, 10 * 1024 * 1024 + 5])
def test_a_body_is_cut_at_ten_mebibytes(duck_workspace: Workspace, size: int) -> None:
    seen = httpx.post(f"{duck_workspace.endpoint()}/seen", content=b"x" * size, timeout=30).json()
    arrived = min(size, 10485760)
    assert (seen["body_size"], seen["headers"]["Content-Length"]) == (arrived, str(arrived))


def test_an_unknown_hook_a_disabled_one_and_a_wrong_method_are_refused_by_the_daemon(
    duck_workspace: Workspace,
) -> None:
    disabled = duck_workspace.endpoint(enabled=False)

    def refused(method: str, url: str) -> tuple[int, str]:
        answer = httpx.request(method, url)
        return answer.status_code, answer.text

    assert refused("GET", f"{duck_workspace.url}/e/nobody/duck/x") == (
        404,
        (
            r'{"code":-400,"message":"{\"message\":\"endpoint not found\",'
            r'\"error_type\":\"PluginDaemonBadRequestError\",\"args\":null}","data":null}'
        ),
    )
    assert refused("GET", f"{disabled}/duck/x") == (
        404,
        (
            r'{"code":-404,"message":"{\"message\":\"endpoint not found\",'
            r'\"error_type\":\"PluginDaemonNotFoundError\",\"args\":null}","data":null}'
        ),
    )
    assert refused("PATCH", f"{duck_workspace.endpoint()}/seen") == (
        404,
        '{"code":"not_found","message":"route not found"}',
    )


def test_a_hook_without_a_path_is_redirected_to_its_root(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    answer = httpx.get(f"{base}?a=1")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{urlsplit(base).path}/?a=1")


def test_a_path_or_method_nobody_declares_is_a_404_of_the_sdk(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    assert httpx.get(f"{base}/nope").text.startswith("Failed to dispatch endpoint request: 404 Not Found")
    wrong_method = httpx.post(f"{base}/duck/x")
    assert wrong_method.status_code == 404
    assert wrong_method.text.startswith("Failed to dispatch endpoint request: 405 Method Not Allowed")


def test_status_and_headers_leave_only_with_the_first_chunk(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    with connect(f"{base}/duck/silent-3") as caller:
        until(lambda: bool(duck_workspace.calls(hook=base)))
        caller.setblocking(False)
        with pytest.raises(BlockingIOError):
            caller.recv(1)
        assert duck_workspace.calls(hook=base)[0]["outcome"] == "running"
        caller.settimeout(20)
        assert read_all(caller).startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_answer_that_ends_right_after_its_first_chunk_loses_the_rest(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint(faults={"wakeup_ms": 100})
    answer = httpx.get(f"{base}/chunks/5")
    assert (answer.status_code, answer.text) == (200, "0\n")
    assert duck_workspace.requests()[0]["lost"] == 4


def test_the_early_end_happens_by_itself_as_well_but_never_to_a_single_chunk(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    with httpx.Client() as client:
        two = {client.get(f"{base}/chunks/2").text for _ in range(100)}
        one = {client.get(f"{base}/chunks/1").text for _ in range(100)}
    assert "0\n" in two
    assert one == {"0\n"}


def test_an_answer_that_ends_later_is_whole(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint(faults={"wakeup_ms": 50})
    assert httpx.get(f"{base}/chunks/3?gap=500").text == "0\n1\n2\n"


def test_a_caller_that_pauses_loses_what_does_not_fit_into_its_queue(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    chunks, size = 400, 65536
    with connect(f"{base}/chunks/{chunks}?size={size}", receive_buffer=4096) as caller:
        until(lambda: duck_workspace.requests()[0]["lost"] > 0)
        received = read_all(caller).count(b".\n")
    lost = duck_workspace.requests()[0]["lost"]
    assert 128 < received < chunks
    assert received + lost == chunks


def test_a_queue_that_is_large_enough_loses_nothing(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint(faults={"caller_queue": 1000})
    with connect(f"{base}/chunks/400?size=65536&gap=1", receive_buffer=4096) as caller:
        until(lambda: duck_workspace.requests()[0]["chunks"] > 1)
        assert read_all(caller).count(b".\n") == 400


def test_an_exception_in_the_generator_is_written_into_the_stream_with_its_traceback(
    duck_workspace: Workspace,
) -> None:
    answer = httpx.get(f"{duck_workspace.endpoint()}/chunks/2?gap=50&fail=1")
    assert answer.status_code == 200
    assert answer.headers["X-Duck"] == "yes"
    assert answer.text.startswith('0\n1\n{"args":{"traceback":"Traceback (most recent call last):')
    assert answer.text.endswith('"error_type":"RuntimeError","message":"the duck fell over"}')


def test_an_exception_before_the_first_chunk_is_a_500_with_its_traceback(duck_workspace: Workspace) -> None:
    answer = httpx.get(f"{duck_workspace.endpoint()}/chunks/0?fail=1")
    assert answer.status_code == 500
    inner = json.loads(answer.json()["message"])
    assert inner["error_type"] == "PluginDaemonInternalServerError"
    assert json.loads(inner["message"])["message"] == "the duck fell over"


def test_an_answer_that_takes_too_long_is_killed_with_a_text_in_the_stream(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint(faults={"kill_after_s": 0.5})
    answer = httpx.get(f"{base}/chunks/100?gap=100")
    assert answer.status_code == 200
    assert answer.text.startswith("0\n1\n")
    assert answer.text.endswith(
        r'{"code":-500,"message":"{\"message\":\"killed by timeout\",'
        r'\"error_type\":\"PluginDaemonInternalServerError\",\"args\":null}","data":null}'
    )


def test_callers_of_a_crashing_plugin_get_an_error_and_the_next_one_an_answer(duck_workspace: Workspace) -> None:
    before = duck_workspace.plugin()["pid"]
    base = duck_workspace.endpoint(faults={"crash_after_chunks": 3})
    assert httpx.get(f"{base}/chunks/50?gap=20", timeout=60).text == (
        '0\n1\n2\n{"args":{},"error_type":"ConnectionClosedError","message":"Connection closed unexpectedly"}'
    )
    assert httpx.get(f"{base}/chunks/1", timeout=60).text == "0\n"
    assert duck_workspace.plugin()["pid"] != before


def test_fifty_callers_at_once_are_carried(duck_workspace: Workspace) -> None:
    base = duck_workspace.endpoint()
    callers = [connect(f"{base}/chunks/20?gap=10") for _ in range(50)]
    bodies = [read_all(caller).split(b"\r\n\r\n", 1)[1] for caller in callers]
    for caller in callers:
        caller.close()
    assert [body.count(b"\r\n0\r\n\r\n") for body in bodies] == [1] * 50
    assert sum(exchange["chunks"] for exchange in duck_workspace.requests()) == 50 * 20
