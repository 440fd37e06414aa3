"""From a request to its response, with Dify's part played at the port by scripts of events."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any

import pytest
from werkzeug import Request, Response

from relay.answer import respond
from relay.call import Call, Interface, Upload
from relay.event import Event
from relay.host import Host
from relay.outgoing.pump import LARGEST
from relay.run.inbox import Inbox
from tests.events import CHAT, chatflow, workflow
from tests.relay.storage import Shelf
from tests.requests import get, post, request

KEY = {"api_key": "quack"}
FORM = {"user_input_form": [{"file": {"variable": "doc"}}]}

type Script = Callable[[Call], Iterator[Event]]


class Workspace:
    """Dify at the port: apps that do what a script says."""

    endpoint_id = "endpoint"

    def __init__(self, script: Script) -> None:
        self.storage = Shelf()
        self.calls: list[Call] = []
        self.uploaded: list[str] = []
        self._script = script

    def run(self, call: Call, inbox: Inbox) -> "Run":
        return Run(self, call, inbox)

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        return FORM

    def upload(self, upload: Upload) -> Mapping[str, Any]:
        self.uploaded.append(upload.filename)
        return {"tool_file_id": upload.filename}

    def begin(self, call: Call) -> Iterator[Event]:
        self.calls.append(call)
        return self._script(call)


class Run:
    def __init__(self, workspace: Workspace, call: Call, inbox: Inbox) -> None:
        self._workspace = workspace
        self._call = call
        self._inbox = inbox
        self._left = False

    def events(self) -> Iterator[Event | None]:
        self._inbox.feed(self._said())
        return self._inbox.events()

    def _said(self) -> Iterator[Event]:
        for event in self._workspace.begin(self._call):
            if self._left:  # as if Dify had said all
                return
            yield event

    def leave(self) -> None:
        self._left = True


def saying(events: list[dict[str, Any]], error: Exception | None = None) -> Script:
    def script(_: Call) -> Iterator[Event]:
        yield from events
        if error:
            raise error

    return script


def answered(dify: Workspace, sent: Request, settings: Mapping[str, Any] = KEY, **options: Any) -> Response:
    interface = options.pop("interface", Interface.ANY)
    response = respond(
        sent,
        {"app_id": options.pop("app_id", "app")},
        settings,
        interface=interface,
        dify=dify,
        host=Host(clock=options.pop("clock", time.time), elapsed=time.monotonic),
    )
    response.get_data()
    return response


def keyed(body: Any, **headers: str) -> Request:
    given = {"X-API-Key": "quack", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return request(method="POST", data=json.dumps(body), content_type="application/json", headers=given)


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


# --- deliveries


def test_what_was_answered_is_answered_again_and_runs_once() -> None:
    dify = Workspace(saying(CHAT))
    first, second = (answered(dify, keyed({"query": "hi"}, Idempotency_Key="1")) for _ in range(2))
    assert first.get_data() == second.get_data()
    assert len(dify.calls) == 1


def test_another_request_under_the_same_key_is_refused() -> None:
    dify = Workspace(saying(CHAT))
    answered(dify, keyed({"query": "alice's secret"}, Idempotency_Key="1"))
    for other in (
        keyed({"query": "hello"}, Idempotency_Key="1"),
        keyed({"query": "alice's secret", "format": "html"}, Idempotency_Key="1"),
    ):
        response = answered(dify, other)
        assert response.status_code == 422
        assert "idempotency_key_reused" in response.get_data(as_text=True)
    assert len(dify.calls) == 1


def test_a_request_that_is_refused_leaves_no_record() -> None:
    dify = Workspace(saying(CHAT))
    for _ in range(2):
        sent = request(
            method="POST",
            data={"a": (BytesIO(b"x"), "a"), "b": (BytesIO(b"y"), "b")},
            headers={"X-API-Key": "quack", "Idempotency-Key": "1"},
        )
        assert answered(dify, sent).status_code == 400
    assert (dify.calls, dify.uploaded, dify.storage.values) == ([], [], {})


def test_a_repeated_delivery_uploads_nothing() -> None:
    dify = Workspace(saying(CHAT))

    def sent() -> Request:
        return request(
            method="POST",
            data={"query": "hi", "doc": (BytesIO(b"x"), "a.txt")},
            headers={"X-API-Key": "quack", "Idempotency-Key": "1"},
        )

    boundary_free = [answered(dify, one) for one in (sent(),)]
    assert boundary_free[0].status_code == 200
    assert dify.uploaded == ["a.txt"]
    assert dify.calls[0].inputs["doc"] == {"tool_file_id": "a.txt"}


def test_while_it_runs_a_sender_is_told_to_come_back_and_a_caller_that_it_runs() -> None:
    now = 1000.0
    inner: list[Response] = []
    event = {"object": "event", "type": "invoice.paid", "id": "evt_1", "data": {"object": {}}}

    def script(call: Call) -> Iterator[Event]:
        if not inner:
            inner.append(answered(dify, keyed(event), {**KEY, "webhook": "stripe"}, clock=lambda: now))
        yield from CHAT

    dify = Workspace(script)
    assert answered(dify, keyed(event), {**KEY, "webhook": "stripe"}, clock=lambda: now).status_code == 200
    assert inner[0].status_code == 503
    assert int(inner[0].headers["Retry-After"]) > 0
    assert len(dify.calls) == 1


def test_where_the_storage_gives_no_answer_no_run_is_begun_that_nobody_would_hear_of() -> None:
    dify = Workspace(saying(CHAT))
    dify.storage.silent.add("get")
    response = answered(dify, keyed({"query": "hi"}, Idempotency_Key="1"))
    assert (response.status_code, response.get_json()["code"]) == (503, "app_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert dify.calls == []
    dify.storage.silent.clear()
    dify.storage.broken.add("get")
    assert answered(dify, keyed({"query": "hi"}, Idempotency_Key="2")).status_code == 200


# --- batches


def line_event(number: int, user: str) -> dict[str, Any]:
    return {
        "type": "message",
        "webhookEventId": f"e{number}",
        "source": {"type": "user", "userId": user},
        "message": {"type": "text", "id": str(number), "text": f"message {number}"},
    }


def test_each_message_of_a_batch_runs_once_and_in_order_within_a_conversation() -> None:
    dify = Workspace(saying(CHAT))
    batch = {"events": [line_event(number, f"U{number % 2}") for number in range(5)]}
    settings = {**KEY, "webhook": "line"}
    for _ in range(2):
        assert answered(dify, keyed(batch), settings).status_code == 200
    said = [call.query for call in dify.calls]
    assert sorted(said) == [f"message {number}" for number in range(5)]
    for user in ("U0", "U1"):
        own = [call.query for call in dify.calls if call.user == user]
        assert own == sorted(own)


def test_of_a_batch_only_what_failed_runs_again() -> None:
    def script(call: Call) -> Iterator[Event]:
        if call.query == "message 1" and len([one for one in dify.calls if one.query == call.query]) == 1:
            raise Exception("read app failed: request failed: no pond")  # noqa: TRY002 - the SDK raises no other
        yield from CHAT

    dify = Workspace(script)
    batch = {"events": [line_event(number, f"U{number}") for number in range(3)]}
    settings = {**KEY, "webhook": "line"}
    assert answered(dify, keyed(batch), settings).status_code == 502
    assert answered(dify, keyed(batch), settings).status_code == 200
    assert sorted(call.query for call in dify.calls) == ["message 0", "message 1", "message 1", "message 2"]


# --- answers that can't be shaped


def test_an_answer_that_its_template_cannot_shape_is_not_lost_and_not_run_again() -> None:
    dify = Workspace(saying(CHAT))
    settings = {**KEY, "answer_template": '{"s": "{{ outputs.summary }}"}'}
    for _ in range(2):
        response = answered(dify, keyed({"query": "hi"}, Idempotency_Key="1"), settings)
        assert response.status_code == 502
        told = response.get_json()
        assert (told["code"], told["answer"]["answer"]) == ("app_failed", "Quack")
        assert "answer_template" in told["message"]
    assert len(dify.calls) == 1


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
