import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import Reference, Upload
from relay.errors import InvalidParam, PayloadTooLarge, RelayError
from relay.incoming import sent

URL = "https://a.example/b%20c.png?x=1#y"


@pytest.mark.parametrize(
    ("value", "file"),
    [
        (URL, Reference(url=URL)),
        ("HTTP://a.example", Reference(url="HTTP://a.example")),
        ("  https://a.example/é ", Reference(url="https://a.example/é")),
        ("file-eyJ.abc", Reference(id="file-eyJ.abc")),
        ("data:,hi%20there", Upload(content=b"hi there")),
        ("DATA:text/plain;charset=utf-8,h%C3%A4", Upload(mimetype="text/plain", content="hä".encode())),
        (
            "data:image/png;name=a%20b.png;base64,aGk=",
            Upload(mimetype="image/png", filename="a b.png", content=b"hi"),
        ),
        ("data:image/png ; BASE64,aG%6B%3D", Upload(mimetype="image/png", content=b"hi")),
        ({"url": URL, "type": "image"}, Reference(url=URL, type="image")),
        ({"url": "data:image/png;base64,aGk=", "mime_type": "a/b"}, Upload(mimetype="a/b", content=b"hi")),
        (
            {"base64": "aGk", "filename": "a.txt", "mime_type": "text/plain"},
            Upload(filename="a.txt", mimetype="text/plain", content=b"hi"),
        ),
        ({"data": "data:text/html,hi", "name": "a"}, Upload(filename="a", mimetype="text/html", content=b"hi")),
        ({"id": "file-1"}, Reference(id="file-1")),
        (
            {"transfer_method": "remote_url", "type": "audio", "url": URL, "upload_file_id": "7"},
            Reference(url=URL, type="audio"),
        ),
        ({"transfer_method": "remote_url", "type": "audio", "remote_url": URL}, Reference(url=URL, type="audio")),
        (
            {"transfer_method": "local_file", "type": "image", "url": "", "upload_file_id": "file-1"},
            Reference(id="file-1", type="image"),
        ),
        ({"transfer_method": "tool_file", "url": URL, "related_id": "file-1"}, Reference(id="file-1")),
        ('{"url": "data:,hi"}', Upload(content=b"hi")),
        (json.dumps(URL), Reference(url=URL)),
    ],
)
def test_a_file_may_be_written_in_many_ways(value: object, file: Upload | Reference) -> None:
    assert sent.from_value(value) == [file]


@pytest.mark.parametrize("value", [None, "", [], "[]"])
def test_nothing_is_no_file(value: object) -> None:
    assert sent.from_value(value, name="photo") == []


def test_several_files_name_their_input() -> None:
    assert sent.from_value(json.dumps([URL, {"base64": "aGk"}]), name="photo") == [
        Reference(name="photo", exact=True, url=URL),
        Upload(name="photo", exact=True, content=b"hi"),
    ]


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        (1, InvalidParam, "photo must be an https or data: URL"),
        ({}, InvalidParam, "photo must be an https or data: URL"),
        ([[URL]], InvalidParam, "photo must be an https or data: URL"),
        ({"transfer_method": "local_file", "url": URL}, None, ""),
        ({"transfer_method": "remote_url", "id": "file-1"}, InvalidParam, "photo must be an https or data: URL"),
        (
            {"transfer_method": "datasource_file"},
            InvalidParam,
            "transfer_method must be one of local_file, remote_url",
        ),
        ({"transfer_method": ["tool_file"]}, InvalidParam, "transfer_method must be text"),
        ({"url": 1}, InvalidParam, "url must be text"),
        ({"url": URL, "type": "picture"}, InvalidParam, "type must be one of image, document, audio, video, custom"),
        ({"url": URL, "filename": {}}, InvalidParam, "filename must be text"),
        ("ftp://a.example/b", InvalidParam, "begins with https"),
        ("javascript:alert(1)", InvalidParam, "begins with https"),
        ("file:///etc/passwd", InvalidParam, "begins with https"),
        ("https://", InvalidParam, "begins with https"),
        ("https://a.example/b c", InvalidParam, "begins with https"),
        ("https://a.example/b\nc", InvalidParam, "begins with https"),
        ("https://a.example/" + "b" * 9000, InvalidParam, "at most 8192 characters"),
        ("x" * 5000, InvalidParam, "photo must be an https or data: URL"),
        ("data:image/png", InvalidParam, "has a comma"),
        ("data:" + "x" * 2000 + ",hi", InvalidParam, "has a comma"),
        ("data:,", InvalidParam, "empty file"),
        ("data:;base64,", InvalidParam, "empty file"),
        ("data:;base64,a", InvalidParam, "not base64"),
        ("data:,%41" + "%41" * 60_000, PayloadTooLarge, "written in base64"),
        ({"base64": "   "}, InvalidParam, "empty file"),
        ({"base64": "===="}, InvalidParam, "empty file"),
        ({"base64": "aG=k"}, InvalidParam, "not base64"),
        ({"base64": "aGk=" * 100_000}, InvalidParam, "not base64"),
        ({"base64": "aGk!"}, InvalidParam, "not base64"),
        ({"base64": "hällo"}, InvalidParam, "not base64"),
        ({"base64": "QUJDA"}, InvalidParam, "not base64"),
        ("{", InvalidParam, "not valid JSON"),
        ([URL] * 21, PayloadTooLarge, "more than 20 files"),
    ],
)
def test_what_is_no_file_is_refused_with_its_name(value: object, error: type[RelayError] | None, told: str) -> None:
    if error is None:
        assert sent.from_value(value, name="photo")
        return
    with pytest.raises(error, match=told) as refused:
        sent.from_value(value, name="photo")
    assert "photo" in refused.value.message or error is PayloadTooLarge


@given(
    st.one_of(st.binary(min_size=1, max_size=60), st.sampled_from([786_431, 786_432, 786_433, 262_144]).map(bytes)),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes]),
    st.booleans(),
)
def test_base64_of_every_kind_gives_the_same_bytes(content: bytes, encode: object, padded: bool) -> None:
    text: str = encode(content).decode()  # type: ignore[operator]
    text = text if padded else text.rstrip("=\n")
    assert sent.from_base64(text).content == content
    assert sent.from_url(f"data:a/b;base64,{text}") == Upload(mimetype="a/b", content=content)


@given(st.text() | st.dictionaries(st.sampled_from(["url", "base64", "id", "type", "transfer_method"]), st.text()))
def test_whatever_is_written_is_read_or_refused(value: object) -> None:
    try:
        files = sent.from_value(value)
    except (InvalidParam, PayloadTooLarge):
        return
    assert all(isinstance(file, Reference) or file.content for file in files)
