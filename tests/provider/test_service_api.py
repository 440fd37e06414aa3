"""What the relay asks of an app by its key, and what it makes of what comes back."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from provider.service_api import connections
from provider.service_api.api import ServiceApi
from provider.service_api.kept import Kept
from provider.service_api.row import TOLD, AppByKey
from relay.call import Call, Interface, Upload
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
from relay.run.inbox import Inbox
from tests.provider.played_dify import (
    CERTIFICATE,
    LAST,
    STREAM,
    Answer,
    Asked,
    chunk,
    data,
    head,
    played,
    refusal,
    stream,
    whole,
)
from tests.provider.scripts import run as run_script

KEY = "app-0123456789abcdefghijklmn"
MESSAGE = {"event": "message", "task_id": "t", "answer": "quack"}
END = {"event": "message_end", "task_id": "t"}
CHUNKED = head("200 OK", "application/json", "Transfer-Encoding: chunked")


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """What is kept of an app is kept for the process."""
    TOLD._known.clear()
    yield
    connections.CONNECTIONS.close()


def app_at(url: str, *, told: bool = True) -> AppByKey:
    return AppByKey(ServiceApi(url, KEY), told=told)


CONVERSATION = "7f0d0a52-3d3b-4c44-9d2e-0c5f0d0a5234"


def run(app: AppByKey, **call: Any) -> list[Mapping[str, Any]]:
    inbox = Inbox()
    events = []
    for event in app.run(Call(app_id="a", **{"interface": Interface.CHAT, **call}), inbox).events():
        if event is None:
            inbox.wait(5)
        else:
            events.append(event)
    return events


def test_what_can_be_no_conversation_of_difys_is_told_as_one_that_is_not_there() -> None:
    with played({}) as dify, pytest.raises(ConversationNotFound):
        run(app_at(dify.url), query="hi", conversation_id="../c")
    assert dify.lines() == []


@pytest.mark.parametrize(
    ("mode", "interface", "path", "own"),
    [
        ("chat", Interface.CHAT, "/chat-messages", {"query": "hi", "conversation_id": CONVERSATION}),
        ("agent-chat", Interface.CHAT, "/chat-messages", {"query": "hi", "conversation_id": CONVERSATION}),
        ("advanced-chat", Interface.CHAT, "/chat-messages", {"query": "hi", "conversation_id": CONVERSATION}),
        ("completion", Interface.COMPLETION, "/completion-messages", {"query": "hi"}),
        ("workflow", Interface.WORKFLOW, "/workflows/run", {}),
    ],
)
def test_an_app_is_run_as_its_mode_says(mode: str, interface: Interface, path: str, own: Mapping[str, str]) -> None:
    with played({"GET /v1/info": whole("200 OK", {"mode": mode}), f"POST /v1{path}": stream(MESSAGE, END)}) as dify:
        app = app_at(dify.url)
        call = {"query": "hi", "conversation_id": CONVERSATION, "inputs": {"a": 1}, "interface": Interface.ANY}
        assert run(app, **call) == [MESSAGE, END]
        file = {"type": "image", "transfer_method": "remote_url", "url": "https://example.org/duck.png"}
        assert run(app, **call, beside=(file,), user="alice") == [MESSAGE, END]
        assert app.interface() is interface
    body = {"inputs": {"a": 1}, "response_mode": "streaming", **own}
    assert dify.lines() == ["GET /v1/info", f"POST /v1{path}", f"POST /v1{path}"]
    assert [one.json for one in dify.asked[1:]] == [
        {**body, "user": "duck-relay"},
        {**body, "user": "alice", "files": [file]},
    ]


def test_each_request_carries_the_key_and_says_whose_it_is() -> None:
    with played({"GET /v1/info": whole("200 OK", {"mode": "chat"}, "application/json", "Set-Cookie: a=b")}) as dify:
        api = ServiceApi(dify.url, KEY)
        api.ask("GET", "/info")
        api.ask("GET", "/info")
    headers = dify.asked[1].headers
    assert headers["user-agent"].startswith("Duck-relay/")
    assert {name: headers.get(name) for name in ("authorization", "accept-encoding", "duck-relay", "cookie")} == {
        "authorization": f"Bearer {KEY}",
        "accept-encoding": "identity",
        "duck-relay": "key",
        "cookie": None,
    }


def test_what_dify_tells_of_an_app_is_kept_and_a_failure_is_not() -> None:
    answers: dict[str, Answer] = {}
    for path in ("info", "parameters", "site"):
        answers[f"GET /v1/{path}"] = whole("200 OK", {"path": path})
    with played({}) as dify:
        app = app_at(dify.url)
        for ask in (app.info, app.parameters, app.site):
            with pytest.raises(ServiceApiUnusable):
                ask()
        dify.answers |= answers
        told = [ask() for _ in range(2) for ask in (app.info, app.parameters, app.site)]
    assert told == [{"path": "info"}, {"path": "parameters"}, {"path": "site"}] * 2
    # each broken connection is tried once again
    assert dify.lines() == [line for line in answers for _ in range(2)] + list(answers)


@pytest.mark.parametrize(
    ("info", "what"),
    [
        ({"name": "Duck"}, "Dify does not tell the app's mode"),
        ({"mode": "pipeline"}, "the app is of a mode that the relay does not know"),
        ({"mode": ["chat"]}, "the app is of a mode that the relay does not know"),
    ],
)
def test_an_app_of_no_known_mode_is_not_run(info: Mapping[str, Any], what: str) -> None:
    with played({"GET /v1/info": whole("200 OK", info)}) as dify, pytest.raises(ServiceApiUnusable) as error:
        run(app_at(dify.url), interface=Interface.ANY)
    assert error.value.reason == f"app_keys: {what}, so it can't be run by its key"


def test_an_app_that_has_become_another_is_asked_for_its_mode_again() -> None:
    answers = {
        "GET /v1/info": whole("200 OK", {"mode": "chat"}),
        "POST /v1/chat-messages": refusal(400, "not_chat_app", "Please check if your app mode matches."),
        "POST /v1/workflows/run": stream({"event": "workflow_finished", "data": {}}),
    }
    with played(answers) as dify:
        app = app_at(dify.url)
        with pytest.raises(InvalidParam, match="Please check if your app mode matches"):
            run(app, interface=Interface.ANY)
        dify.answers["GET /v1/info"] = whole("200 OK", {"mode": "workflow"})
        assert len(run(app, interface=Interface.ANY)) == 1


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


def ids(rows: list[tuple[Answer, type[RelayError], str]]) -> list[str]:
    return [f"{number}-{row[2][:40]}" for number, row in enumerate(rows)]


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


def closed_under_the_second(answer: Answer) -> Answer:
    """Answer once over the first connection, and end it when it is asked again."""
    asked_before: set[int] = set()

    def answer_once(asked: Asked) -> Iterator[bytes]:
        if asked.connection in asked_before:
            raise OSError
        asked_before.add(1)
        yield from answer(asked)

    return answer_once


def test_a_resource_is_asked_for_again_where_a_kept_connection_has_ended() -> None:
    with played({"GET /v1/messages": closed_under_the_second(whole("200 OK", {"n": 1}))}) as dify:
        app = app_at(dify.url)
        assert [app.ask("GET", "/messages") for _ in range(2)] == [{"n": 1}, {"n": 1}]
    assert [one.connection for one in dify.asked] == [1, 1, 2]


def test_a_stream_that_has_ended_well_leaves_its_connection_for_the_next() -> None:
    with played({"POST /v1/chat-messages": stream(MESSAGE, END)}) as dify:
        app = app_at(dify.url)
        assert [run(app), run(app)] == [[MESSAGE, END], [MESSAGE, END]]
    assert [one.connection for one in dify.asked] == [1, 1]


SMUGGLED = whole("200 OK", {"mode": "another's"})
UNASKED: list[Answer] = [
    lambda asked: [b"".join([*whole("200 OK", {"n": 1})(asked), *SMUGGLED(asked)])],
    lambda asked: [b"HTTP/1.1 204 No Content\r\n\r\n" + b"".join(SMUGGLED(asked))],
    lambda asked: [CHUNKED, chunk(b'{"n": 1}') + LAST + b"".join(SMUGGLED(asked))],
    lambda asked: [CHUNKED + chunk(b'{"n": 1}') + LAST + b"".join(SMUGGLED(asked))],
    lambda asked: [b"".join([*refusal(404, "not_found", "No")(asked), *SMUGGLED(asked)])],
]


@pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize("unasked", UNASKED)
def test_an_answer_that_nobody_has_asked_for_is_no_answer_to_the_next(
    unasked: Answer, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    answers = {"GET /v1/messages": unasked, "GET /v1/info": whole("200 OK", {"mode": "chat"})}
    with played(answers, tls=tls) as dify:
        with suppress(RelayError):
            app_at(dify.url).ask("GET", "/messages")
        assert app_at(dify.url).info() == {"mode": "chat"}
    assert [(one.line, one.connection) for one in dify.asked] == [("GET /v1/messages", 1), ("GET /v1/info", 2)]


def test_an_answer_that_nobody_has_asked_for_behind_a_stream_is_no_answer_to_the_next() -> None:
    content = STREAM + chunk(data(MESSAGE)) + chunk(data(END)) + LAST
    answers = {
        "POST /v1/chat-messages": lambda asked: [content + b"".join(SMUGGLED(asked))],
        "GET /v1/info": whole("200 OK", {"mode": "chat"}),
    }
    with played(answers) as dify:
        assert run(app_at(dify.url)) == [MESSAGE, END]
        assert app_at(dify.url).info() == {"mode": "chat"}
    assert [one.connection for one in dify.asked] == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        whole("200 OK", {"n": 1}),
        lambda _: [CHUNKED, chunk(b'{"n"'), chunk(b": 1}"), LAST],
        lambda _: [b"HTTP/1.1 204 No Content\r\n\r\n"],
        refusal(404, "not_found", "No"),
    ],
    ids=["counted", "chunked", "empty", "refused"],
)
def test_an_answer_that_has_been_read_to_its_end_leaves_its_connection_for_the_next(answer: Answer) -> None:
    with played({"GET /v1/messages": answer}) as dify:
        for _ in range(3):
            with suppress(RelayError):
                app_at(dify.url).ask("GET", "/messages")
    assert [one.connection for one in dify.asked] == [1, 1, 1]


def test_no_app_s_request_goes_over_the_connection_of_another() -> None:
    with played({"GET /v1/messages": whole("200 OK", {"n": 1})}) as dify:
        for key in ("app-a", "app-b", "app-a", "app-b"):
            ServiceApi(dify.url, key).ask("GET", "/messages")
    assert [one.connection for one in dify.asked] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("heads", "framed"),
    [
        ((b"HTTP/1.1 100 Continue\r\n\r\n" + STREAM,), chunk),
        ((b"HTTP/1.0 103 Early Hints\r\n\r\n" + STREAM,), chunk),
        ((STREAM.replace(b"\r\n", b"\n"),), chunk),
        ((STREAM[:20], STREAM[20:-1], STREAM[-1:]), chunk),
        ((head("200 OK", "text/event-stream"),), bytes),
        ((head("200 OK", "text/event-stream", f"Content-Length: {len(data(MESSAGE) + data(END))}"),), bytes),
    ],
    ids=[
        "after a head of 100",
        "after a head of an older HTTP",
        "line feeds alone",
        "in pieces",
        "until the end",
        "counted",
    ],
)
def test_a_stream_may_begin_and_end_in_any_way_of_http(
    heads: tuple[bytes, ...], framed: Callable[[bytes], bytes]
) -> None:
    def answer(_: Asked) -> Iterator[bytes]:
        yield from heads[:-1]
        yield heads[-1] + framed(data(MESSAGE))  # in one piece with the head
        yield framed(data(END)) + (b"0\r\n\r\n" if framed is chunk else b"")
        raise OSError

    with played({"POST /v1/chat-messages": answer}) as dify:
        assert run(app_at(dify.url)) == [MESSAGE, END]


def test_a_file_is_handed_over_for_the_same_user() -> None:
    stored = {"id": "f1", "name": "duck.png", "size": 3, "extension": "png", "mime_type": "image/png"}
    upload = Upload(filename="duck.png", mimetype="image/png", type="image", content=b"png")
    with played({"POST /v1/files/upload": whole("201 Created", stored)}) as dify:
        given = [app_at(dify.url).upload(upload, user) for user in ("alice", None)]
    assert given == [{"type": "image", "transfer_method": "local_file", "upload_file_id": "f1"}] * 2
    for asked, user in zip(dify.asked, (b"alice", b"duck-relay"), strict=True):
        assert b'name="user"\r\n\r\n' + user + b"\r\n" in asked.body
        assert b'name="file"; filename="duck.png"\r\nContent-Type: image/png\r\n\r\npng\r\n' in asked.body


def test_any_resource_is_asked_for_as_it_is_named() -> None:
    answers = {
        "GET /v1/messages?user=a%26b&limit=2": whole("200 OK", {"data": []}),
        "POST /v1/messages/a%2Fb/feedbacks": whole("200 OK", {"result": "success"}),
        "DELETE /v1/conversations/c": lambda _: [b"HTTP/1.1 204 No Content\r\n\r\n"],
    }
    with played(answers) as dify:
        app = app_at(dify.url)
        assert app.ask("GET", "/messages", query={"user": "a&b", "limit": "2"}) == {"data": []}
        assert app.ask("POST", "/messages/a%2Fb/feedbacks", body={"rating": "like"}) == {"result": "success"}
        assert app.ask("DELETE", "/conversations/c", body={"user": "a"}) is None
        with pytest.raises(NotFound):
            app.ask("GET", "/messages/../apps")
    assert dify.lines() == list(answers)
    assert [one.json for one in dify.asked[1:]] == [{"rating": "like"}, {"user": "a"}]


@pytest.mark.parametrize(("no_proxy", "asked"), [("", "http://dify.invalid"), ("dify.invalid", None)])
def test_the_environment_s_proxy_is_taken_unless_it_says_otherwise(
    no_proxy: str, asked: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with played({"GET http://dify.invalid/v1/info": whole("200 OK", {"mode": "chat"})}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", no_proxy)
        if asked:
            assert app_at(f"{asked}/v1").interface() is Interface.CHAT
        else:
            with pytest.raises(ServiceApiUnusable, match="nothing answers there"):
                app_at("http://dify.invalid/v1").interface()
    assert proxy.lines() == ([f"GET {asked}/v1/info"] if asked else [])


def test_this_machine_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with played({"GET /v1/info": whole("200 OK", {"mode": "chat"})}) as dify:
        assert app_at(dify.url).interface() is Interface.CHAT


def test_of_many_that_ask_at_once_the_first_asks_for_all() -> None:
    answering = threading.Event()

    def answer(asked: Asked) -> Iterator[bytes]:
        answering.wait(10)
        yield from whole("200 OK", {"mode": "chat"})(asked)

    with played({"GET /v1/info": answer}) as dify, ThreadPoolExecutor() as threads:
        asking = [threads.submit(app_at(dify.url).interface) for _ in range(4)]
        dify.wait_for("GET /v1/info")
        answering.set()
        assert [one.result(10) for one in asking] == [Interface.CHAT] * 4
    assert dify.lines() == ["GET /v1/info"]


def test_nobody_waits_for_a_question_that_is_never_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kept, "PATIENCE", 0.05)
    kept, hangs, answered = Kept[str](), threading.Event(), threading.Event()

    def ask_in_vain() -> Mapping[str, Any]:
        hangs.set()
        answered.wait(10)
        raise AppFailed("The caller is gone.")

    with ThreadPoolExecutor() as threads:
        first = threads.submit(kept.get, "app", ask_in_vain)
        assert hangs.wait(10)
        second = threads.submit(kept.get, "app", lambda: {"mode": "chat"})
        assert second.result(5) == {"mode": "chat"}
        assert not first.done()
        answered.set()
        assert isinstance(first.exception(10), AppFailed)
    assert kept.get("app", dict) == {"mode": "chat"}


def test_an_answer_may_hold_half_a_surrogate_pair() -> None:
    with played({"GET /v1/messages": whole("200 OK", rb'{"data": [{"answer": "\uD83D"}]}')}) as dify:
        assert app_at(dify.url).ask("GET", "/messages") == {"data": [{"answer": "\ud83d"}]}


TURNS = """
import gevent.monkey
gevent.monkey.patch_all()
import threading
import httpx
from provider.service_api import api

turns, done = 0, False

def count():
    global turns
    while not done:
        turns += 1
        gevent.sleep(0)

counting = threading.Thread(target=count)
counting.start()
before = turns
content = api._read(httpx.Response(200, content=iter([b" "] * 10_000)), 10_000)  # all is here already
print(len(content), turns - before)
done = True
"""


def test_an_answer_in_many_small_pieces_leaves_others_their_turn() -> None:
    assert run_script(TURNS) == f"10000 {10_000 // 128}\n"


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


def keep(kept: Kept[str], told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Ask for all of it, and give what is known then."""
    for key, value in told.items():
        kept.get(key, lambda value=value: value)  # type: ignore[misc]
    return list(kept._known)


def test_what_is_kept_takes_no_more_memory_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kept, "LARGEST", 20_000)
    monkeypatch.setattr(Kept, "WHOLE", 40_000)
    text, objects, small = {"x": 15_000 * "x"}, {"x": [{"a": [number]} for number in range(1000)]}, {"x": 1}
    assert keep(Kept(), {"1": text, "2": small, "3": text}) == ["1", "2", "3"]
    assert keep(Kept(), {"1": text, "2": small, "3": text, "4": text}) == ["2", "3", "4"]
    assert keep(Kept(), {"1": text, "2": objects, "3": {"x": 30_000 * "x"}}) == ["1"]


def test_what_is_known_no_more_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept[str]()
    assert keep(kept, {"1": {"x": 1}, "2": {"x": 2}}) == ["1", "2"]
    monkeypatch.setattr(Kept, "KEEP", 0)
    assert keep(kept, {"3": {"x": 3}}) == ["3"]


def test_no_more_is_kept_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kept, "MOST", 2)
    assert keep(Kept(), {"1": {}, "2": {}, "3": {}}) == ["2", "3"]


def test_the_key_is_in_no_repr_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "httpx")
    caplog.set_level("DEBUG", "httpcore")
    with played({"GET /v1/info": refusal(401, "unauthorized", f"Access token {KEY} is invalid")}) as dify:
        app = app_at(dify.url)
        with pytest.raises(ServiceApiUnusable) as raised:
            app.info()
    shown = [repr(app._api), repr(app), repr(raised.value), raised.value.reason]
    assert [text for text in shown if KEY in text] == []


def test_the_client_needs_neither_the_sdk_nor_gevent() -> None:
    script = (
        "import sys\nimport provider.service_api.row\n"
        "print([name for name in sys.modules if name.partition('.')[0] in {'gevent', 'dify_plugin', 'greenlet'}])"
    )
    assert run_script(script) == "[]\n"
