"""Lines to the daemon, byte by byte. The SDK changes the process that imports it, so each is written in another."""

import os
import subprocess
import sys

import pytest

from tests.provider.scripts import ROOT, run

PUT = """
import math
from dify_plugin.core.server.__base.response_writer import ResponseWriter
from dify_plugin.core.server.__base.writer_entities import Event
from provider.lines import way_out

class Written(ResponseWriter):
    def write(self, data):
        print(repr(data))
    def done(self):
        pass

way_out.put(Written(), Event.SESSION, "s", {data})
"""


@pytest.mark.parametrize(
    ("data", "written"),
    [
        ("{'a': 'é', 'b': [1, None]}", '{"a":"é","b":[1,null]}'),
        ("{'a': math.nan, 'b': -math.inf}", '{"a":null,"b":null}'),
        ("{'a': chr(0xD83D), 'b': math.nan}", '{"a": "\\ud83d", "b": null}'),
        ("Written().stream_error_object({'a': chr(0xD83D)})", '{"type": "error", "data": {"a": "\\ud83d"}}'),
    ],
    ids=["anything", "no number", "half a pair", "half a pair in a model"],
)
def test_a_line_is_json_whatever_it_holds(data: str, written: str) -> None:
    line = run(PUT.replace("{data}", data)).strip()
    head, data_written = '{"event":"session","session_id":"s","data":', written
    if "\\u" in written:
        head = '{"event": "session", "session_id": "s", "data": '
    assert line == repr(f"{head}{data_written}}}\n\n")


SLOWLY_READ = """
import fcntl, gevent, os
from provider.lines import way_out

read, write = os.pipe()
os.set_blocking(read, False)
fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
outlet, taken = way_out.Outlet(write), 0
outlet.write("x" * 300_000)
with gevent.Timeout(20):
    while taken < 300_000:
        gevent.sleep(0.001)
        try:
            taken += len(os.read(read, 65536))
        except BlockingIOError:
            pass
    while outlet._writable.active:
        gevent.sleep(0.001)
print(taken, outlet._size)
"""
NEVER_READ = """
import gevent, os
from provider.lines import way_out

outlet, written = way_out.Outlet(os.pipe()[1]), []

def write():
    for number in range(4):
        outlet.write("x" * way_out.MOST)
        written.append(number)

gevent.spawn(write)
gevent.sleep(0.1)
print(written, flush=True)
os._exit(0)
"""


def test_who_has_written_everything_waits_for_the_pipe_no_longer() -> None:
    assert run(SLOWLY_READ) == "300000 0\n"


def test_who_writes_more_than_may_wait_has_to_wait_itself() -> None:
    assert run(NEVER_READ) == "[0, 1]\n"


def test_what_was_written_last_leaves_before_the_process_ends() -> None:
    script = "from provider.lines import way_out\nway_out.Outlet(1).write('last words\\n')"
    assert run(script) == "last words\n"


def test_the_plugin_ends_with_the_daemon_that_started_it() -> None:
    environment = {**os.environ, "INSTALL_METHOD": "local"}
    ended = subprocess.run(
        [sys.executable, "-m", "main"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0
