"""The expected bytes were written by Go's net/http, or recorded from a real daemon."""

import pytest

from workspace.request import CallerRequest

RECORDED = (
    "474554202f666173742f636861742d312d3020485454502f312e310d0a486f73743a203132372e302e302e313a353030320d0a557365722d"
    "4167656e743a206375726c2f372e38382e310d0a4163636570743a202a2f2a0d0a446966792d486f6f6b2d49643a20707562636769316c38"
    "353135646a6f770d0a446966792d486f6f6b2d55726c3a20687474703a2f2f3132372e302e302e313a353030322f652f707562636769316c"
    "38353135646a6f772f666173742f636861742d312d300d0a0d0a"
)


def written(
    method: str,
    path: str,
    *,
    query: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    hook_id: str = "h",
) -> str:
    request = CallerRequest(
        method=method,
        hook_id=hook_id,
        path=path.encode(),
        query=query.encode(),
        headers=[("host", "d:1"), *headers],
        body=body,
    )
    return request.raw().decode("latin-1")


def test_a_request_is_written_as_recorded() -> None:
    request = CallerRequest(
        method="GET",
        hook_id="pubcgi1l8515djow",
        path=b"/fast/chat-1-0",
        query=b"",
        headers=[("host", "127.0.0.1:5002"), ("user-agent", "curl/7.88.1"), ("accept", "*/*")],
        body=b"",
    )
    assert request.raw().hex() == RECORDED


def test_headers_are_sorted_under_their_canonical_names_and_repeated_ones_all_written() -> None:
    headers = (("x-a", "1"), ("x-a", "2"), ("x_y", "3"), ("user-agent", "u"), ("content-length", "3"))
    assert written("POST", "/x", headers=headers, body=b"abc") == (
        "POST /x HTTP/1.1\r\nHost: d:1\r\nUser-Agent: u\r\nContent-Length: 3\r\nDify-Hook-Id: h\r\n"
        "Dify-Hook-Url: http://d:1/e/h/x\r\nX-A: 1\r\nX-A: 2\r\nX_y: 3\r\n\r\nabc"
    )


def test_an_empty_post_arrives_as_an_undecoded_chunked_body() -> None:
    assert written("POST", "/x") == (
        "POST /x HTTP/1.1\r\nHost: d:1\r\nUser-Agent: Go-http-client/1.1\r\nTransfer-Encoding: chunked\r\n"
        "Dify-Hook-Id: h\r\nDify-Hook-Url: http://d:1/e/h/x\r\n\r\n0\r\n\r\n"
    )


@pytest.mark.parametrize(
    "name",
    ["x-forwarded-for", "x-real-ip", "x-forwarded", "x-original-forwarded-for", "x-original-url", "trailer"],
)
def test_headers_that_would_tell_the_callers_address_are_dropped(name: str) -> None:
    assert written("GET", "/x", headers=((name, "1.2.3.4"),)) == written("GET", "/x")


def test_a_callers_own_hook_url_is_passed_on_but_not_its_hook_id() -> None:
    headers = (("dify-hook-url", "http://forged/"), ("dify-hook-id", "forged"))
    assert written("GET", "/x", headers=headers) == (
        "GET /x HTTP/1.1\r\nHost: d:1\r\nUser-Agent: Go-http-client/1.1\r\n"
        "Dify-Hook-Id: h\r\nDify-Hook-Url: http://forged/\r\n\r\n"
    )


def test_the_original_host_replaces_the_host() -> None:
    headers = (("x-original-host", "example.org"), ("x-forwarded-proto", "https"))
    assert written("GET", "/x", headers=headers) == (
        "GET /x HTTP/1.1\r\nHost: example.org\r\nUser-Agent: Go-http-client/1.1\r\nDify-Hook-Id: h\r\n"
        "Dify-Hook-Url: https://example.org/e/h/x\r\nX-Forwarded-Proto: https\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("b=2&a=1&a=0&z", "a=1&a=0&b=2&z=", id="sorted by name, values in their order"),
        pytest.param("q=a+b%20c&bad=%zz&s=1;2&e=", "e=&q=a+b+c", id="what Go can't decode is dropped"),
        pytest.param("q=%C3%A9*~", "q=%C3%A9%2A~", id="encoded again"),
    ],
)
def test_the_query_string_is_encoded_again(query: str, expected: str) -> None:
    assert written("GET", "/x", query=query).split(" ")[1] == f"/x?{expected}"


def test_the_path_is_encoded_again() -> None:
    line = written("GET", "/a b///é!'()*$&+,;=:@[]~").split("\r\n")[0]
    assert line == "GET /a%20b///%C3%A9%21%27%28%29%2A$&+,;=:@%5B%5D~ HTTP/1.1"
