import json
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Request

from relay.call import Reference, Upload
from relay.errors import InvalidParam, PayloadTooLarge, RelayError, UnsupportedMediaType
from relay.incoming import fields
from relay.incoming.body import CUT, LARGEST_TEXT
from relay.incoming.fields import Asked
from tests.requests import get, post, received, request

FORM = "application/x-www-form-urlencoded"


def read(sent: Request) -> Asked:
    asked = received(sent)
    return fields.read(asked.arguments, asked.content)


EVERY_FIELD = {
    "query": "hi",
    "inputs": {"a": 1},
    "files": [{"type": "image", "transfer_method": "remote_url", "url": "https://a.example/b.png"}],
    "conversation_id": "c",
    "user": "u",
    "response_mode": "blocking",
    "format": "json",
}


def test_nothing_sent_is_a_call_with_empty_inputs() -> None:
    assert read(get()) == Asked()


@pytest.mark.parametrize(
    "asked",
    [
        get(
            "query=hi&inputs=%7B%22a%22%3A1%7D&conversation_id=c&user=u&response_mode=blocking&format=json&key=k"
            "&files=%5B%7B%22type%22%3A%22image%22%2C%22transfer_method%22%3A%22remote_url%22%2C"
            "%22url%22%3A%22https%3A%2F%2Fa.example%2Fb.png%22%7D%5D"
        ),
        post(json.dumps(EVERY_FIELD)),
        post(json.dumps(EVERY_FIELD), "application/cloudevents+json; charset=utf-8"),
        post(json.dumps(EVERY_FIELD), FORM),
        post(json.dumps(EVERY_FIELD), None),
        post(b"\xef\xbb\xbf" + json.dumps(EVERY_FIELD).encode()),
        request(
            method="POST",
            data={
                **{name: value for name, value in EVERY_FIELD.items() if isinstance(value, str)},
                "inputs": '{"a": 1}',
                "files": json.dumps(EVERY_FIELD["files"]),
            },
        ),
    ],
    ids=["query string", "JSON", "+json", "JSON by curl -d", "JSON without a type", "JSON with a BOM", "form"],
)
def test_every_field_can_come_in_every_way(asked: Request) -> None:
    link = Reference(type="image", url="https://a.example/b.png")
    assert read(asked) == Asked(**{**EVERY_FIELD, "files": (link,)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "inputs"),
    [
        (get("city=Paris&key=secret"), {"city": "Paris"}),
        (get("tag=a&tag=b"), {"tag": ["a", "b"]}),
        (get("inputs=%7B%22a%22%3A1%7D&b=2"), {"b": "2", "a": 1}),
        (get("inputs="), {}),
        (post("city=Paris", FORM), {"city": "Paris"}),
        (post('{"city": "Paris", "n": 2, "key": "own"}'), {"city": "Paris", "n": 2, "key": "own"}),
        (post('{"query": "hi", "city": "Paris", "n": 2}'), {"city": "Paris", "n": 2}),
        (post('{"inputs": {"a": 1}, "a": 0, "b": 2, "format": "json"}'), {"a": 1, "b": 2}),
        (post('{"inputs": {"a": 1}}', query="a=0&b=2"), {"a": 1, "b": "2"}),
        (post('{"city": "Paris"}', query="query=hi"), {"city": "Paris"}),
        (post('{"query": null, "inputs": null}'), {}),
        (post(""), {}),
        (post("0\r\n\r\n"), {}),
        (post("  \n", "application/pdf"), {}),
    ],
)
def test_other_names_are_inputs(asked: Request, inputs: dict[str, Any]) -> None:
    assert read(asked).inputs == inputs


def test_plain_text_is_the_query() -> None:
    assert read(post("qu\xe4ck?".encode("latin-1"), "text/plain; charset=latin-1")).query == "quäck?"


def test_the_body_holds_where_the_query_string_says_otherwise() -> None:
    assert read(post('{"query": "body"}', query="query=string&user=u")) == Asked(query="body", user="u")


def test_a_file_part_is_a_file() -> None:
    boundary = "x"
    body = (
        "--x\r\nContent-Disposition: form-data; name=query\r\n\r\nhi\r\n"
        '--x\r\nContent-Disposition: form-data; name=photo; filename="duck.png"\r\nContent-Type: image/png\r\n\r\n'
        "\x00\x01\r\n--x\r\n"
        'Content-Disposition: form-data; name=none; filename=""\r\nContent-Type: a/b\r\n\r\n\r\n--x--'
    )
    asked = read(post(body, f"multipart/form-data; boundary={boundary}"))
    assert asked == Asked(
        query="hi", files=(Upload(name="photo", filename="duck.png", mimetype="image/png", content=b"\0\1"),)
    )


LINK = "https://a.example/b.png"
DATA = "data:text/plain,hi"
HI = Upload(mimetype="text/plain", content=b"hi")


@pytest.mark.parametrize(
    ("asked", "files"),
    [
        (get(f"files={LINK}"), [Reference(url=LINK)]),
        (get(f"files={LINK}&files={DATA}"), [Reference(url=LINK), HI]),
        (get(f"files.photo={LINK}"), [Reference(name="photo", exact=True, url=LINK)]),
        (
            get(f"files=%5B%22{LINK}%22%2C%7B%22base64%22%3A%22aGk%22%7D%5D"),
            [Reference(url=LINK), Upload(content=b"hi")],
        ),
        (post(json.dumps({"files": LINK})), [Reference(url=LINK)]),
        (post(json.dumps({"files": [DATA, {"id": "file-1"}]})), [HI, Reference(id="file-1")]),
        (post(json.dumps({"files.photo": {"url": DATA}})), [replace(HI, name="photo", exact=True)]),
        (post(json.dumps({"files": None, "files.photo": []})), []),
        (
            post(json.dumps({"files": LINK}), query=f"files={DATA}&files.a={LINK}"),
            [Reference(url=LINK), Reference(name="a", exact=True, url=LINK)],
        ),
        (post(f"files={DATA}", FORM), [HI]),
        (
            request(
                method="POST",
                data={"files": (BytesIO(b"1"), "a"), "files.b": (BytesIO(b"2"), "b"), "c": (BytesIO(b"3"), "c")},
            ),
            [
                Upload(filename="a", mimetype="application/octet-stream", content=b"1"),
                Upload(name="b", exact=True, filename="b", mimetype="application/octet-stream", content=b"2"),
                Upload(name="c", filename="c", mimetype="application/octet-stream", content=b"3"),
            ],
        ),
        (
            request(method="POST", data={"files": (BytesIO(b"1"), "a"), "files.b": DATA}),
            [
                Upload(filename="a", mimetype="application/octet-stream", content=b"1"),
                replace(HI, name="b", exact=True),
            ],
        ),
    ],
)
def test_files_come_in_every_way_and_name_their_input(asked: Request, files: list[Upload | Reference]) -> None:
    assert read(asked) == Asked(files=tuple(files))


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        (post("{"), InvalidParam, "The body is not valid JSON"),
        (post("[1]"), InvalidParam, "must be an object"),
        (post('"hi"'), InvalidParam, "must be an object"),
        (post("null"), InvalidParam, "must be an object"),
        (post('{"a": NaN}'), InvalidParam, "can't be passed on"),
        (post('{"a": 1e999}'), InvalidParam, "can't be passed on"),
        (post('{"a": ' + "9" * 5000 + "}"), InvalidParam, "can't be passed on"),
        (post(r'{"query": "\ud800"}'), InvalidParam, "can't be passed on"),
        (post('{"a":' * 100_000), InvalidParam, "can't be passed on"),
        (post(b'{"query": "\xff"}'), InvalidParam, "character set"),
        (post("{}", "application/json; charset=klingon"), UnsupportedMediaType, "character set can't be read"),
        (post("x", "application/pdf"), UnsupportedMediaType, "application/pdf"),
        (post("x", None), UnsupportedMediaType, "unknown"),
        (post("hi", "multipart/form-data"), InvalidParam, "form is malformed"),
        (post("--x\r\nhi", "multipart/form-data; boundary=x"), InvalidParam, "form is malformed"),
        (post(b"a=\xff", FORM), InvalidParam, "form is not in the character set"),
        (post(b"a=%FF", FORM), InvalidParam, "form is not in the character set"),
        (post(b"a&" * 1001, FORM), PayloadTooLarge, "more than 1000 fields"),
        (post(b"a=" + b"%" * 600_000, FORM), PayloadTooLarge, "form is too large"),
        (post('{"a": ' + "9" * 301 + "}"), InvalidParam, "can't be passed on"),
        (post(b"--x" + b";a=b" * 10_000, "multipart/form-data; boundary=x"), PayloadTooLarge, "header lines"),
        (post(b"--x" + b"\r\n--" * 150_000, "multipart/form-data; boundary=x"), PayloadTooLarge, "more than 1000"),
        (post(b"hello", "multipart/form-data; boundary=x"), InvalidParam, "boundary is not in it"),
        (get("a&" * 1001), InvalidParam, "more than 1000 fields"),
        (post('{"format": 4}'), InvalidParam, "format must be text"),
        (post('{"files": [1]}'), InvalidParam, "files must be an https or data: URL"),
        (post("hi", "text/plain; " + "x" * 1000), UnsupportedMediaType, "Content-Type is too long"),
        (post("[" + "1," * 300_000 + "1]"), PayloadTooLarge, "too many values"),
        (post('{"a":' * 300 + "1" + "}" * 300), InvalidParam, "levels deep"),
        (post('{"inputs": []}'), InvalidParam, "inputs must be a JSON object"),
        (post('{"inputs": "{}"}'), InvalidParam, "inputs must be a JSON object"),
        (get("inputs=%5B%5D"), InvalidParam, "inputs must be a JSON object"),
        (get("inputs=hello"), InvalidParam, "inputs is not valid JSON"),
        (get("query=a&query=b"), InvalidParam, "query must be text"),
        (post('{"query": 1}'), InvalidParam, "query must be text"),
        (post('{"user": {"id": 1}}'), InvalidParam, "user must be text"),
        (post('{"files": {}}'), InvalidParam, "files must be an https or data: URL"),
        (post('{"files.photo": ["ftp://x"]}'), InvalidParam, "files.photo: a file's URL begins with"),
        (get("files={"), InvalidParam, "files is not valid JSON"),
        (post(json.dumps({"files": ["file-1"] * 21})), PayloadTooLarge, "more than 20 files"),
        (post(b'"' + b"x" * (CUT - 2) + b'"'), PayloadTooLarge, "too large"),
    ],
)
def test_bad_input_is_refused_clearly(asked: Request, error: type[RelayError], told: str) -> None:
    with pytest.raises(error, match=told):
        read(asked)


def test_one_byte_less_than_dify_cuts_is_taken() -> None:
    assert len(read(post(b"x" * (CUT - 1), "text/plain")).query) == CUT - 1


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", FORM])
def test_a_large_text_may_be_ascii_alone(content_type: str) -> None:
    with pytest.raises(PayloadTooLarge, match="send files as files"):
        read(post("🦆".encode() * (LARGEST_TEXT // 4 + 1), content_type))


@given(
    body=st.binary() | st.text().map(str.encode),
    content_type=st.sampled_from(
        [
            None,
            "application/json",
            "text/plain",
            "text/plain; charset=utf-16",
            "text/plain; charset=idna",
            FORM,
            "multipart/form-data; boundary=x",
            "multipart/form-data; boundary=",
            "a/b",
        ]
    )
    | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    query=st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="#")),
)
def test_whatever_comes_is_read_or_refused(body: bytes, content_type: str | None, query: str) -> None:
    try:
        asked = read(post(body, content_type, query))
    except (InvalidParam, PayloadTooLarge, UnsupportedMediaType):
        return
    assert isinstance(asked.query, str)
    assert isinstance(asked.inputs, dict)
