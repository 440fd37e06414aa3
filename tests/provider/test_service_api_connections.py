"""Over which connection an app is asked by its key, and what of it the next one gets."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from provider.service_api.api import ServiceApi
from relay.call import Interface
from relay.errors import RelayError, ServiceApiUnusable
from tests.provider.by_key import CHUNKED, END, MESSAGE, app_at, closed_under_the_second, run
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
