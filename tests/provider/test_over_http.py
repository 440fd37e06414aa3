"""Reverse invocations of a serverless plugin, asked of a daemon that answers what the real one's balancer may."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ASK = """
import sys
from dify_plugin.config.config import InstallMethod
from dify_plugin.core.runtime import Session
from dify_plugin.core.server.serverless.response_writer import ServerlessResponseWriter
from provider.lines import exchange

exchange.start(exchange.Exchanges())
session = Session("s", None, None, ServerlessResponseWriter(None), InstallMethod.Serverless, sys.argv[1])
for _ in range(2):
    print(session.app.fetch_app("a"))
"""
REPLY = {"backwards_request_id": "r", "event": "response", "message": "", "data": {"name": "a\x85b"}}
LINE = json.dumps({"session_id": "s", "event": "backwards_response", "data": REPLY}, ensure_ascii=False)


class Daemon(BaseHTTPRequestHandler):
    """Gives a cookie with each answer, and ends the last line or not."""

    cookies: list[str | None]
    end: str

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.cookies.append(self.headers["Cookie"])
        self.send_response(200)
        self.send_header("Set-Cookie", "stick=to-me; Path=/")
        self.end_headers()
        self.wfile.write(f"\n{LINE}{self.end}".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's
        pass


@pytest.fixture(params=["\n\n", ""], ids=["ended", "not ended"])
def daemon(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[str | None]]]:
    cookies: list[str | None] = []
    kind = type("ThisDaemon", (Daemon,), {"cookies": cookies, "end": request.param})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", cookies
        server.shutdown()


def test_each_request_stands_for_itself_and_its_lines_end_where_json_has_them_end(
    daemon: tuple[str, list[str | None]],
) -> None:
    url, cookies = daemon
    done = subprocess.run(
        [sys.executable, "-c", ASK, url], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stderr, done.stdout) == ("", "{'name': 'a\\x85b'}\n" * 2)
    assert cookies == [None, None]
