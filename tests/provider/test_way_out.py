"""Lines to the daemon, byte by byte. The SDK changes the process that imports it, so each is written in another."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

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


def run(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert not done.stderr
    return done.stdout


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
