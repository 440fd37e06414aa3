"""The body of a request, read into named values, whatever a webhook, a form or a script sends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, cast
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from relay import wire
from relay.call import Upload
from relay.errors import InvalidParam, PayloadTooLarge, UnsupportedMediaType
from relay.incoming import multipart, sent
from relay.incoming.charset import codec_of, decode

# Dify's plugin daemon reads no more and cuts the rest off silently: a body of exactly this size may be cut
CUT = 10 * 1024 * 1024  # bytes
MOST_FIELDS = 1000  # of a form or a query string
LARGEST_TEXT = wire.LARGEST_TEXT  # bytes of a body that is neither JSON nor a form with files, nor ASCII alone
LONGEST_TYPE = 1000  # characters of a Content-Type
UTF_8 = "utf-8-sig"  # the codec that charset.py knows it by
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
TOO_MANY_FIELDS = f"The form has more than {MOST_FIELDS} fields."


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a body holds.

    `document` is the whole, as a template sees it: any JSON value, a form's fields, or text. `values` are the names
    in it, None where it has none (a JSON list). JSON (`typed`) has values with a type of their own, a form has texts.
    """

    document: Any = field(default_factory=dict)
    values: Mapping[str, Any] | None = field(default_factory=dict)
    typed: bool = True
    uploads: tuple[Upload, ...] = ()


def check_size(content: bytes) -> None:
    """Raise PayloadTooLarge for a body that Dify may have cut."""
    if len(content) >= CUT:
        raise PayloadTooLarge(f"The body is too large: Dify passes on less than {CUT} bytes.")


def read(content: bytes, content_type: str) -> Body:
    """Read JSON, a form or plain text (which is the `query`).

    Raises PayloadTooLarge, UnsupportedMediaType, or InvalidParam for what is malformed.
    """
    check_size(content)
    if not content or content.isspace():
        return Body()
    if len(content_type) > LONGEST_TYPE:
        raise UnsupportedMediaType("The Content-Type is too long.")
    media_type, options = parse_options_header(content_type)
    media_type = media_type.strip().lower()
    charset = options.get("charset", "")
    # curl -d says "form" of whatever it sends, some webhook senders say nothing
    is_json = media_type == "application/json" or media_type.endswith("+json")
    if is_json or (media_type in {"", URLENCODED} and content.lstrip()[:1] in {b"{", b"["}):
        return _json(content, charset)
    if media_type == MULTIPART:
        return _multipart(content, options)
    _check_text(content)
    if media_type == URLENCODED:
        return _urlencoded(content, charset)
    if media_type == "text/plain":
        text = decode(content, charset)
        return Body(document=text, values={"query": text})
    raise UnsupportedMediaType(
        f"A body of type {media_type or 'unknown'} can't be read: send application/json, a form or text/plain."
    )


def _check_text(content: bytes) -> None:
    if len(content) > LARGEST_TEXT and not content.isascii():
        # a text with one character beyond the plane takes four bytes for each, several times over
        raise PayloadTooLarge(f"A text of more than {LARGEST_TEXT} bytes is too large: send files as files.")


def _json(content: bytes, charset: str) -> Body:
    if codec_of(charset) == UTF_8:
        value = wire.read(content, "The body")
    else:
        _check_text(content)
        value = wire.parse(decode(content, charset), "The body")
    return Body(document=value, values=value if isinstance(value, dict) else None)


def _urlencoded(content: bytes, charset: str) -> Body:
    if content.count(b"&") >= MOST_FIELDS:  # each would cost some hundred bytes of memory
        raise PayloadTooLarge(TOO_MANY_FIELDS)
    if content.count(b"%") > wire.MOST_ESCAPES:
        raise PayloadTooLarge("The form is too large: send JSON, or its fields as multipart/form-data.")
    encoding = codec_of(charset).removesuffix("-sig")
    try:
        pairs = parse_qsl(content.decode(encoding), keep_blank_values=True, encoding=encoding, errors="strict")
    except ValueError:
        raise InvalidParam("The form is not in the character set that it claims.") from None
    return _fields(pairs)


def _multipart(content: bytes, options: dict[str, str]) -> Body:
    multipart.check(content, options.get("boundary", ""), most=MOST_FIELDS)
    parser = FormDataParser(
        stream_factory=lambda *_, **__: BytesIO(),  # nothing of a caller's file on the disk
        max_form_memory_size=CUT,
        max_form_parts=MOST_FIELDS,
        silent=False,
    )
    try:
        _, values, files = parser.parse(BytesIO(content), MULTIPART, len(content), options)
    except RequestEntityTooLarge:
        raise PayloadTooLarge(TOO_MANY_FIELDS) from None
    except ValueError:
        raise InvalidParam("The form is malformed.") from None
    uploads = tuple(
        Upload(
            name=name,
            filename=part.filename or "",
            mimetype=part.mimetype,
            content=cast("BytesIO", part.stream).getvalue(),  # without the copy that `read` makes
        )
        for name, part in files.items(multi=True)
        if part.filename or part.content_length  # a file field that was left empty
    )
    if len(uploads) > sent.MOST:
        raise sent.too_many()
    return _fields(values.items(multi=True), uploads)


def _fields(pairs: Iterable[tuple[str, str]], uploads: tuple[Upload, ...] = ()) -> Body:
    values = flatten(pairs)
    return Body(document=values, values=values, typed=False, uploads=uploads)


def flatten(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Give each name its text, or the list of its texts when it was sent several times."""
    lists: dict[str, list[str]] = {}
    for name, text in pairs:
        lists.setdefault(name, []).append(text)
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in lists.items()}
