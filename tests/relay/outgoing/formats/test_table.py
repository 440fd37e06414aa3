import pytest
from werkzeug import Request

from relay.errors import InvalidParam
from relay.incoming.settings import DefaultFormat
from relay.outgoing import formats
from relay.outgoing.formats import FORMATS
from tests.requests import get, post, received, request

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


def accepting(accept: str, method: str = "GET") -> Request:
    return request(method=method, headers={"Accept": accept})


@pytest.mark.parametrize(
    ("asked", "default", "form"),
    [
        (get(), "auto", "html"),
        (post(""), "auto", "json"),
        (request(method="HEAD"), "auto", "html"),
        (get(), "text", "text"),
        (post(""), "sse", "sse"),
        (accepting("*/*"), "auto", "html"),
        (accepting("*/*", "POST"), "auto", "json"),
        (accepting("*/*"), "ndjson", "ndjson"),
        (accepting(BROWSER, "POST"), "json", "html"),
        (accepting("text/event-stream"), "html", "sse"),
        (accepting("application/json, text/plain, */*"), "auto", "json"),
        (accepting("application/json;q=0.5, text/plain"), "auto", "text"),
        (accepting("application/x-ndjson"), "auto", "ndjson"),
        (accepting("text/html;q=0, application/json"), "auto", "json"),
        (accepting("image/png", "POST"), "auto", "json"),
        (accepting("text/*"), "json", "json"),
        (accepting("garbage;;;q=x", "POST"), "auto", "json"),
    ],
)
def test_accept_then_the_setting_then_the_method_decide(asked: Request, default: str, form: str) -> None:
    assert formats.choose(received(asked), DefaultFormat(default)) is FORMATS[form]


@pytest.mark.parametrize(
    ("name", "response_mode", "form"),
    [
        ("text", "streaming", "text"),
        ("events", None, "events"),
        (None, "streaming", "sse"),
        (None, "blocking", "json"),
        ("", "blocking", "json"),
    ],
)
def test_format_then_response_mode_come_first(name: str | None, response_mode: str | None, form: str) -> None:
    asked = accepting("text/html")
    assert formats.choose(received(asked), DefaultFormat.SSE, name=name, response_mode=response_mode) is FORMATS[form]


@pytest.mark.parametrize(("name", "response_mode"), [("xml", None), ("HTML", None), (None, "async"), ("sse", "x")])
def test_an_unknown_form_is_refused(name: str | None, response_mode: str | None) -> None:
    with pytest.raises(InvalidParam, match=r"^Unknown (format|response_mode): use"):
        formats.choose(received(get()), DefaultFormat.AUTO, name=name, response_mode=response_mode)


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        (accepting(BROWSER), True),
        (get("format=events"), True),
        (get("format=json", {"Accept": BROWSER}), False),
        (get(), False),
        (accepting("*/*"), False),
        (get("format=nonsense", {"Accept": BROWSER}), False),
    ],
)
def test_an_error_is_a_page_only_for_who_asks_for_one(asked: Request, page: bool) -> None:
    assert formats.asks_for_page(received(asked)) is page
