"""The rows of `make bench`: what is done with each target, and which numbers come of it."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench import process
from bench.answer import flow
from bench.callers import Callers, Load, Result
from bench.targets import BARE_NAME, DUCK_NAME, GZIP, NAMES, RELAY, Target
from workspace import package

TOKEN = 6  # characters of an event's text behind its number: about a token of a language model
WARM = 20  # requests before those that count: with the first ones a process loads modules and grows

CPU = "CPU per event"
REQUEST = "CPU per request"
SHARE = "The workspace's own share"
CALLERS = "The callers' own share"
RATE = "Events a second that arrived"
LOST = "Events that did not arrive"
BURSTS = "Bursts of 2,000 events"
FIRST = "Time from the request"
WHOLE = "Time of a whole answer"
UPDATES = "Updates of an answer of 50 tokens a second"
GAPS = "Worst gap of an answer of 50 tokens a second"
BYTES = "Bytes on the wire"
PAGE = "CPU of a person's answer: 50 KB of Markdown in 2,000 events, 50 a second"
PAGE_FIRST = "Time to a page's first byte"
MEMORY = "Memory"
REST = "At rest"


@dataclass(frozen=True, slots=True)
class Line:
    """One number for each target; several turns give their median, or their sum."""

    section: str
    name: str
    unit: str
    summed: bool = False


type Numbers = Iterator[tuple[Line, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """One target in one turn."""

    target: Target
    callers: Callers
    quick: bool

    def call(self, app_id: str, *, requests: int = 1, callers: int = 1, spread: float = 0.0) -> Result:
        self.target.admit(app_id)
        plugin = self.target.plugin()
        load = Load(
            url=self.target.url.replace("{app_id}", app_id),
            headers=self.target.headers,
            requests=requests,
            callers=callers,
            spread=spread,
            plugin=plugin,
            front=process.parent(plugin),
        )
        return self.callers.call(load)

    def at(self, path: str) -> "Measuring":
        """Give the same endpoint, called at another path; {app_id} in it stands for the app."""
        hook = self.target.url.partition("/duck/")[0]
        return replace(self, target=replace(self.target, url=hook + path))

    def warm(self) -> None:
        self.call(f"chat-3-10-{TOKEN}", requests=WARM, callers=WARM)

    def afresh(self) -> None:
        """Begin with a process that has done nothing yet, so that its memory is that of what comes now."""
        if self.target.restart is not None and not self.quick:
            self.target.restart()
            self.warm()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Something that is done with some of the targets."""

    name: str  # for --only
    targets: tuple[str, ...] = NAMES
    measure: Callable[[Measuring], Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Many answers at once, or one behind the other."""

    name: str
    requests: int
    callers: int
    events: int
    gap: int  # milliseconds
    spread: float = 0.0  # seconds over which they begin
    memory: str = ""  # the name of its line

    def __call__(self, measuring: Measuring) -> Numbers:
        if self.memory:
            measuring.afresh()
        events = max(self.events // 4, 10) if measuring.quick and self.gap else self.events
        requests = max(self.requests // 4, 2) if measuring.quick and not self.gap else self.requests
        app_id = f"chat-{events}-{self.gap}-{TOKEN}"
        result = measuring.call(app_id, requests=requests, callers=self.callers, spread=self.spread)
        arrived = result.events or 1
        yield Line(CPU, self.name, "µs"), result.cpu / arrived * 1e6
        yield Line(SHARE, self.name, "µs an event"), result.front / arrived * 1e6
        yield Line(CALLERS, self.name, "µs an event"), result.callers / arrived * 1e6
        yield Line(RATE, self.name, "/s"), result.events / result.seconds
        yield Line(LOST, self.name, "%"), 100 * (1 - result.events / (requests * (events + 1)))
        if self.memory:
            yield Line(MEMORY, self.memory, "MiB"), result.memory / 1024
        if not self.gap:
            yield Line(BURSTS, "tries", "", summed=True), requests
            yield Line(BURSTS, "arrived whole", "", summed=True), _whole(result, events)


def _whole(result: Result, events: int) -> int:
    return sum(answer.whole and answer.events == events + 1 for answer in result.answers)


def _request(measuring: Measuring) -> Numbers:
    requests = 100 if measuring.quick else 1000
    result = measuring.call(f"chat-1-0-{TOKEN}", requests=requests, callers=10)
    yield Line(REQUEST, "one event, 10 at a time", "µs"), result.cpu / requests * 1e6
    yield Line(SHARE, "requests with one event", "µs a request"), result.front / requests * 1e6


def _alone(measuring: Measuring) -> Numbers:
    result = measuring.call(f"chat-10-30-{TOKEN}", requests=4 if measuring.quick else 10)
    yield Line(FIRST, "first byte, alone", "ms"), _share([answer.first_byte for answer in result.answers], 50)
    yield Line(FIRST, "first event, alone", "ms"), _share([answer.first_event for answer in result.answers], 50)
    silent = measuring.call("silent-1", requests=1 if measuring.quick else 3)
    name = "first byte, alone, of an app that is silent for a second"
    yield Line(FIRST, name, "ms"), _share([answer.first_byte for answer in silent.answers], 50)


def _at_once(measuring: Measuring) -> Numbers:
    result = measuring.call(f"chat-20-50-{TOKEN}", requests=300, callers=300)
    for percent in (50, 99):
        for what, times in (
            ("first byte", [answer.first_byte for answer in result.answers]),
            ("first event", [answer.first_event for answer in result.answers]),
        ):
            yield Line(FIRST, f"{what}, 300 at once, p{percent}", "ms"), _share(times, percent)


def _short(measuring: Measuring) -> Numbers:
    for name, app_id in (("1 event", f"chat-1-0-{TOKEN}"), ("5 events in 100 ms", f"chat-5-20-{TOKEN}")):
        answers = measuring.call(app_id, requests=4 if measuring.quick else 10).answers
        yield Line(WHOLE, f"{name}, to its end event", "ms"), _share([answer.ended for answer in answers], 50)
        yield Line(WHOLE, name, "ms"), _share([answer.seconds for answer in answers], 50)


def _flow(measuring: Measuring) -> Numbers:
    windows = ((0, 2), (4, 6)) if measuring.quick else ((0, 2), (4, 6), (9, 12))
    answer = measuring.call(f"chat-{50 * windows[-1][1] + 25}-20-{TOKEN}").answers[0]
    for begin, end in windows:
        seen = flow(answer.updates, begin, end)
        yield Line(UPDATES, f"{begin}–{end} s", "/s"), seen.updates
        yield Line(GAPS, f"{begin}–{end} s", "ms"), seen.gap * 1000
    yield Line(BYTES, "an event of a token", "B"), answer.wire / max(answer.events, 1)
    yield Line(BYTES, "compressed", "%"), 100 * (answer.encoding == "gzip")


def _page(measuring: Measuring) -> Numbers:
    """Ask for one answer as events and as a page, by turns."""
    requests, events = (2, 250) if measuring.quick else (10, 2000)
    for name, form in (("server-sent events", "sse"), ("page", "html")):
        asking = measuring.at(f"/duck/{{app_id}}?query=hi&format={form}")
        result = asking.call(f"essay-{events}-20", requests=requests, callers=requests, spread=1)
        yield Line(PAGE, name, "ms"), result.cpu / requests * 1000


def _page_first(measuring: Measuring) -> Numbers:
    for name, path in (
        ("the form that asks for the key, which is always the same", "/deliveries"),
        ("an app's form", "/chat/{app_id}?format=html"),
        ("an answer whose app says nothing for a second", "/chat/{app_id}?query=hi&format=html"),
    ):
        answers = measuring.at(path).call("silent-1", requests=4 if measuring.quick else 20).answers
        yield Line(PAGE_FIRST, name, "ms"), _share([answer.first_byte for answer in answers], 50)


def _rest(measuring: Measuring) -> Numbers:
    target = measuring.target
    if target.folder is not None:
        yield Line(REST, "from the start to the first line of the protocol", "ms"), _start_up(target.folder) * 1000
    if target.name == RELAY and target.folder is not None:
        with tempfile.TemporaryDirectory() as folder:
            yield Line(REST, "package", "bytes"), package.write(target.folder, Path(folder)).stat().st_size
    if target.restart is not None:
        target.restart()
    time.sleep(1)
    pid = target.plugin()
    begun, used = time.monotonic(), process.cpu(pid)
    time.sleep(1 if measuring.quick else 3)
    yield Line(REST, "CPU", "ms a second"), (process.cpu(pid) - used) / (time.monotonic() - begun) * 1000
    yield Line(MEMORY, "at rest", "MiB"), process.memory(pid) / 1024
    measuring.warm()


def _start_up(folder: Path) -> float:
    """Start a plugin as the workspace does; give the seconds until it says something."""
    begun = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "main"],
        cwd=folder,
        env={**os.environ, "INSTALL_METHOD": "local"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as plugin:
        if plugin.stdout is not None:
            plugin.stdout.readline()
        taken = time.monotonic() - begun
        plugin.kill()
    return taken


def _share(times: list[float], percent: int) -> float:
    """Give the milliseconds that so many percent of the times do not exceed."""
    ordered = sorted(times)
    if percent == 50:
        return statistics.median(ordered) * 1000
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] * 1000


_BY_SESSION = (BARE_NAME, DUCK_NAME, RELAY, GZIP)
_ANSWERING = (DUCK_NAME, RELAY, GZIP)  # the bare endpoint sends nothing on the way
_STREAMS = (
    # with three turns 51 tries
    (NAMES, Streams(name="burst of 2,000", requests=17, callers=1, events=2000, gap=0)),
    (NAMES, Streams(name="60 × 100/s", requests=60, callers=60, events=800, gap=10, spread=0.5)),
    (
        NAMES,
        Streams(name="300 × 20/s", requests=300, callers=300, events=240, gap=50, spread=1, memory="300 streams"),
    ),
    (
        NAMES,
        Streams(
            name="1,000 × 5/s", requests=1000, callers=1000, events=60, gap=200, spread=1, memory="1,000 streams"
        ),
    ),
    ((RELAY,), Streams(name="10 × 5/s", requests=10, callers=10, events=60, gap=200, spread=1)),
)
ROWS = (
    Row(name="rest", targets=(BARE_NAME, DUCK_NAME, RELAY), measure=_rest),
    *(Row(name=f"streams {streams.name}", targets=names, measure=streams) for names, streams in _STREAMS),
    Row(name="request", measure=_request),
    Row(name="first alone", targets=_ANSWERING, measure=_alone),
    Row(name="first at once", targets=_ANSWERING, measure=_at_once),
    Row(name="short", targets=_BY_SESSION, measure=_short),
    Row(name="flow", targets=_ANSWERING, measure=_flow),
    Row(name="page", targets=(RELAY, GZIP), measure=_page),
    Row(name="page first", targets=(RELAY,), measure=_page_first),
)
