"""The plugin's requests to its own address, made by a process as gevent has changed it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from relay.version import VERSION
from tests.provider.test_sending import breaks_off, closed_port, hangs_up, says, serving

ROOT = Path(__file__).parent.parent.parent
ID = "0123456789abcdef0123456789abcdef"


def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"SERVER_PORT", "INSTALL_METHOD"}}
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


ADDRESSES = """
import dify_plugin  # first, as in main.py: it patches what the others import
import json, os, sys
from provider import own
environments, rows = json.loads(sys.argv[1])
told = []
for environment in environments:
    os.environ.update(environment)
    own._daemons_port.cache_clear()
    told.append([[own.address(*row), own.why_not(*row)] for row in rows])
print(json.dumps(told))
"""
ROWS: list[tuple[str, str | None]] = [
    ("h_1-A", None),
    ("h", "https://dify.example/e/h"),
    ("h", "http://10.0.0.1:5002/x/e/h"),
    ("h", "https://dify.example/e/H"),
    ("h", "https://dify.example/e/h/"),
    ("h", "https://dify.example/e/other"),
    ("h", "https://dify.example/ee/h"),
    ("h", "https://dify.example/?/e/h"),
    ("", None),
    ("a/b", None),
    ("h\n", None),
    ("h" * 129, None),
]
UNTOLD = (None, "Dify has not told which endpoint was called")
OTHER = (None, "relay_url does not end in /e/h")
NAMED = [
    ("https://dify.example/e/h", ""),
    ("http://10.0.0.1:5002/x/e/h", ""),
    *[OTHER] * 5,
    *[UNTOLD] * 4,
]
NOWHERE = (None, "relay_url is not set, and Dify does not run the plugin beside itself")


INSTALLED = ("http://127.0.0.1:5002/e/h_1-A", "")
ENVIRONMENTS = [
    ({"INSTALL_METHOD": "local"}, NOWHERE),
    ({"SERVER_PORT": "5002"}, INSTALLED),
    ({"INSTALL_METHOD": "remote"}, NOWHERE),
    ({"INSTALL_METHOD": "serverless"}, NOWHERE),
    ({"INSTALL_METHOD": "local"}, INSTALLED),
    ({"SERVER_PORT": "5002@evil"}, NOWHERE),
    ({"SERVER_PORT": "65536"}, NOWHERE),
]


def test_the_own_address_is_the_owners_or_the_daemons() -> None:
    done = run(ADDRESSES, json.dumps([[environment for environment, _ in ENVIRONMENTS], ROWS]))
    assert done.stderr == ""
    told = [[tuple(row) for row in rows] for rows in json.loads(done.stdout)]
    assert told == [[first, *NAMED] for _, first in ENVIRONMENTS]


START = """
import dify_plugin
import json, sys
from provider.own import Own
import gevent
from threading import Event

own, told = Own(silence=0.5), []
for base, patience in json.loads(sys.argv[1]):
    over, ended = Event(), []
    def end(clean):
        ended.append(clean)
        over.set()
    started = own.start(base, sys.argv[2], "the token", patience=patience, ended=end)
    if not patience:
        own.start(base + "/let", "go", "", patience=5, ended=lambda clean: None)
    over.wait(5)
    gevent.sleep(0.05)
    told.append([started.value, ended])
print(json.dumps(told))
"""

let_go = threading.Event()


def waits(handler: Any) -> None:
    if "/let/" in handler.path:
        let_go.set()
    let_go.wait(5)
    says(200, b"late")(handler)


def goes_silent(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n ")
    silent_for.wait(5)


silent_for = threading.Event()  # never set: whoever reads gives up first


def in_chunks(end: bytes) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n" + end)

    return answer


HEARD: list[tuple[str, Callable[[Any], None], float, list[Any]]] = [
    ("whole", in_chunks(b"2\r\n{}\r\n0\r\n\r\n"), 5, ["running", [True]]),
    ("cut", in_chunks(b"2\r\n{"), 5, ["running", [False]]),
    ("cut between chunks", in_chunks(b""), 5, ["running", [False]]),
    ("empty", says(200, b""), 5, ["running", [True]]),
    ("short", breaks_off(200), 5, ["running", [False]]),
    ("silent", goes_silent, 5, ["running", [False]]),
    ("refused", says(409, b"{}"), 5, ["refused", []]),
    ("moved", says(302, b"", Location="/x"), 5, ["refused", []]),
    ("hung up", hangs_up, 5, ["unknown", [False]]),
    ("late", waits, 0, ["unknown", [True]]),
]
UNHEARD = [f"http://127.0.0.1:{closed_port()}", "https://name.invalid", "http://a..b"]


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[dict[str, Any], list[list[Any]]]]:
    """Give what was told of each start, and what each server heard first."""
    proxy = f"http://127.0.0.1:{closed_port()}"
    with ExitStack() as servers:
        served = [servers.enter_context(serving(answer)) for _, answer, _, _ in HEARD]
        plain, unheard = servers.enter_context(serving(says(200, b"")))
        bases = [base for base, _ in served] + UNHEARD + [plain.replace("http:", "https:")]
        patience = [row[2] for row in HEARD] + [5] * (len(bases) - len(HEARD))
        jobs = [[f"{base}/e/h", patient] for base, patient in zip(bases, patience, strict=True)]
        done = run(START, json.dumps(jobs), ID, HTTP_PROXY=proxy, http_proxy=proxy)
        names = [name for name, _, _, _ in HEARD] + UNHEARD + ["no TLS"]
        assert done.stdout, done.stderr
        yield dict(zip(names, json.loads(done.stdout), strict=True)), [*[heard for _, heard in served], unheard]


def test_of_a_run_it_is_told_how_it_began_and_once_that_it_ended(told: tuple[dict[str, Any], Any]) -> None:
    assert {name: told[0][name] for name, *_ in HEARD} == {name: expected for name, _, _, expected in HEARD}


def test_who_is_not_there_has_surely_not_heard_it(told: tuple[dict[str, Any], Any]) -> None:
    assert [told[0][name] for name in [*UNHEARD, "no TLS"]] == [["unreachable", []]] * 4
    assert told[1][-1] == []


def test_a_run_is_asked_for_by_its_token_and_nothing_else(told: tuple[Any, list[list[Any]]]) -> None:
    # the request that lets the late one go may overtake it
    asked = [[request for request in heard if "/let/" not in request[0]] for heard in told[1][:-1]]
    assert [len(heard) for heard in asked] == [1] * len(HEARD)
    for ((path, headers, body),) in asked:
        assert (path, body) == (f"/e/h/deliveries/{ID}/run", b"")
        assert headers.pop("host").startswith("127.0.0.1:")
        assert headers == {
            "x-duck-run": "the token",
            "duck-relay": "1",
            "user-agent": f"Duck-relay/{VERSION}",
            "accept-encoding": "identity",
            "content-length": "0",
        }


MANY = """
import dify_plugin
import sys
from collections import Counter
from provider.own import Own
import gevent

ends = []
def one(number):
    return Own().start(sys.argv[1], "d%d" % number, "t", patience=20, ended=ends.append)
begun = gevent.joinall([gevent.spawn(one, number) for number in range(200)])
print(Counter(one.value.value for one in begun), len(ends))
let_go = Own().start(sys.argv[1], "go", "t", patience=20, ended=lambda clean: None)
with gevent.Timeout(20):
    while len(ends) < 200:
        gevent.sleep(0.01)
print(Counter(ends))
"""


def test_two_hundred_run_at_once() -> None:
    go = threading.Event()

    def answer(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
        if handler.path.endswith("/go/run"):
            go.set()
        go.wait(30)
        handler.wfile.write(b" ")

    with serving(answer) as (base, _):
        done = run(MANY, f"{base}/e/h")
    assert (done.stderr, done.stdout) == ("", "Counter({'running': 200}) 0\nCounter({True: 200})\n")


RAISING = """
import dify_plugin
import sys
from provider.own import Own
from threading import Event

def fail(*_):
    raise ValueError("the words of it")
done = Event()
Own().after(0, fail)
Own().after(0.05, done.set)
print(done.wait(5))
print(Own().start(sys.argv[1], "d", "t", patience=5, ended=fail).value)
later = Event()
Own().after(0.05, later.set)
print(later.wait(5))
"""


def test_what_raises_later_is_logged_without_its_words_and_ends_nothing_else() -> None:
    done = run(RAISING, f"http://127.0.0.1:{closed_port()}/e/h")
    assert done.stdout == "True\nunreachable\nTrue\n"
    told = [line for line in done.stderr.splitlines() if "unforeseen" in line]
    assert told == ["a timer: unforeseen: builtins.ValueError"]
    assert "the words of it" not in done.stderr
