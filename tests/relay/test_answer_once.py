"""What comes again is answered as before, and what it asks for runs once."""

import logging
import threading
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import pytest
from werkzeug import Request, Response

from relay.call import Call, Upload
from relay.event import Event
from tests.events import CHAT
from tests.relay.run.records import stored_records
from tests.relay.scripts import KEY, Workspace, answered, keyed, saying
from tests.requests import request
from workspace.testing import until

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

    first, second = (answered(dify, sent()) for _ in range(2))
    assert (first.status_code, second.get_data()) == (200, first.get_data())
    assert dify.uploaded == ["a.txt"]
    assert [call.inputs["doc"] for call in dify.calls] == [{"tool_file_id": "a.txt", "type": "document"}]


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


def test_a_batch_that_takes_too_long_goes_on_where_it_stopped_when_it_comes_again() -> None:
    now = 0.0

    def script(_: Call) -> Iterator[Event]:
        nonlocal now
        now += 200
        yield from CHAT

    dify = Workspace(script)
    batch = {"events": [line_event(number, "U") for number in range(5)]}
    settings = {**KEY, "webhook": "line"}
    statuses = [answered(dify, keyed(batch), settings, elapsed=lambda: now).status_code for _ in range(3)]
    assert statuses == [504, 504, 200]
    assert [call.query for call in dify.calls] == [f"message {number}" for number in range(5)]


def test_ten_conversations_of_a_batch_run_at_a_time() -> None:
    ten, lock = threading.Barrier(10), threading.Lock()
    running: list[str | None] = []
    most = 0

    def script(call: Call) -> Iterator[Event]:
        nonlocal most
        with lock:
            running.append(call.user)
            most = max(most, len(running))
        ten.wait(30)  # fewer at a time would never get on
        yield CHAT[0]
        with lock:
            running.remove(call.user)
        yield from CHAT[1:]

    dify = Workspace(script)
    batch = {"events": [line_event(number, f"U{number}") for number in range(20)]}
    assert answered(dify, keyed(batch), {**KEY, "webhook": "line"}).status_code == 200
    assert (most, len(dify.calls)) == (10, 20)


def test_an_answer_of_a_batch_that_its_template_cannot_shape_is_not_run_again() -> None:
    dify = Workspace(saying(CHAT))
    settings = {**KEY, "webhook": "line", "answer_template": '{"s": "{{ outputs.summary }}"}'}
    batch = {"events": [line_event(number, f"U{number}") for number in range(3)]}
    assert [answered(dify, keyed(batch), settings).status_code for _ in range(2)] == [502, 502]
    assert len(dify.calls) == 3


def test_where_a_file_can_not_be_uploaded_the_delivery_may_run_again() -> None:
    class Full(Workspace):
        full = True

        def upload(self, upload: Upload, **_: Any) -> Mapping[str, Any]:
            if self.full:
                raise Exception("upload file failed")  # noqa: TRY002 - the SDK raises no other
            return super().upload(upload)

    def sent() -> Request:
        return request(
            method="POST",
            data={"query": "hi", "doc": (BytesIO(b"x"), "a.txt")},
            headers={"X-API-Key": "quack", "Idempotency-Key": "1"},
        )

    dify = Full(saying(CHAT))
    assert (answered(dify, sent()).status_code, dify.calls) == (502, [])
    dify.full = False
    assert answered(dify, sent()).status_code == 200


def test_a_run_that_lasts_renews_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.execution.RENEW", 0.02)
    untils: list[float] = []

    def until_renewed(_: Call) -> Iterator[Event]:
        def renewed() -> bool:
            untils.extend(record["until"] for record in stored_records(dify.storage).values())
            return untils[-1] > untils[0]

        until(renewed)
        yield from CHAT

    dify = Workspace(until_renewed)
    assert answered(dify, keyed({"query": "hi"}, Idempotency_Key="1")).status_code == 200


def test_what_is_answered_again_says_so_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    dify = Workspace(saying(CHAT))
    with caplog.at_level(logging.INFO, "duck_relay"):
        for number in range(2):
            answered(dify, keyed({"query": "hi"}, Idempotency_Key="1", X_Request_Id=f"r{number}"))
    told = [message for message in caplog.messages if message.startswith(("r0: POST", "r1: POST"))]
    assert ["replayed=yes" in line for line in told] == [False, True]
