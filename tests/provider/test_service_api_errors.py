"""What of an app by its key went wrong, and how far it had got, is told as it is."""

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from relay.call import Interface
from relay.errors import (
    AppFailed,
    AppUnavailable,
    InvalidParam,
    NotFound,
    PayloadTooLarge,
    RelayError,
    ServiceApiUnusable,
    TooManyRequests,
    UnsupportedMediaType,
)
from relay.run.failure import ConversationNotFound
from tests.provider.by_key import CHUNKED, END, MESSAGE, app_at, ids, run
from tests.provider.played_dify import LAST, STREAM, Answer, Asked, chunk, data, head, played, refusal, stream, whole

FOREIGN = "enter the API server's address that Dify shows on an app's API Access page"
WRONG_KEY = "app_keys: Dify refuses the key of this app"

REFUSALS: list[tuple[Answer, type[RelayError], str]] = [
    (refusal(401, "unauthorized", "Access token is invalid"), ServiceApiUnusable, WRONG_KEY),
    (
        refusal(403, "forbidden", "The app's API service has been disabled."),
        ServiceApiUnusable,
        "app_keys: Dify refuses to run this app by its key: The app's API service has been disabled",
    ),
    (refusal(404, "not_found", "Conversation Not Exists."), ConversationNotFound, "Conversation Not Exists."),
    (refusal(404, "not_found", "Workflow not found"), NotFound, "Workflow not found"),
    (refusal(400, "invalid_param", "city is required"), InvalidParam, "city is required"),
    (refusal(400, "provider_quota_exceeded", "No credits"), TooManyRequests, "No credits"),
    (refusal(400, "app_unavailable", "App unavailable"), AppUnavailable, "App unavailable"),
    (refusal(415, "unsupported_file_type", "No"), UnsupportedMediaType, "No"),
    (refusal(429, "too_many_requests", "Too many"), TooManyRequests, "Too many"),
    (refusal(500, "internal_server_error", "secret words"), AppFailed, "The app failed inside Dify."),
    (
        whole("413 Too Large", b"<html>nginx 10.0.0.3", "text/html"),
        PayloadTooLarge,
        "Dify, or a proxy before it, takes nothing as large as this.",
    ),
    (
        whole("404 Not Found", b"<html>10.0.0.3", "text/html"),
        ServiceApiUnusable,
        f"service_api_url: what answers there is not Dify's Service API (404 without Dify's words): {FOREIGN}",
    ),
    (
        whole("401 No", b"<html>10.0.0.3", "text/html"),
        ServiceApiUnusable,
        f"service_api_url: what answers there is not Dify's Service API (401 without Dify's words): {FOREIGN}",
    ),
    (
        whole("302 Found", b"", "text/html", "Location: http://127.0.0.1:9/v1/elsewhere"),
        ServiceApiUnusable,
        f"service_api_url: what answers there is not Dify's Service API (a redirect): {FOREIGN}",
    ),
    (
        whole("502 Bad Gateway", b"<html>10.0.0.3", "text/html"),
        ServiceApiUnusable,
        "service_api_url: Dify is not ready (502): it starts, or a proxy can't reach it; try again",
    ),
]


@pytest.mark.parametrize(("answer", "error_class", "words"), REFUSALS, ids=ids(REFUSALS))
def test_a_refusal_is_told_in_words_of_the_relay_or_of_dify_and_no_other(
    answer: Answer, error_class: type[RelayError], words: str
) -> None:
    with played({"POST /v1/chat-messages": answer, "GET /v1/messages": answer}) as dify:
        for ask in (lambda: run(app_at(dify.url)), lambda: app_at(dify.url).ask("GET", "/messages")):
            with pytest.raises(RelayError) as raised:
                ask()
            error = raised.value
            assert (type(error), error.reason or error.message, error.begun) == (error_class, words, False)
            assert error.__cause__ is None


UNREADABLE: list[tuple[Answer, str]] = [
    (whole("200 OK", b"<html>10.0.0.3", "text/html"), "200 without JSON"),
    (whole("200 OK", b"not json"), "200 without JSON"),
    (whole("200 OK", rb'{"x": "\ud83d"'), "200 without JSON"),
    (whole("200 OK", b'{"x": "\\ud83d", "y": ' + b"[" * 150 + b"]" * 150 + b"}"), "200 without JSON"),
    (whole("200 OK", ["x" * 1024] * 9 * 1024), "its answer is too large"),
    (lambda _: [CHUNKED, chunk(b" ") * 20_000, chunk(b"{}"), LAST], "its answer is too large"),
]


@pytest.mark.parametrize(("answer", "words"), UNREADABLE, ids=[words for _, words in UNREADABLE])
def test_a_success_of_another_is_none(answer: Answer, words: str) -> None:
    with played({"GET /v1/messages": answer}) as dify, pytest.raises(ServiceApiUnusable) as error:
        app_at(dify.url).ask("GET", "/messages")
    assert error.value.reason == f"service_api_url: what answers there is not Dify's Service API ({words}): {FOREIGN}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (whole("200 OK", b"<html>", "text/html"), "200 without an event stream"),
        (whole("200 OK", {"answer": "quack"}), "200 without an event stream"),
        (
            whole("200 OK", b"\x1f\x8b", "text/event-stream", "Content-Encoding: gzip"),
            "it sends the stream compressed, unasked",
        ),
    ],
)
def test_an_answer_that_is_no_stream_is_not_dify_s(answer: Answer, words: str) -> None:
    with played({"POST /v1/chat-messages": answer}) as dify, pytest.raises(ServiceApiUnusable) as error:
        run(app_at(dify.url))
    assert error.value.reason == f"service_api_url: what answers there is not Dify's Service API ({words}): {FOREIGN}"
    assert error.value.begun  # something has taken the run, and a second one would be billed, too


def test_a_connection_that_breaks_behind_the_app_s_end_takes_nothing_from_its_answer() -> None:
    def break_off(_: Asked) -> Iterator[bytes]:
        yield STREAM + chunk(data(MESSAGE)) + chunk(data(END))
        raise OSError

    with played({"POST /v1/chat-messages": break_off}) as dify:
        assert run(app_at(dify.url)) == [MESSAGE, END]
    assert dify.lines() == ["POST /v1/chat-messages"]


def test_only_the_owner_is_told_which_setting_is_wrong() -> None:
    with played({"GET /v1/info": refusal(401, "unauthorized", "no")}) as dify:
        errors = []
        for told in (True, False):
            with pytest.raises(ServiceApiUnusable) as raised:
                app_at(dify.url, told=told).info()
            errors.append(raised.value.as_dict())
    own = {"code": "app_unavailable", "status": 503}
    assert errors == [
        {**own, "message": f"Dify's Service API can't run this app: {WRONG_KEY}."},
        {
            **own,
            "message": "This app can't be reached: the endpoint's owner finds in the plugin's log what to change.",
        },
    ]


def test_where_nobody_listens_nothing_has_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(ServiceApiUnusable) as error:
        run(app_at(f"http://127.0.0.1:{port}/v1"))
    assert error.value.reason == (
        "service_api_url: nothing answers there, or it can't be reached from here: check it, and that the plugin may"
        " connect to it"
    )
    assert not error.value.begun


def test_an_address_that_speaks_no_tls_is_not_trusted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(head("400 Bad Request", "text/plain"))

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(ServiceApiUnusable) as error:
            run(app_at(f"https://127.0.0.1:{listener.getsockname()[1]}/v1"))
    assert error.value.reason == (
        "service_api_url: its certificate, or its TLS, can't be trusted: it needs a certificate that a public"
        " authority has signed for this name"
    )


BROKEN: list[tuple[Answer, type[RelayError], str]] = [
    (
        lambda _: [],
        AppFailed,
        "The connection to Dify broke off before the app's answer came: it may have run.",
    ),
    (
        lambda _: [b"HTTP/1.1 200 OK\r\nContent-"],
        AppFailed,
        "The connection to Dify broke off before the app's answer came: it may have run.",
    ),
    (
        lambda _: [17 * b"HTTP/1.1 100 Continue\r\n\r\n", STREAM, chunk(data(MESSAGE)), chunk(data(END)), LAST],
        AppFailed,
        "The connection to Dify broke off before the app's answer came: it may have run.",
    ),
    (
        lambda _: [STREAM, chunk(data(MESSAGE))],
        AppFailed,
        "The answer broke off: the connection to Dify ended before the app's end event came.",
    ),
    (
        lambda _: [STREAM, chunk(data(MESSAGE)), chunk(b"data: quack\n\n")],
        AppFailed,
        "The answer broke off: the connection to Dify ended before the app's end event came.",
    ),
    (
        lambda _: [STREAM, b"quack\r\n"],
        AppFailed,
        "The answer broke off: the connection to Dify ended before the app's end event came.",
    ),
    (stream(MESSAGE), AppFailed, "The answer broke off: the app's end event did not arrive."),
    (
        stream(
            MESSAGE, {"event": "error", "code": "completion_request_error", "message": "bad model", "status": 400}
        ),
        AppFailed,
        "bad model",
    ),
    (
        stream({"event": "error", "code": "internal_server_error", "message": "secret", "status": 500}),
        AppFailed,
        "The app failed inside Dify.",
    ),
    (
        whole("504 Gateway Timeout", b"<html>10.0.0.3", "text/html"),
        ServiceApiUnusable,
        "service_api_url: Dify is not ready (504): it starts, or a proxy can't reach it; try again",
    ),
]


@pytest.mark.parametrize(("answer", "error_class", "words"), BROKEN, ids=ids(BROKEN))
@pytest.mark.parametrize("interface", [Interface.CHAT, Interface.COMPLETION])
def test_what_may_have_run_is_known_to_have_begun(
    answer: Answer, error_class: type[RelayError], words: str, interface: Interface
) -> None:
    paths = {Interface.CHAT: "chat-messages", Interface.COMPLETION: "completion-messages"}

    def break_off(asked: Any) -> Iterator[bytes]:
        yield from answer(asked)
        raise OSError

    closing = answer if answer in {row[0] for row in BROKEN[5:]} else break_off
    with played({f"POST /v1/{paths[interface]}": closing}) as dify, pytest.raises(RelayError) as raised:
        run(app_at(dify.url), interface=interface)
    error = raised.value
    assert (type(error), error.reason or error.message, error.begun) == (error_class, words, True)


@pytest.mark.parametrize(("ask", "most"), [("info", 256 * 1024), ("site", 256 * 1024), ("parameters", 1024 * 1024)])
def test_what_dify_tells_of_an_app_is_no_more_than_it_ever_tells(ask: str, most: int) -> None:
    told = json.dumps({"mode": "chat", "x": ""}).encode()
    fits = told[:-2] + b"x" * (most - len(told)) + told[-2:]
    with played({f"GET /v1/{ask}": whole("200 OK", fits)}) as dify:
        assert len(getattr(app_at(dify.url), ask)()["x"]) == most - len(told)
    with (
        played({f"GET /v1/{ask}": whole("200 OK", fits + b" ")}) as dify,
        pytest.raises(ServiceApiUnusable) as raised,
    ):
        getattr(app_at(dify.url), ask)()
    words = "its answer is too large"
    assert (
        raised.value.reason == f"service_api_url: what answers there is not Dify's Service API ({words}): {FOREIGN}"
    )
