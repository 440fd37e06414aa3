import json
from typing import Any
from urllib.parse import urlencode

import pytest

from relay import wire
from relay.senders import Delivery

FORM = "application/x-www-form-urlencoded"


def delivery(body: bytes, content_type: str = "application/json") -> Delivery:
    return Delivery(headers={"content-type": content_type}, body=body)


@pytest.mark.parametrize(
    ("body", "content_type", "document"),
    [
        (b'{"a": {"b": [1]}}', "application/json", {"a": {"b": [1]}}),
        (b'{"a": 1}', "application/json; charset=utf-8", {"a": 1}),
        (b'{"a": 1}', "application/vnd.vendor+json", {"a": 1}),
        (b'{"a": 1}', "", {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', "application/json", {"a": 1}),
        (urlencode({"payload": '{"a": 1}'}).encode(), FORM, {"a": 1}),
        (b"command=%2Fask&text=a+b&empty=", FORM, {"command": "/ask", "text": "a b", "empty": ""}),
        (b"payload=1&text=a", FORM + "; charset=utf-8", {"payload": "1", "text": "a"}),
        (b'{"a": 1}', FORM, {"a": 1}),
        (b"[1]", "application/json", [1]),
        (b' [{"a": 1}]', FORM, [{"a": 1}]),
        (b"payload=[1]", FORM, [1]),
        (b'"text"', "application/json", "text"),
        (b"", "application/json", None),
        (b"", FORM, None),
        (b'{"a": ', "application/json", None),
        (b'{"a": NaN}', "application/json", None),
        (b"payload=%7B", FORM, None),
        (b"\xff\xfe", "application/json", None),
        (b'{"a":' * 100_000, "application/json", None),
        (b"&".join([b"a=1"] * 1001), FORM, None),
        (b'{"a": ' + b"1" * 5000 + b"}", "application/json", None),
        (b"[" + b"0," * wire.MOST_MARKS + b"0]", "application/json", None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_the_document_is_the_json_or_the_form_and_the_payload_is_its_object(
    body: bytes, content_type: str, document: Any
) -> None:
    sent = delivery(body, content_type)
    assert sent.document == document
    assert sent.payload == (document if isinstance(document, dict) else {})


def test_a_body_is_read_once() -> None:
    sent = delivery(json.dumps({"a": [1]}).encode())
    assert sent.document is sent.document is sent.payload


@pytest.mark.parametrize(
    ("path", "found", "text"),
    [
        ("a.0.b", "c", "c"),
        ("a.1", 7, "7"),
        ("a.2", True, ""),
        ("a.3", None, ""),
        ("a.b", None, ""),
        ("a.0", {"b": "c"}, ""),
        ("a.0.b.c", None, ""),
        ("a.-1", None, ""),
        ("d", None, ""),
    ],
)
def test_a_path_leads_through_objects_and_lists(path: str, found: object, text: str) -> None:
    sent = delivery(b'{"a": [{"b": "c"}, 7, true]}')
    assert (sent.find(path), sent.text(path)) == (found, text)
