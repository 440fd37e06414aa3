"""From a request to its response."""

import gzip
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from relay.answer import respond
from relay.call import Call, Interface
from relay.event import Event
from relay.host import Host
from relay.outgoing.pump import LARGEST
from tests.events import CHAT, chatflow, workflow
from tests.relay.scripts import KEY, Workspace, answered, keyed, saying
from tests.requests import get, post


def test_an_answer_and_its_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "duck_relay"):
        response = answered(Workspace(saying(CHAT)), keyed({"query": "hi"}, X_Request_Id="r1"))
    assert response.get_json()["answer"] == "Quack"
    assert response.headers["X-Request-Id"] == "r1"
    assert response.headers["Cache-Control"] == "no-store, no-transform"
    assert response.headers["X-Robots-Tag"] == "noindex"
    told = [message for message in caplog.messages if message.startswith("r1: POST /duck app=app status=200 ms=")]
    assert len(told) == 1
    assert f" events=3 chunks=1 bytes={len(response.get_data())} delivery=-" in told[0]


@pytest.mark.parametrize("form", ["sse", "html", "events", "ndjson", "text"])
def test_a_stream_has_its_one_line_too(form: str, caplog: pytest.LogCaptureFixture) -> None:
    def slowly(_: Call) -> Iterator[Event]:
        for event in CHAT:
            yield event
            time.sleep(0.15)

    with caplog.at_level(logging.INFO, "duck_relay"):
        answered(Workspace(slowly), keyed({"query": "hi", "format": form}, X_Request_Id="r1"))
    (told,) = [message for message in caplog.messages if message.startswith("r1: ")]
    assert " status=200 " in told
    assert " events=3 chunks=" in told


# --- what an app's own words must not do

FOREIGN = [
    "read app failed: request failed: [tool crm] Error: User not found in CRM",
    "read app failed: request failed: user not found",
    "read app failed: request failed: Conversation Not Exists.",
    (
        "read app failed: request failed: invoke app failed: request failed with status code: 400"
        ' and respond with: {"message":"user not found"}'
    ),
]


@pytest.mark.parametrize("text", FOREIGN)
@pytest.mark.parametrize("memory", ["off", "user"])
@pytest.mark.parametrize("said", [CHAT[:1], []], ids=["after a word", "before a word"])
def test_an_apps_own_error_never_runs_it_again(text: str, memory: str, said: list[dict[str, Any]]) -> None:
    dify = Workspace(saying(said, Exception(text)))
    response = answered(dify, keyed({"query": "hi", "user": "bob"}), {**KEY, "memory": memory})
    assert response.status_code >= 400
    assert len(dify.calls) == 1


def test_an_apps_error_event_never_runs_it_again_either() -> None:
    dify = Workspace(
        saying([CHAT[0], {"event": "error", "code": "x", "message": "Slack API: conversation not found"}])
    )
    answered(dify, keyed({"query": "hi", "user": "bob"}))
    remembered = {**KEY, "memory": "user"}
    response = answered(dify, keyed({"query": "hi", "user": "bob"}), remembered)
    response = answered(dify, keyed({"query": "hi", "user": "bob"}), remembered)
    assert response.status_code == 502
    assert len(dify.calls) == 3


def test_a_lost_conversation_is_begun_anew_once() -> None:
    lost = (
        "invoke app failed: request failed with status code: 404 and respond with:"
        ' {"code":"not_found","message":"Conversation Not Exists.","status":404}'
    )

    def script(call: Call) -> Iterator[Event]:
        if call.conversation_id == "c":
            raise Exception(lost)  # noqa: TRY002 - the SDK raises no other
        yield from CHAT

    dify = Workspace(script)
    settings = {**KEY, "memory": "user"}
    for _ in range(2):
        assert answered(dify, keyed({"query": "hi", "user": "bob"}), settings).get_json()["answer"] == "Quack"
    assert [call.conversation_id for call in dify.calls] == [None, "c", None]


# --- failed runs

FAILED = workflow({}, status="failed", error="the model is down")
STOPPED = workflow({}, status="stopped")


@pytest.mark.parametrize("events", [FAILED, STOPPED], ids=["failed", "stopped"])
def test_a_failed_workflow_is_not_done_and_runs_again(events: list[dict[str, Any]]) -> None:
    dify = Workspace(saying(events))
    for _ in range(2):
        response = answered(dify, keyed({}, Idempotency_Key="1"))
        assert response.status_code == 200, "Dify's own shape for whoever reads it"
        assert response.get_json()["data"]["status"] in {"failed", "stopped"}
    assert len(dify.calls) == 2


def test_a_sender_hears_that_a_workflow_failed() -> None:
    dify = Workspace(saying(FAILED))
    settings = {**KEY, "webhook": "stripe"}
    event = {"object": "event", "type": "invoice.paid", "id": "evt_1", "data": {"object": {}}}
    for _ in range(2):
        response = answered(dify, keyed(event), settings)
        assert (response.status_code, response.get_json()["message"]) == (502, "the model is down")
    assert len(dify.calls) == 2


def test_a_failed_chatflow_fails() -> None:
    events = [
        *chatflow()[:-1],
        {**FAILED[-1], **CHAT[0], "event": "workflow_finished"},
        {"event": "error", "message": "x"},
    ]
    assert answered(Workspace(saying(events)), keyed({"query": "hi"})).status_code == 502


@pytest.mark.parametrize("form", ["text", "sse", "html", "ndjson", "events", "json"])
def test_a_sender_hears_of_a_failure_by_the_status_in_every_form(form: str) -> None:
    def midway(_: Call) -> Iterator[Event]:
        yield CHAT[0]
        time.sleep(0.3)
        raise Exception("read app failed: request failed: no pond")  # noqa: TRY002 - the SDK raises no other

    event = {"object": "event", "type": "invoice.paid", "id": "evt_1", "data": {"object": {}}}
    settings = {**KEY, "webhook": "stripe", "default_format": form}
    for script in (midway, saying(FAILED)):
        assert answered(Workspace(script), keyed(event), settings).status_code == 502


def test_a_failed_workflow_that_no_template_can_shape_has_failed_and_runs_again() -> None:
    dify = Workspace(saying(FAILED))
    settings = {**KEY, "answer_template": '{"s": "{{ outputs.summary }}"}'}
    for _ in range(2):
        response = answered(dify, keyed({}, Idempotency_Key="1"), settings)
        assert (response.status_code, response.get_json()["message"]) == (502, "the model is down")
    assert len(dify.calls) == 2


@pytest.mark.parametrize("size", [100, 3_000_000])
def test_no_chunk_is_longer_than_the_daemons_lines_whatever_it_holds(size: int) -> None:
    long = [{**CHAT[0], "answer": "x" * size}, CHAT[2]]
    settings = {**KEY, "answer_template": '{"s": "{{ outputs.summary }}"}'}
    handshake = {"type": "url_verification", "challenge": "x" * size}
    for response in (
        respond(
            sent,
            {"app_id": "app"},
            given,
            interface=Interface.ANY,
            dify=Workspace(saying(long)),
            host=Host(clock=time.time, elapsed=time.monotonic),
        )
        for sent, given in (
            (keyed({"query": "hi"}), KEY),
            (keyed({"query": "hi"}), settings),
            (keyed({"query": "hi"}), {**KEY, "answer_template": '{"s": "{{ answer }}"}'} if size < 1000 else KEY),
            (keyed(handshake), {**KEY, "webhook": "slack"}),
        )
    ):
        body = response.response
        chunks = [body] if isinstance(body, bytes) else list(response.iter_encoded())
        assert max(map(len, chunks)) <= LARGEST
        assert sum(map(len, chunks)) >= size


def test_a_step_that_took_longer_than_any_number_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    events = workflow({"a": "b"})
    events[2]["data"]["elapsed_time"] = 10**400
    dify = Workspace(saying(events))
    for _ in range(2):
        response = answered(dify, keyed({"format": "html"}, Idempotency_Key="1"))
        assert response.status_code == 200
        assert "internal_error" not in response.get_data(as_text=True)
    assert len(dify.calls) == 1


def test_what_nobody_foresaw_is_told_without_its_words_and_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    circle: dict[str, Any] = {"event": "no JSON"}
    circle["self"] = circle

    def script(_: Call) -> Iterator[Event]:
        yield CHAT[0]
        time.sleep(0.3)
        yield circle
        yield from CHAT[1:]

    dify = Workspace(script)
    with caplog.at_level(logging.INFO, "duck_relay"):
        for _ in range(2):
            told = answered(dify, keyed({"query": "hi", "format": "ndjson"}, Idempotency_Key="1")).get_data(
                as_text=True
            )
            assert json.loads(told.splitlines()[-1])["code"] == "internal_error"
            assert "no JSON" not in told
    assert len(dify.calls) == 2
    assert sum(": unforeseen: builtins.RecursionError" in message for message in caplog.messages) == 2


def test_public_get_of_nothing() -> None:
    assert answered(Workspace(saying(CHAT)), get(), {"access": "public"}, app_id="").status_code == 404
    assert answered(Workspace(saying(CHAT)), post("{}"), {}).status_code == 401


# --- what the answer's head says, and how its end keeps behind


LONG = [{**CHAT[0], "answer": "x" * 2000}, *CHAT[1:]]


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_long_answer_is_compressed_for_whoever_takes_that(coding: str) -> None:
    settings = {**KEY, "cors_origins": "https://a.example"}
    sent = keyed({"query": "hi"}, Accept_Encoding=coding, Origin="https://a.example")
    response = answered(Workspace(saying(LONG)), sent, settings)
    body = response.get_data()
    assert {name.strip().lower() for name in response.headers["Vary"].split(",")} == {"origin", "accept-encoding"}
    assert response.headers.get("Content-Encoding", "identity") == coding
    assert int(response.headers["Content-Length"]) == len(body)
    assert json.loads(gzip.decompress(body) if coding == "gzip" else body)["answer"] == "x" * 2000 + "ack"


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_stream_is_compressed_for_whoever_takes_that(coding: str) -> None:
    def slowly(_: Call) -> Iterator[Event]:
        yield CHAT[0]
        time.sleep(0.3)
        yield from CHAT[1:]

    sent = keyed({"query": "hi", "format": "sse"}, Accept_Encoding=coding)
    assert answered(Workspace(slowly), sent).headers.get("Content-Encoding", "identity") == coding


@pytest.mark.parametrize(("form", "size", "gap"), [("json", 3_000_000, 0), ("sse", 10, 0.25)])
def test_the_end_stays_behind_the_first_chunk_for_as_long_as_the_runtime_needs(
    form: str, size: int, gap: float
) -> None:
    def script(_: Call) -> Iterator[Event]:
        yield {**CHAT[0], "answer": "x" * size}
        time.sleep(gap)
        yield from CHAT[1:]

    response = respond(
        keyed({"query": "hi", "format": form}),
        {"app_id": "app"},
        KEY,
        interface=Interface.ANY,
        dify=Workspace(script),
        host=Host(clock=time.time, elapsed=time.monotonic, ending=0.6),
    )
    assert "Content-Length" not in response.headers
    chunks = response.iter_encoded()
    next(chunks)
    first = time.monotonic()
    assert len(list(chunks)) > 0
    assert time.monotonic() - first > 0.5, "less would be cut by the daemon"


def test_whom_the_process_works_for_is_said() -> None:
    marks: list[str] = []
    respond(
        keyed({"query": "hi"}, X_Request_Id="r1"),
        {"app_id": "app"},
        KEY,
        interface=Interface.ANY,
        dify=Workspace(saying(CHAT)),
        host=Host(clock=time.time, elapsed=time.monotonic, mark=marks.append),
    )
    assert marks == ["r1"]


def test_a_failure_before_the_first_word_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "duck_relay"):
        answered(Workspace(saying(CHAT[:1])), keyed({"query": "hi", "format": "sse"}, X_Request_Id="r1"))
    (told,) = [message for message in caplog.messages if message.startswith("r1: POST")]
    assert "502 app_failed" in told


def test_the_owner_says_for_how_many_days_a_conversation_is_remembered() -> None:
    dify = Workspace(saying(CHAT))
    settings = {**KEY, "memory": "user", "memory_days": "30"}
    for day in (0, 20, 51):
        sent = keyed({"query": "hi", "user": "bob"})
        answered(dify, sent, settings, clock=lambda day=day: 1_700_000_000.0 + 86400 * day)
    assert [call.conversation_id for call in dify.calls] == [None, "c", None]
