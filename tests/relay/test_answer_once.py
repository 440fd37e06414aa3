"""What comes again is answered as before, and what it asks for runs once."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from werkzeug import Request, Response

from relay.call import Call
from relay.event import Event
from tests.events import CHAT
from tests.relay.scripts import KEY, Workspace, answered, keyed, saying
from tests.requests import request

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
    assert [call.inputs["doc"] for call in dify.calls] == [{"tool_file_id": "a.txt"}]


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
