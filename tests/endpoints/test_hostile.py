"""Input that nobody means well with: whatever comes, there is an answer, and nothing of the server in it."""

import operator
import socket
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from relay.openapi import describe
from tests.endpoints.conftest import KEY
from tests.examples import examples
from tests.leaks import nothing_leaks
from workspace.testing import Workspace

CHECKS = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
SOUND_APPS = st.sampled_from(["echo", "agent-2-0", "workflow-1-0", "chatflow-1-0", "completion-1-0", "xss"])
BAD_APPS = st.sampled_from(
    ["malformed", "broken-1", "error-nope", "errorevent-1-500-x", "http-500-unknown-x", "cut-1"]
)
# no route: Dify's own answer, and the workspace's for a path with a newline in it
NO_ROUTE = "Not Found"  # of the workspace itself, for an address that names no hook
FAILURES = {502: "app_failed", 503: "app_unavailable", 504: "app_timeout"}

schema = schemathesis.openapi.from_dict(describe())
OPERATIONS = [
    pytest.param(operation, mode, id=f"{operation.label}, {mode.value}")
    for operation in map(operator.methodcaller("ok"), schema.get_all_operations())
    for mode in GenerationMode
    if not (operation.method == "options" and mode is GenerationMode.NEGATIVE)  # it has nothing to get wrong
]


@pytest.fixture(scope="module")
def hook(workspace: Workspace) -> str:
    """The base URL of an endpoint whose settings pick an app."""
    return workspace.endpoint(settings={"api_key": KEY, "app": {"app_id": "echo"}})


def test_the_description_is_served_to_everyone_and_valid(hook: str) -> None:
    answer = httpx.get(f"{hook}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]
    assert answer.json() == describe()
    validate(answer.json())
    nothing_leaks(answer, KEY)
    options = httpx.options(f"{hook}/openapi.json")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.hypothesis  # which it is inside
@pytest.mark.parametrize(("operation", "mode"), OPERATIONS)
def test_what_the_description_allows_or_forbids_gets_an_answer_that_it_describes(
    hook: str, operation: Any, mode: GenerationMode
) -> None:
    @examples(8)
    @given(case=operation.as_strategy(generation_mode=mode), app=st.none() | SOUND_APPS | BAD_APPS)
    def call(case: Case[Any], app: str | None) -> None:
        if app and "app_id" in case.path_parameters:
            case.path_parameters["app_id"] = app
        answer = case.call(base_url=hook, headers={"X-API-Key": KEY}, timeout=60)
        assert_ours(answer.status_code, answer.text)
        nothing_leaks("\n".join(value for values in answer.headers.values() for value in values), KEY)
        if not answer.text.startswith(NO_ROUTE):
            case.validate_response(answer, checks=CHECKS)

    call()


NAMED = [
    b"Accept",
    b"Authorization",
    b"Content-Encoding",
    b"Content-Type",
    b"Cookie",
    b"Dify-Hook-Url",
    b"Last-Event-ID",
]
NAMED += [b"Access-Control-Request-Headers", b"Origin", b"X-API-Key", b"X-Forwarded-Proto", b"X-Request-Id"]
TYPES = [
    b"application/json",
    b"application/json; charset=utf-16",
    b"application/x-www-form-urlencoded",
    b"text/plain",
]
TYPES += [b"multipart/form-data", b"multipart/form-data; boundary=b", b"text/plain; charset=idna", b"a/b", b"/", b";"]
BODIES = [
    b'{"query": "',
    b'{"inputs": ' + b"[" * 2000,
    b"--b\r\nContent-Disposition: form-data; name=",
    b"\xff\xfe{",
    b"a=%&;=",
]

octets = st.binary(max_size=30)
escaped = octets.map(lambda raw: b"".join(b"%%%02X" % octet for octet in raw))
plain = octets.map(lambda raw: bytes(octet for octet in raw if octet not in b" #?\r\n\0"))
targets = st.tuples(st.sampled_from([b"duck", b"chat", b"workflow", b"completion", b"openapi.json"]), plain | escaped)
names = st.sampled_from(NAMED) | st.from_regex(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True)
values = st.sampled_from(TYPES) | octets.map(lambda raw: bytes(octet for octet in raw if octet not in b"\r\n\0"))
bodies = st.builds(bytes.__add__, st.sampled_from([b"", *BODIES]), octets)


@examples(200)
@given(
    method=st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"DELETE", b"PATCH", b"QUACK"]),
    target=targets,
    query=plain | escaped | octets.map(lambda raw: b"inputs=" + raw.hex().encode()),
    headers=st.lists(st.tuples(names, values), max_size=4),
    media_type=st.sampled_from(TYPES),
    body=bodies,
)
def test_bytes_of_any_kind_get_an_answer(
    hook: str,
    method: bytes,
    target: tuple[bytes, bytes],
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    media_type: bytes,
    body: bytes,
) -> None:
    url = httpx.URL(hook)
    lines = [
        b"%s %s/%s?%s HTTP/1.1" % (method, url.raw_path, b"/".join(target), query),
        b"Host: %s" % url.netloc,
        b"X-API-Key: " + KEY.encode(),
        b"Connection: close",
        b"Content-Type: " + media_type,
        b"Content-Length: %d" % len(body),
        *(b"%s: %s" % header for header in headers),
    ]
    with socket.create_connection((url.host, url.port or 80), timeout=60) as connection:
        connection.sendall(b"\r\n".join([*lines, b"", body]))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert_ours(int(answer.split(b" ", 2)[1]), answer.decode("latin-1"))


def assert_ours(status: int, text: str) -> None:
    assert status < 500 or FAILURES[status] in text
    nothing_leaks(text, KEY)
