"""What is sent to others' APIs, and what is made of what comes back, by real servers on this machine."""

import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from provider.sending import LARGEST, Clients, Sending, base_of, read_bases, replaced
from relay.outward import Request, Response
from relay.version import VERSION

ROOT = Path(__file__).parent.parent.parent
TOKEN = "123:secret"


@contextmanager
def serving(answer: Callable[[Any], None]) -> Iterator[tuple[str, list[Any]]]:
    """Serve by a function that is given the handler; give the base and what was heard."""
    heard: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            answer(self)

        do_GET = do_POST  # noqa: N815 - the standard library's name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 256  # that many connect at once
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()


def says(status: int, body: bytes, **headers: str) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        handler.send_response_only(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def send() -> Iterator[Sending]:
    clients = Clients()
    yield Sending("telegram", clients)
    clients.close()


def test_a_body_goes_as_json_with_the_mark_of_the_relay(send: Sending) -> None:
    with serving(says(200, b'{"ok":true}', X_Limit="3")) as (base, heard):
        request = Request(what="post", path="/a%2Fb", headers={"authorization": "Bearer t"}, body={"text": "é"})
        response = send(request, base=base)
    ((path, headers, body),) = heard
    assert response == Response(status=200, headers={"content-length": "11", "x-limit": "3"}, body={"ok": True})
    assert (path, body) == ("/a%2Fb", '{"text":"é"}'.encode())
    assert headers.pop("host") == base.removeprefix("http://")
    assert headers == {
        "authorization": "Bearer t",
        "duck-relay": "1",
        "user-agent": f"Duck-relay/{VERSION}",
        "content-type": "application/json; charset=utf-8",
        "content-length": "13",
        "accept": "application/json, */*;q=0.5",
        "accept-encoding": "identity",
        "connection": "keep-alive",
    }


def test_what_was_signed_goes_as_it_is_to_its_own_address(send: Sending) -> None:
    with serving(says(204, b"")) as (base, heard):
        response = send(
            Request(what="callback", url=f"{base}/x?y=1", content=b'{ "a": 1 }'), base="http://no.invalid"
        )
    assert (heard[0][0], heard[0][2]) == ("/x?y=1", b'{ "a": 1 }')
    assert (response.status, response.body, response.arrived) == (204, None, True)


def test_a_get_has_no_body(send: Sending) -> None:
    with serving(says(200, b"[1]")) as (base, heard):
        response = send(Request(what="check", method="GET", path="/me"), base=base)
    assert response.body == [1]
    assert "content-type" not in heard[0][1]


def test_one_answers_cookie_goes_with_no_other_request(send: Sending) -> None:
    with serving(says(200, b"{}", Set_Cookie="whose=mine; Path=/")) as (base, heard):
        for _ in range(2):
            send(Request(what="post", path="/"), base=base)
    assert [headers.get("cookie") for _, headers, _ in heard] == [None, None]


def test_this_machine_is_asked_by_no_proxy(send: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    with serving(says(200, b"{}")) as (base, _):
        assert send(Request(what="post", path="/"), base=base).status == 200


def test_a_redirect_is_not_followed(send: Sending) -> None:
    with serving(says(302, b"", Location="/elsewhere")) as (base, heard):
        response = send(Request(what="post", path="/here"), base=base)
    assert (response.status, [path for path, _, _ in heard]) == (302, ["/here"])


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<html>", {}),
        (b"\xff", {}),
        (b"NaN", {}),
        (b"[" * 200 + b"]" * 200, {}),
        (b"[" + b"0," * 200_000 + b"0]", {}),
        (b'"' + b"a" * LARGEST + b'"', {}),
        (b"\x1f\x8b\x08\x00", {"Content_Encoding": "gzip"}),
    ],
    ids=["html", "no text", "not a number", "deep", "too many values", "too long", "packed"],
)
def test_what_is_no_json_that_can_be_read_has_no_body(send: Sending, body: bytes, headers: dict[str, str]) -> None:
    with serving(says(200, body, **headers)) as (base, _):
        response = send(Request(what="post", path="/"), base=base)
    assert (response.status, response.body, response.arrived, response.problem) == (200, None, True, "")


def breaks_off(status: int) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 %d Said\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{" % status)
        handler.close_connection = True

    return answer


def hangs_up(handler: Any) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


BROKE = Response(problem="the connection broke off")


@pytest.mark.parametrize("answer", [hangs_up, breaks_off(200)], ids=["without a word", "within a success"])
def test_of_a_connection_that_breaks_nobody_knows_what_became(send: Sending, answer: Callable[[Any], None]) -> None:
    with serving(answer) as (base, _):
        assert send(Request(what="post", path="/"), base=base) == BROKE


def test_a_refusal_is_one_even_if_its_body_breaks_off(send: Sending) -> None:
    with serving(breaks_off(429)) as (base, _):
        response = send(Request(what="post", path="/"), base=base)
    assert (response.status, response.body) == (429, None)


UNCONNECTED = Response(arrived=False, problem="it could not be connected to")


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:{port}", "ftp://127.0.0.1", "http://name.invalid", "", "http://"]
)
def test_what_could_not_be_connected_to_surely_never_got_there(send: Sending, address: str) -> None:
    base = address.format(port=closed_port())
    assert send(Request(what="post", path="/x"), base=base) == UNCONNECTED


def test_a_server_that_speaks_no_tls_never_got_the_request(send: Sending) -> None:
    with serving(says(200, b"")) as (base, heard):
        response = send(Request(what="post", path="/x"), base=base.replace("http:", "https:"))
    assert (response, heard) == (UNCONNECTED, [])


@pytest.mark.parametrize("token", ["a\nb", "é", "\ud83d"])
def test_a_token_that_fits_into_no_header_never_got_there(send: Sending, token: str) -> None:
    with serving(says(401, b"")) as (base, heard):
        response = send(Request(what="post", path="/x", headers={"authorization": f"Bearer {token}"}), base=base)
    if heard:
        assert (token, response.status) == ("é", 401)  # Latin-1 may stand there
    else:
        assert (response.status, response.arrived) == (0, False)


def test_the_log_names_sender_and_request_and_no_address(
    send: Sending, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    with serving(says(404, b'{"description":"Not Found"}')) as (base, _):
        send(Request(what="edit", path=f"/bot{TOKEN}/editMessageText"), base=base)
    send(Request(what="post", path=f"/bot{TOKEN}/sendMessage"), base=f"http://127.0.0.1:{closed_port()}")
    assert caplog.messages == ["telegram/edit: 404", "telegram/post: it could not be connected to"]


STALL = """
import gevent.monkey
gevent.monkey.patch_all()
import sys, time
from dataclasses import asdict
import provider.sending as sending
from relay.outward import Request
sending.TOTAL = 1.0
began = time.monotonic()
response = sending.Sending("slack")(Request(what="post", path="/x"), base=sys.argv[1])
print(time.monotonic() - began < 10, asdict(response))
"""


def drips(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    try:
        while True:
            handler.wfile.write(b" ")
            if released.wait(0.05):
                return
    except OSError:
        pass


released = threading.Event()


def test_who_drips_or_stalls_is_left_when_the_time_is_over() -> None:
    with serving(drips) as (base, _):
        done = subprocess.run(
            [sys.executable, "-c", STALL, base], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    expected = {"status": 0, "headers": {}, "body": None, "arrived": True}
    assert (done.stderr, done.stdout) == (
        "slack/post: nothing came back within 1 s\n",
        f"True {expected | {'problem': 'nothing came back within 1 s'}}\n",
    )


def test_by_the_environment_a_senders_base_is_another_and_by_the_setting_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert base_of("gitlab", "https://gitlab.com/api/v4", None) == "https://gitlab.com/api/v4"
    assert base_of("gitlab", "https://gitlab.com/api/v4", "http://git.internal/") == "http://git.internal"
    assert replaced("slack", "https://hooks.slack.com/a?b=1") == "https://hooks.slack.com/a?b=1"


IGNORED = "DUCK_SENDER_URLS"

BASES = """
from provider.sending import base_of, replaced
print(base_of("slack", "https://slack.com/api", None), base_of("slack", "d", "https://mine.example"))
print(replaced("slack", "https://hooks.slack.com/commands/T%2F1?x=%20y"), base_of("line", "d/", None))
"""


def test_the_environment_comes_before_all_others() -> None:
    environment = {"DUCK_SENDER_URLS": '{"slack": "http://127.0.0.1:9/slack/"}'}
    done = subprocess.run(
        [sys.executable, "-c", BASES],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stderr, done.stdout.split()) == (
        "",
        [*["http://127.0.0.1:9/slack"] * 2, "http://127.0.0.1:9/slack/commands/T%2F1?x=%20y", "d"],
    )


@pytest.mark.parametrize(
    ("text", "bases", "told"),
    [
        (" ", {}, []),
        ('{"github": "https://ghe.example/api/v3"}', {"github": "https://ghe.example/api/v3"}, []),
        ('{"line": "http://[::1]:80", "meta": "http:"}', {"line": "http://[::1]"}, [f"{IGNORED}: meta is ignored"]),
        ("{", {}, ["DUCK_SENDER_URLS is no JSON object: it is ignored"]),
        ('["slack"]', {}, ["DUCK_SENDER_URLS is no JSON object: it is ignored"]),
        ('{"slack": "http://10.0.0.1/"}', {}, [f"{IGNORED}: slack is ignored"]),
        ('{"slack": "http://localhost.example/"}', {}, [f"{IGNORED}: slack is ignored"]),
        ('{"slack": "https://u:p@slack.com"}', {}, [f"{IGNORED}: slack is ignored"]),
        ('{"slack": "https://slack.com?a"}', {}, [f"{IGNORED}: slack is ignored"]),
        ('{"slack": 1}', {}, [f"{IGNORED}: slack is ignored"]),
        ('{"https://t:k@x": "https://x"}', {}, [f"{IGNORED}: a sender that there is not is ignored"]),
    ],
)  # fmt: skip
def test_bases_are_https_or_on_this_machine(
    caplog: pytest.LogCaptureFixture, text: str, bases: dict[str, str], told: list[str]
) -> None:
    assert read_bases(text) == bases
    assert caplog.messages == told
