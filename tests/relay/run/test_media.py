from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.call import Upload
from relay.run import media

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
PDF = b"%PDF-1.7\n%\xe2\xe3\n"
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(24)
OGG = b"OggS" + bytes(40)
ZIP = b"PK\x03\x04" + bytes(40)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = b"Quack, quack.\n"


@pytest.mark.parametrize(
    ("content", "filename", "claimed", "settled"),
    [
        (PNG, "duck.png", "image/png", ("duck.png", "image/png")),
        (PNG, "", "", ("file.png", "image/png")),
        (PNG, "duck", "application/octet-stream", ("duck", "image/png")),
        (PNG, "duck.png", "Image/PNG; charset=utf-8", ("duck.png", "image/png")),
        (PNG, "duck.jpg", "image/jpeg", ("duck.jpg", "image/jpeg")),  # of one family: the app will see
        (PNG, "duck.txt", "text/plain", ("duck.txt", "image/png")),
        (PDF, "a.png", "image/png", ("a.png", "application/pdf")),
        (PDF, "", "application/x-own", ("file.bin", "application/x-own")),
        (MP4, "a.m4a", "audio/mp4", ("a.m4a", "audio/mp4")),
        (OGG, "a.ogv", "video/ogg", ("a.ogv", "video/ogg")),
        (OGG, "", "", ("file.ogg", "audio/ogg")),
        (ZIP, "a.docx", DOCX, ("a.docx", DOCX)),
        (ZIP, "a.zip", "text/plain", ("a.zip", "application/zip")),
        (TEXT, "a.md", "", ("a.md", "text/markdown")),
        (TEXT, "a.csv", "application/octet-stream", ("a.csv", "text/csv")),
        (TEXT, "", "text/csv", ("file.csv", "text/csv")),
        (TEXT, "", "", ("file.bin", "application/octet-stream")),
        (TEXT, "a.docx", "", ("a.docx", DOCX)),
        (b"BMW and other makes", "a.txt", "text/plain", ("a.txt", "text/plain")),
        (b"MZ is how it begins", "", "text/plain", ("file.txt", "text/plain")),
        (b"%!PS-Adobe", "", "", ("file.ps", "application/postscript")),
        (TEXT, "a.txt", "text/plain\r\nX: y", ("a.txt", "text/plain")),
        (TEXT, "a.txt", "x" * 1000 + "/y", ("a.txt", "text/plain")),
        (TEXT, r"C:\temp\..\a.txt", "", ("a.txt", "text/plain")),
        (TEXT, "../../etc/passwd", "text/plain", ("passwd", "text/plain")),
        (TEXT, 'a"b\r\nc\0.txt', "", ("abc.txt", "text/plain")),
        (TEXT, "..", "text/plain", ("file.txt", "text/plain")),
        (TEXT, "\ud83d.txt", "", ("?.txt", "text/plain")),
        (TEXT, "x" * 300 + ".txt", "", ("x" * 196 + ".txt", "text/plain")),
    ],
)
def test_a_file_gets_a_name_and_a_type(content: bytes, filename: str, claimed: str, settled: tuple[str, str]) -> None:
    got = media.settle(Upload(filename=filename, mimetype=claimed, content=content))
    assert (got.filename, got.mimetype) == settled


@pytest.mark.parametrize(
    ("extension", "media_type", "kind"),
    [
        ("png", "", "image"),
        ("webp", "", "image"),
        ("bin", "image/bmp", "image"),
        ("png", "application/pdf", "document"),
        ("docx", "", "document"),
        ("log", "text/plain", "document"),
        ("mpga", "", "audio"),
        ("webm", "", "video"),
        ("webm", "audio/webm", "audio"),
        ("zip", "application/zip", "custom"),
        ("", "", "custom"),
    ],
)
def test_dify_takes_it_as(extension: str, media_type: str, kind: str) -> None:
    assert media.kind_of(extension, media_type) == kind


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/b%20c.png?x=/d.gif", "b c.png"),
        ("https://a.example", ""),
        ("https://[::1", ""),
    ],
)
def test_an_address_holds_a_name(url: str, name: str) -> None:
    assert media.name_in(url) == name


@given(
    st.binary()
    | st.sampled_from([PNG, PDF, MP4, OGG, ZIP]).flatmap(lambda head: st.binary().map(lambda x: head + x)),
    st.text(),
    st.text() | st.sampled_from(["image/png", "text/plain"]),
)
def test_whatever_comes_gets_a_name_and_a_type_that_can_be_sent(content: bytes, name: str, claimed: str) -> None:
    got = media.settle(Upload(filename=name, mimetype=claimed, content=content))
    settled: list[Any] = [got.filename, got.mimetype]
    assert all(settled)
    assert not {"/", "\\", '"', "\r", "\n", "\0"} & set(got.filename)
    assert got.mimetype.isascii()
    assert len(got.filename) <= media.LONGEST_NAME
    assert media.settle(got).filename == got.filename
