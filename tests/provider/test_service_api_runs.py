"""Runs that are left, that take too long, and many at once."""

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from provider.service_api import row, shares
from provider.service_api import stream as streams
from provider.service_api.api import ServiceApi
from provider.service_api.connections import Connections
from provider.service_api.problems import Kind, Problem
from provider.service_api.row import AppByKey, RunByKey
from provider.service_api.told import error_of
from relay.call import Call, Interface
from relay.errors import AppTimeout, TooManyRequests
from relay.run.inbox import Inbox
from tests.provider.played_dify import LAST, STREAM, Asked, PlayedDify, chunk, data, played, refusal, whole
from tests.provider.scripts import run as run_script

MESSAGE = {"event": "message", "task_id": "t/1", "answer": "quack"}
NAMELESS = {"event": "ping_of_another_kind"}
END = {"event": "message_end", "task_id": "t/1"}
PATHS = {
    Interface.CHAT: ("/v1/chat-messages", "/v1/chat-messages/t%2F1/stop"),
    Interface.COMPLETION: ("/v1/completion-messages", "/v1/completion-messages/t%2F1/stop"),
    Interface.WORKFLOW: ("/v1/workflows/run", "/v1/workflows/tasks/t%2F1/stop"),
}
RUN, STOP = (f"POST {path}" for path in PATHS[Interface.CHAT])
STOPPED = whole("200 OK", {"result": "success"})
AGAIN = "Please try again in a moment."


class Slow:
    """Streams some events, and more when it is told to."""

    def __init__(self, *events: Any, then: tuple[Any, ...] = ()) -> None:
        self._events = events
        self._then = then
        self.go_on = threading.Event()

    def __call__(self, _: Asked) -> Iterator[bytes]:
        yield STREAM + b"".join(chunk(data(event)) for event in self._events)
        self.go_on.wait(10)
        for event in self._then:
            yield chunk(data(event))
        yield LAST


def begin(
    dify: PlayedDify,
    *,
    key: str = "app-duck",
    longest: float = 60,
    told: bool = True,
    inbox: Inbox | None = None,
    **call: Any,
) -> tuple[RunByKey, Inbox, Iterator[Any]]:
    inbox = inbox or Inbox()
    app = AppByKey(ServiceApi(dify.url, key, longest=longest), told=told)
    run = app.run(Call(app_id="a", **{"interface": Interface.CHAT, **call}), inbox)
    return run, inbox, iter(run.events())


def take(inbox: Inbox, events: Iterator[Any], number: int) -> list[Mapping[str, Any]]:
    """Wait for so many events."""
    taken: list[Mapping[str, Any]] = []
    while len(taken) < number:
        event = next(events)
        if event is None:
            inbox.wait(5)
        else:
            taken.append(event)
    return taken


OTHERS: set[threading.Thread] = set()  # that went on before the test


@pytest.fixture(autouse=True)
def others() -> None:
    OTHERS.clear()
    OTHERS.update(threading.enumerate())


def threads_end() -> None:
    """Wait until nothing runs that a run has begun."""
    for thread in threading.enumerate():
        if thread not in OTHERS and "_answer" not in thread.name and "serve" not in thread.name:
            thread.join(10)
            assert not thread.is_alive()


@pytest.mark.parametrize("interface", PATHS)
def test_a_run_that_is_left_is_stopped_once_for_the_same_user(interface: Interface) -> None:
    path, stop = (f"POST {path}" for path in PATHS[interface])
    with played({path: Slow(MESSAGE), stop: STOPPED}) as dify:
        run, inbox, events = begin(dify, interface=interface, user="alice")
        assert take(inbox, events, 1) == [MESSAGE]
        for _ in range(3):
            run.leave()
        assert dify.wait_for(stop).json == {"user": "alice"}
        threads_end()
    assert dify.lines() == [path, stop]


def test_a_run_that_is_left_before_its_task_is_named_is_stopped_as_soon_as_it_is() -> None:
    slow = Slow(NAMELESS, then=(MESSAGE,))
    with played({RUN: slow, STOP: STOPPED}) as dify:
        run, inbox, events = begin(dify)
        assert take(inbox, events, 1) == [NAMELESS]
        run.leave()
        slow.go_on.set()
        assert dify.wait_for(STOP).json == {"user": "duck-relay"}


def test_a_run_that_never_names_its_task_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row, "GRACE", 0.05)
    with played({RUN: Slow(NAMELESS)}) as dify:
        run, inbox, events = begin(dify)
        assert take(inbox, events, 1) == [NAMELESS]
        run.leave()
        threads_end()
    assert dify.lines() == [RUN]


def test_a_run_whose_head_comes_after_it_was_given_up_is_read_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row, "GRACE", 0.05)
    given_up = threading.Event()

    def answer(_: Asked) -> Iterator[bytes]:
        given_up.wait(10)
        yield STREAM + chunk(data(MESSAGE))
        threading.Event().wait(10)

    with played({RUN: answer}) as dify:
        run, inbox, events = begin(dify)
        dify.wait_for(RUN)
        run.leave()
        while not run._given_up:
            inbox.wait(0.01)
        given_up.set()
        threads_end()
        assert next(events, "ended") == "ended"


def test_a_run_without_a_head_is_let_go_once_it_was_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row, "GRACE", 0.05)

    def answer(_: Asked) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        threading.Event().wait(30)

    with played({RUN: answer}) as dify:
        connections = Connections()
        app = AppByKey(ServiceApi(dify.url, "app-duck", connections=connections), told=True)
        run = app.run(Call(app_id="a", interface=Interface.CHAT), Inbox())
        events = run.events()
        dify.wait_for(RUN)
        run.leave()
        threads_end()
        assert list(events) == []
        assert not connections.shares.taken


def test_a_run_that_is_given_up_before_its_request_is_sent_sends_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row, "GRACE", 0.05)
    given_up = threading.Event()

    def answer(asked: Asked) -> Iterator[bytes]:
        given_up.wait(10)
        yield from whole("200 OK", {"mode": "chat"})(asked)

    with played({"GET /v1/info": answer}) as dify:
        run, inbox, events = begin(dify, interface=Interface.ANY)
        dify.wait_for("GET /v1/info")
        run.leave()
        while not run._given_up:
            inbox.wait(0.01)
        given_up.set()
        threads_end()
        assert next(events, "ended") == "ended"
    assert dify.lines() == ["GET /v1/info"]


def test_one_app_can_not_take_the_connections_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "RUNS", 2)
    monkeypatch.setattr(shares, "REQUESTS", 3)
    slow = Slow(MESSAGE, then=(END,))
    with played({RUN: slow, STOP: STOPPED}) as dify:
        runs = [begin(dify) for _ in range(2)]
        assert [take(inbox, events, 1) for _, inbox, events in runs] == [[MESSAGE]] * 2
        for told in (True, False):
            _, inbox, events = begin(dify, told=told)
            with pytest.raises(TooManyRequests) as raised:
                take(inbox, events, 1)
            assert (raised.value.message, raised.value.headers, raised.value.begun) == (
                f"The relay has as many requests to this app under way as one app may have. {AGAIN}",
                {"Retry-After": "5"},
                False,
            )
        _, inbox, events = begin(dify, key="app-another")
        assert take(inbox, events, 1) == [MESSAGE]
        runs[0][0].leave()  # it is stopped by what is left for that
        dify.wait_for(STOP)
        slow.go_on.set()
        threads_end()
        assert take(*begin(dify)[1:], 2) == [MESSAGE, END]


def test_a_process_whose_connections_are_all_taken_blames_no_setting() -> None:
    error = error_of(Problem(Kind.BUSY, sent=False), told=True, runs=True)
    assert (error.as_dict(), error.headers, error.begun) == (
        {
            "code": "app_unavailable",
            "message": "The relay has as many requests under way as it can. Please try again in a moment.",
            "status": 503,
        },
        {"Retry-After": "5"},
        False,
    )


@pytest.mark.parametrize("end", [END, {"event": "workflow_finished", "data": {}}, {"event": "workflow_paused"}])
def test_a_run_whose_end_has_come_is_not_stopped_and_its_connection_is_let_go(end: Mapping[str, Any]) -> None:
    def answer(_: Asked) -> Iterator[bytes]:
        yield STREAM + chunk(data(MESSAGE)) + chunk(data(end))
        threading.Event().wait(30)  # and its end never comes

    with played({RUN: answer, STOP: STOPPED}) as dify:
        run, inbox, events = begin(dify)
        assert take(inbox, events, 2) == [MESSAGE, end]
        run.leave()
        threads_end()
    assert dify.lines() == [RUN]


def test_a_run_that_is_left_before_it_begins_does_not_begin() -> None:
    with played({}) as dify:
        inbox = Inbox()
        run = AppByKey(ServiceApi(dify.url, "app-duck"), told=True).run(Call(app_id="a"), inbox)
        run.leave()
        run.leave()
        threads = threading.active_count()
        assert [event for event in run.events() if event] == []
        assert threading.active_count() <= threads
    assert dify.lines() == []


def test_a_stop_that_fails_is_told_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    with played({RUN: Slow(MESSAGE), STOP: refusal(401, "unauthorized", "app-duck")}) as dify:
        run, inbox, events = begin(dify)
        take(inbox, events, 1)
        with caplog.at_level(logging.WARNING, "duck_relay"):
            run.leave()
            threads_end()
    assert caplog.messages == [
        "a run by the Service API could not be stopped: app_keys: Dify refuses the key of this app"
    ]


def test_a_run_that_takes_too_long_is_stopped() -> None:
    with played({RUN: Slow(MESSAGE), STOP: STOPPED}) as dify:
        _, inbox, events = begin(dify, longest=0.3)
        with pytest.raises(AppTimeout, match="took longer than the relay lets one run take") as raised:
            take(inbox, events, 2)
        dify.wait_for(STOP)
    assert raised.value.begun


def test_a_run_that_falls_silent_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SILENCE", 0.1)
    with played({RUN: Slow(MESSAGE), STOP: STOPPED}) as dify:
        _, inbox, events = begin(dify)
        with pytest.raises(AppTimeout, match="silent for longer than the relay waits") as raised:
            take(inbox, events, 2)
        dify.wait_for(STOP)
    assert raised.value.begun


MANY = """
import os, sys
if sys.argv[1] == "gevent":
    import gevent.monkey
    gevent.monkey.patch_all()
from provider.service_api import stream
from tests.provider.played_dify import CERTIFICATE
from tests.provider.test_service_api_runs import many

looks = 0
glance = stream.Stream.glance

def counted(self, now):
    global looks
    looks += 1
    return glance(self, now)

stream.Stream.glance = counted
os.environ["SSL_CERT_FILE"] = str(CERTIFICATE)
print(many(tls=sys.argv[2] == "tls"), looks > 100)
"""


def many(*, tls: bool) -> tuple[int, set[str]]:
    """Run more apps at once than wait each by itself; tell how many answers are whole, and how the others are not."""
    events = [{**MESSAGE, "answer": str(number)} for number in range(40)]

    def answer(asked: Asked) -> Iterator[bytes]:
        content = STREAM + b"".join(chunk(data(event)) for event in events)
        wait = threading.Event()
        for at in range(0, len(content), 150):  # in the middle of whatever is there
            yield content[at : at + 150]
            wait.wait(0.01)
        if asked.json["query"] == "broken":
            raise OSError
        yield chunk(data(END)) + LAST

    whole, others = 0, set()
    with played({RUN: answer}, tls=tls) as dify:
        queries = ["broken" if number % 10 == 0 else "" for number in range(30)]
        for _, inbox, came in [begin(dify, query=query) for query in queries]:
            read: list[Mapping[str, Any]] = []
            try:
                while True:
                    read += take(inbox, came, 1)
            except (StopIteration, RuntimeError):
                whole += read == [*events, END]
            except Exception as error:  # noqa: BLE001
                others.add(f"{error} {read == events}")
    return whole, others


@pytest.mark.parametrize("threads", ["gevent", "real"])
@pytest.mark.parametrize("over", ["tcp", "tls"])
def test_many_streams_are_read_in_turn_and_each_is_whole(threads: str, over: str) -> None:
    broken = "The answer broke off: the connection to Dify ended before the app's end event came. True"
    assert run_script(MANY, threads, over) == f"{(27, {broken})} True\n"
