"""Whatever Dify, the app or the plugin's own process does wrong: an answer is complete, or its caller is told."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import KEY, Open
from tests.relay.outgoing.formats.test_lines import read_events, read_ndjson, read_sse
from workspace.testing import Workspace, until

type Events = list[dict[str, Any]]

LINES: dict[str, Callable[[bytes], Events]] = {"sse": read_sse, "ndjson": read_ndjson, "events": read_events}
KEPT = ("event", "answer", "code", "status")  # of an event: what its app's id says


def ask(client: httpx.Client, app: str, form: str) -> httpx.Response:
    return client.post(f"/duck/{app}", json={"query": "hi", "format": form})


def short(events: Events) -> Events:
    return [{name: event[name] for name in KEPT if name in event} for event in events]


def said(count: int) -> Events:
    return [{"event": "message", "answer": f" tok{number}"} for number in range(count)]


PLAIN = {"Accept-Encoding": "identity"}  # what the daemon itself says at the end of a stream is not compressed
BROKE_OFF = {"event": "error", "code": "app_failed", "status": 502}
NO_QUOTA = {"event": "error", "code": "too_many_requests", "status": 429}
TIMED_OUT = {"event": "error", "code": "app_timeout", "status": 504}


@pytest.mark.parametrize(
    ("app", "events", "error"),
    [
        ("broken-1", 1, NO_QUOTA),
        ("broken-3-30", 3, NO_QUOTA),
        ("broken-300", 300, NO_QUOTA),
        ("errorevent-1-500-x", 1, BROKE_OFF),
        ("errorevent-300-500-x", 300, BROKE_OFF),
        ("cut-1", 1, BROKE_OFF),
        ("cut-20-5", 20, BROKE_OFF),
    ],
)
def test_an_error_after_any_event_ends_the_answer_in_every_form(
    shared: httpx.Client, app: str, events: int, error: dict[str, Any]
) -> None:
    for form, read in LINES.items():
        assert short(read(ask(shared, app, form).content)) == [*said(events), error]
    text = "".join(event["answer"] for event in said(events))
    assert ask(shared, app, "text").text.startswith(f"{text}\n\n[{error['code']}")
    assert f"<code>{error['code']}</code>" in ask(shared, app, "html").text
    blocking = ask(shared, app, "json")
    assert blocking.status_code == error["status"]
    assert short([blocking.json()]) == [{"code": error["code"], "status": error["status"]}]


@pytest.mark.parametrize("app", ["http-500-unknown-x", "error-x", "errorevent-0-500-x", "cut-0"])
@pytest.mark.parametrize("form", ["sse", "ndjson", "events", "text", "html", "json"])
def test_an_error_before_any_event_is_the_status(shared: httpx.Client, app: str, form: str) -> None:
    assert ask(shared, app, form).status_code == 502


def test_an_app_that_takes_longer_than_dify_lets_it_is_told(endpoint: Open) -> None:
    client = endpoint(faults={"invocation_limit_s": 0.3})
    for form, read in LINES.items():
        *before, last = short([event for event in read(ask(client, "chat-1000-20", form).content) if event])
        assert before == said(len(before))
        assert last == TIMED_OUT
        assert short([event for event in read(ask(client, "silent-600", form).content) if event]) == [TIMED_OUT]
    for app in ("chat-1000-20", "silent-600"):
        assert "[app_timeout" in ask(client, app, "text").text
        assert "<code>app_timeout</code>" in ask(client, app, "html").text
        answer = ask(client, app, "json")
        assert (answer.status_code, answer.json()["code"]) == (504, "app_timeout")


def test_a_burst_that_dify_loses_events_of_is_not_passed_off_as_complete(endpoint: Open) -> None:
    client = endpoint(faults={"inbound_queue": 4, "inbound_stall": True})
    for form, read in LINES.items():
        assert short(read(ask(client, "chat-3000-0", form).content)) == [*said(4), BROKE_OFF]
    refused = ask(client, "chat-3000-0", "json")
    assert (refused.status_code, refused.json()["code"]) == (502, "app_failed")


@pytest.mark.parametrize("size", [1_000_000, 4_000_000])
def test_an_event_of_megabytes_arrives_whole_in_every_form(shared: httpx.Client, size: int) -> None:
    word = "x" * size
    for form, read in LINES.items():
        assert short(read(ask(shared, f"big-{size}", form).content)) == [
            {"event": "message", "answer": word},
            {"event": "message_end"},
        ]
    assert ask(shared, f"big-{size}", "text").text == word
    assert ask(shared, f"big-{size}", "json").json()["answer"] == word
    parts = re.findall(r'<div slot="answer" class="d plain"[^>]*>(x+)', ask(shared, f"big-{size}", "html").text)
    assert "".join(parts) == word


def test_events_that_are_malformed_or_unknown_pass_untouched(shared: httpx.Client) -> None:
    for app in ("malformed", "unknownevents"):
        sse, ndjson, events = (read(ask(shared, app, form).content) for form, read in LINES.items())
        assert [set(event) for event in sse] == [set(event) for event in ndjson] == [set(event) for event in events]
    assert short(sse) == [
        {"event": "duck_landed"},
        {"event": "message", "answer": "quack"},
        {"event": "feather"},
        {"event": "message_end"},
        {"event": "tts_message_end"},
    ]
    assert {"event": "message", "answer": "survived"} in short(read_sse(ask(shared, "malformed", "sse").content))
    for form in ("text", "html", "json"):
        assert "survived" in ask(shared, "malformed", form).text


def test_a_caller_who_leaves_unheard_keeps_nobody_waiting(endpoint: Open) -> None:
    client = endpoint(faults={"cancellation": "silence"})
    for _ in range(5):
        with client.stream("GET", "/duck/silent-600?query=hi&format=sse") as answer:
            next(answer.iter_raw())
    assert ask(client, "chat-3-0", "text").text == " tok0 tok1 tok2"


def test_an_answer_that_dify_kills_has_no_end_event(endpoint: Open) -> None:
    client = endpoint(faults={"kill_after_s": 0.5})
    client.headers.update(PLAIN)
    lines = ask(client, "chat-1000-20", "ndjson").text.splitlines()
    killed = json.loads(lines.pop())
    assert killed["code"] == -500
    assert "killed by timeout" in killed["message"]
    events = short([json.loads(line) for line in lines])
    assert events == said(len(events))
    assert ask(client, "chat-3-0", "text").text == " tok0 tok1 tok2"


@pytest.mark.parametrize("form", ["sse", "text", "html"])
def test_a_compressed_answer_that_dify_kills_can_not_be_taken_for_complete(endpoint: Open, form: str) -> None:
    client = endpoint(faults={"kill_after_s": 0.5})
    with pytest.raises(httpx.DecodingError):
        ask(client, "chat-1000-20", form)


@pytest.fixture(scope="module")
def mortal() -> Iterator[Workspace]:
    """A workspace whose plugin may be killed: others' answers would go with it."""
    with Workspace() as running:
        yield running


@pytest.mark.alone
@pytest.mark.parametrize("chunks", [1, 3])
def test_after_a_crash_the_next_request_is_answered(mortal: Workspace, chunks: int) -> None:
    base_url = mortal.endpoint(settings={"api_key": KEY}, faults={"crash_after_chunks": chunks})
    with httpx.Client(base_url=base_url, headers={"X-API-Key": KEY, **PLAIN}, timeout=30) as client:
        text = ask(client, "chat-1000-20", "ndjson").text
        assert "message_end" not in text
        assert "Connection closed unexpectedly" in text
        sound = mortal.endpoint(settings={"api_key": KEY})
        answer = httpx.get(f"{sound}/duck/chat-2-0?query=hi&format=text", headers={"X-API-Key": KEY}, timeout=30)
        assert answer.text == " tok0 tok1"


def test_a_crash_ends_every_answer_that_was_under_way(mortal: Workspace) -> None:
    sound = mortal.endpoint(settings={"api_key": KEY})
    doomed = mortal.endpoint(settings={"api_key": KEY}, faults={"crash_after_chunks": 2})
    answers: list[str] = []

    def call() -> None:
        url = f"{sound}/duck/chat-100000-20?query=hi&format=ndjson"
        answers.append(httpx.get(url, headers={"X-API-Key": KEY, **PLAIN}, timeout=30).text)

    callers = [threading.Thread(target=call) for _ in range(5)]
    for caller in callers:
        caller.start()
    until(lambda: len(mortal.calls(hook=sound)) == len(callers))
    httpx.get(f"{doomed}/duck/chat-1000-20?query=hi&format=ndjson", headers={"X-API-Key": KEY, **PLAIN}, timeout=30)
    for caller in callers:
        caller.join()
    assert ["Connection closed unexpectedly" in answer for answer in answers] == [True] * len(callers)
