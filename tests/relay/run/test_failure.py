import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import Interface
from relay.errors import (
    AppFailed,
    AppNotFound,
    AppTimeout,
    AppUnavailable,
    InvalidParam,
    NotFound,
    PayloadTooLarge,
    RelayError,
    TooManyRequests,
    UnsupportedMediaType,
)
from relay.foreign import presentable
from relay.run.failure import (
    COMPLETION_CAUSE,
    Cancelled,
    ConversationNotFound,
    MissingQuery,
    UserNotFound,
    from_answer,
    from_event,
    from_exception,
)


def before_stream(status: int, code: str, message: str) -> str:
    body = json.dumps({"code": code, "message": message, "status": status})
    return f"invoke app failed: request failed with status code: {status} and respond with: {body}"


def of_upload(status: int, code: str, message: str) -> str:
    body = json.dumps({"code": code, "message": message, "status": status})
    return f"upload file failed, status code: {status}, response: {body}"


def in_stream(text: str) -> str:
    return f"read app failed: request failed: {text}"


@pytest.mark.parametrize(
    ("text", "error", "told"),
    [
        (before_stream(400, "invalid_param", "app not found"), AppNotFound, "app not found"),
        (before_stream(400, "invalid_param", "missing query"), MissingQuery, "missing query"),
        (before_stream(400, "invalid_param", "user not found"), UserNotFound, "user not found"),
        (before_stream(400, "invalid_param", "unexpected app type"), InvalidParam, "unexpected app type"),
        (before_stream(400, "invalid_param", "city is required"), InvalidParam, "city is required"),
        (
            before_stream(404, "not_found", "Conversation Not Exists."),
            ConversationNotFound,
            "Conversation Not Exists.",
        ),
        (
            before_stream(400, "invalid_param", ""),
            ConversationNotFound,
            "Dify refuses the call without a word, as it does when it does not know the conversation_id.",
        ),
        (before_stream(400, "app_unavailable", "App unavailable"), AppUnavailable, "App unavailable"),
        (before_stream(400, "provider_not_initialize", "No model"), AppUnavailable, "No model"),
        (before_stream(400, "provider_quota_exceeded", "No credits"), TooManyRequests, "No credits"),
        (before_stream(400, "completion_request_error", "bad model"), AppFailed, "bad model"),
        (before_stream(429, "too_many_requests", "Too many"), TooManyRequests, "Too many"),
        (before_stream(429, "rate_limit_error", "Slow down"), TooManyRequests, "Slow down"),
        (before_stream(413, "file_too_large", "File size exceeded"), PayloadTooLarge, "File size exceeded"),
        (of_upload(413, "file_too_large", "File size exceeded"), PayloadTooLarge, "File size exceeded"),
        (
            of_upload(403, "forbidden", "Invalid request."),
            AppUnavailable,
            "Dify refuses to run the app for this plugin.",
        ),
        ("upload file failed, status code: 502, response: <html>", AppFailed, "The app failed inside Dify."),
        (before_stream(415, "unsupported_file_type", "No"), UnsupportedMediaType, "No"),
        (before_stream(401, "unauthorized", "key k"), AppUnavailable, "Dify refuses to run the app for this plugin."),
        (before_stream(500, "unknown", "Internal Server Error"), AppFailed, "The app failed inside Dify."),
        (before_stream(503, "x", "Down for repair"), AppUnavailable, "Down for repair"),
        (before_stream(504, "x", "Gateway"), AppTimeout, "Gateway"),
        (
            "invoke app failed: request failed with status code: 502 and respond with: <html>nginx 10.0.0.3</html>",
            AppFailed,
            "The app failed inside Dify.",
        ),
        (in_stream("app not found"), AppNotFound, "app not found"),
        (in_stream("missing query"), InvalidParam, "missing query"),
        (in_stream("[models] Error: quota exceeded"), TooManyRequests, "[models] Error: quota exceeded"),
        (in_stream("[openai] Rate Limit Error, slow"), TooManyRequests, "[openai] Rate Limit Error, slow"),
        (in_stream("something else"), AppFailed, "something else"),
        (in_stream(""), AppFailed, "The app failed inside Dify."),
        ("fetch app failed: request failed: app not found", AppNotFound, "app not found"),
        (
            "read app failed: context canceled\nfailed to read system header",
            Cancelled,
            "The run was cancelled before the app had finished.",
        ),
        (
            "read app failed: read tcp 10.0.0.1:1: use of closed network connection\nfailed to read system header",
            AppTimeout,
            "The app took longer than Dify lets one run take.",
        ),
        (
            "invocation exited without response after 250 seconds",
            AppTimeout,
            "The app was silent for longer than Dify waits.",
        ),
        (
            'invoke app failed: Post "http://10.0.0.3:5001/inner/api/invoke/app": dial tcp: connection refused',
            AppUnavailable,
            "Dify can't be reached.",
        ),
        ("KeyError at /app/api/x.py with sk-1234567890", AppFailed, "The app failed inside Dify."),
        ("", AppFailed, "The app failed inside Dify."),
    ],
)
def test_each_form_of_failure_gets_its_status_and_code(text: str, error: type[RelayError], told: str) -> None:
    made = from_exception(Exception(text), Interface.CHAT)
    assert (type(made), made.message) == (error, told)


@pytest.mark.parametrize(
    ("interface", "named"),
    [(Interface.COMPLETION, True), (Interface.ANY, True), (Interface.CHAT, False), (Interface.WORKFLOW, False)],
)
def test_a_500_names_the_known_cause_where_it_may_be_a_completion_app(interface: Interface, named: bool) -> None:
    made = from_exception(Exception(before_stream(500, "unknown", "Internal Server Error")), interface)
    assert made.status == 502
    assert ("without their query" in made.message) is named


def test_a_chatflow_that_failed_is_no_fault_of_the_callers() -> None:
    event = {"event": "error", "status": 400, "code": "invalid_param", "message": "Run failed: no duck"}
    error = from_event(event, Interface.ANY)
    assert (type(error), error.message, error.begun) == (AppFailed, "Run failed: no duck", True)


@pytest.mark.parametrize(
    ("text", "begun"),
    [
        (before_stream(429, "too_many_requests", "Too many"), False),
        (in_stream("[openai] Rate Limit Error, slow"), True),
        ("dial tcp: connection refused", False),
    ],
)
def test_an_app_is_known_to_have_begun_once_its_stream_is_open(text: str, begun: bool) -> None:
    assert from_exception(Exception(text), Interface.ANY).begun is begun


def test_an_error_event_keeps_the_ids_of_its_run() -> None:
    made = from_event(
        {"event": "error", "code": "x", "message": "city is required", "status": 400, "task_id": "t"}, Interface.CHAT
    )
    assert made.as_event() == {
        "event": "error",
        "task_id": "t",
        "code": "invalid_param",
        "message": "city is required",
        "status": 400,
    }


@pytest.mark.parametrize(
    "event", [{"event": "error"}, {"event": "error", "status": "x", "message": None}, {"status": True}]
)
def test_an_error_event_with_parts_missing_is_an_app_failed(event: dict[str, object]) -> None:
    assert type(from_event(event, Interface.CHAT)) is AppFailed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Incorrect API key provided: sk-proj-abcdef123456****.", "Incorrect API key provided: [secret]"),
        ("Authorization: Bearer abcdef1234567890 refused", "Authorization: [secret] refused"),
        ("No such file: /app/api/storage/key.pem", "No such file: [path]"),
        (r"C:\Users\duck\x.py broke", "[path] broke"),
        ("see https://docs.example.org/a/b", "see https://docs.example.org/a/b"),
        ("bad\nTraceback (most recent call last):\n  File x", "bad"),
        ("10 and/or 20", "10 and/or 20"),
        ("the app-configuration is bad", "the app-configuration is bad"),
        ("x" * 600, "x" * 499 + "…"),
    ],
)
def test_what_a_caller_may_not_see_is_taken_out(text: str, shown: str) -> None:
    assert presentable(text) == shown


@given(st.text(), st.sampled_from(Interface))
def test_any_text_gives_an_error_with_something_to_read(text: str, interface: Interface) -> None:
    for form in (text, in_stream(text), before_stream(400, text, text)):
        made = from_exception(Exception(form), interface)
        assert made.message.strip()
        assert made.status >= 400


@pytest.mark.parametrize(
    ("status", "code", "message", "error", "told"),
    [
        (404, "not_found", "Conversation Not Exists.", ConversationNotFound, "Conversation Not Exists."),
        (404, "not_found", "Message Not Exists.", NotFound, "Message Not Exists."),
        (400, "invalid_param", "city is required", InvalidParam, "city is required"),
        (400, "not_chat_app", "Another route", InvalidParam, "Another route"),
        (400, "provider_not_initialize", "No model", AppUnavailable, "No model"),
        (403, "file_access_denied", "Not yours", AppUnavailable, "Not yours"),
        (500, "internal_server_error", "host 10.0.0.3", AppFailed, "The app failed inside Dify."),
    ],
)
def test_a_refusal_of_the_service_api_is_read_by_the_same_tables(
    status: int, code: str, message: str, error: type[RelayError], told: str
) -> None:
    made = from_answer(status, {"code": code, "message": message, "status": status})
    assert (type(made), made.message, made.begun) == (error, told, False)


@pytest.mark.parametrize(
    ("status", "error"), [(413, PayloadTooLarge), (415, UnsupportedMediaType), (429, TooManyRequests)]
)
def test_a_proxy_s_status_says_enough(status: int, error: type[RelayError]) -> None:
    assert type(from_answer(status, None)) is error


@pytest.mark.parametrize("interface", [*Interface, None])
def test_the_cause_of_a_completion_app_s_failure_is_told_of_reverse_invocation_alone(
    interface: Interface | None,
) -> None:
    event = {"event": "error", "code": "internal_server_error", "message": "", "status": 500}
    told = COMPLETION_CAUSE in from_event(event, interface).message
    assert told == (interface in {Interface.COMPLETION, Interface.ANY})
    assert {"app_keys", "service_api_url"} <= set(COMPLETION_CAUSE.split())


def test_an_error_of_the_relay_s_own_is_given_back() -> None:
    error = AppTimeout("too long")
    assert from_exception(error, Interface.CHAT) is error
