"""A debugging connection that is lost in the middle of a line, and made anew by whoever notices first."""

import pytest

from tests.provider.scripts import run

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
    told = [("first", "response"), ("second", "error"), ("third", "response")]
    assert run(LOSE, who) == f"{told}\n"


STUMBLE = """
import json, logging
import dify_plugin, gevent
from types import SimpleNamespace
from provider.lines import way_in
from provider.lines.exchange import Exchanges

logging.disable()
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
    assert run(STUMBLE) == "['1', '2', '3', '4']\n"


SPOILT = """
import json, logging
import dify_plugin
from types import SimpleNamespace
from provider.lines import way_in
from provider.lines.exchange import Exchanges

logging.disable()
begun = []
lines = [b"{", b"[]", b'{"event": "quack"}', json.dumps({"session_id": "1", "event": "request", "data": {}}).encode()]
server = SimpleNamespace(_process_line=lambda request: begun.append(request.session_id))
way_in.WayIn(server, None, Exchanges()).follow(line + b"\\n" for line in lines)
way_in.time.sleep(0.05)
print(begun)
"""


def test_a_line_that_can_not_be_read_keeps_none_out_that_comes_after_it() -> None:
    assert run(SPOILT) == "['1']\n"


RESTING = """
import dify_plugin
from types import SimpleNamespace
from provider.lines import way_in
from provider.lines.exchange import Exchanges

rests = []
way_in.time = SimpleNamespace(sleep=rests.append)
way_in.WayIn(None, None, Exchanges()).follow(b"\\n" * size for size in (1, 3, 100, way_in.READ))
print(rests)
"""


def test_the_more_came_at_once_the_longer_the_next_is_waited_for_unless_more_is_there() -> None:
    assert run(RESTING) == "[0, 0.003, 0.008, 0]\n"
