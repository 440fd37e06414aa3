"""A debugging connection that is lost in the middle of a line, and made anew by whoever notices first."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LOSE = """
import json, logging, sys
import dify_plugin, gevent
from gevent import socket
from types import SimpleNamespace
from dify_plugin.core.server.tcp.request_reader import TCPReaderWriter
from provider.lines import way_in
from provider.lines.exchange import Exchanges

logging.disable()
REPLY = {"event": "response", "message": "", "data": {"n": 1}}

def hear(name):
    def take(reply):
        exchanges.forget(name)
        told.append((name, reply["event"]))
    exchanges.wait(name, take)

def until(condition):
    with gevent.Timeout(10, False):
        while not condition():
            gevent.sleep(0.01)

def line(request_id):
    data = {**REPLY, "backwards_request_id": request_id}
    return json.dumps({"session_id": "s", "event": "backwards_response", "data": data}).encode() + b"\\n"

server = socket.create_server(("127.0.0.1", 0))
tcp = TCPReaderWriter("127.0.0.1", server.getsockname()[1], "key", reconnect_timeout=0)
tcp.launch()
old, _ = server.accept()
exchanges, told = Exchanges(), []
hear("first")
hear("second")
way_in.start(SimpleNamespace(request_reader=tcp), exchanges)
gevent.spawn(tcp.event_loop)
old.sendall(line("first") + line("second")[:40])
until(lambda: told)
if sys.argv[1] == "reader":
    old.close()
else:
    tcp._launch()  # as the SDK does where it can't write
new, _ = server.accept()
until(lambda: len(told) == 2)
hear("third")
new.sendall(line("third"))
until(lambda: len(told) == 3)
print(told)
"""


@pytest.mark.parametrize("who", ["reader", "writer"])
def test_over_a_new_connection_begins_a_new_line_and_who_waited_hears_of_it(who: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOSE, who], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    told = [("first", "response"), ("second", "error"), ("third", "response")]
    assert (done.stderr, done.stdout) == ("", f"{told}\n")


STUMBLE = """
import json
import dify_plugin, gevent
from types import SimpleNamespace
from provider.lines import way_in
from provider.lines.exchange import Exchanges

begun = []

def process(request):
    begun.append(request.session_id)
    if request.session_id in {"1", "3"}:
        raise RuntimeError("not today")

def line(session):
    return json.dumps({"session_id": session, "event": "request", "data": {}}).encode() + b"\\n"

def reads():
    for sessions in ("1", "2", "34"):
        yield b"".join(map(line, sessions))
        gevent.sleep(0.01)

way_in.WayIn(SimpleNamespace(_process_line=process), None, Exchanges()).follow(reads())
print(begun)
"""


def test_a_request_that_can_not_begin_keeps_none_out_that_comes_with_it_or_after_it() -> None:
    told = subprocess.run([sys.executable, "-c", STUMBLE], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "['1', '2', '3', '4']"
