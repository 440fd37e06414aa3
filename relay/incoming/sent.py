"""How a caller writes a file outside a multipart form: as an address, as base64, or as an id.

Sources: RFC 2397 (data: URLs), RFC 4648 (base64), Dify's API reference, "Send Chat Message", `files`.
"""

import re
from binascii import a2b_base64
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from relay import wire
from relay.call import FILE_TYPES, File, Reference, Upload
from relay.errors import InvalidParam, PayloadTooLarge

MOST = 20  # files of one request: each would be a call to Dify
LONGEST_URL = 8 * 1024  # characters of one that is no data: URL
LONGEST_ID = 4 * 1024  # characters
LONGEST_HEAD = 1000  # characters of a data: URL before its comma
MOST_ESCAPES = 50_000  # "%" of one: each takes some 100 bytes of memory

_KINDS = (
    "an https or data: URL, an id that this endpoint issued, an object with url, base64 or id, or a list of these"
)
_BASE64 = ("base64", "data")
_URLS = ("url", "remote_url")
_IDS = ("upload_file_id", "tool_file_id", "file_id", "related_id", "id")
_BY_ID = frozenset({"local_file", "tool_file"})
_METHODS = _BY_ID | {"remote_url"}
_JSON = ("{", "[", '"')
_PIECE = 256 * 1024  # characters that are decoded at a time
_STANDARD = bytes.maketrans(b"-_", b"+/")  # the alphabet for URLs, in the other one
_BLANKS = b" \t\r\n"
_AT_THE_END = "= \t\r\n"
_LONGEST_END = 1000  # characters in which they are looked for


def too_many() -> PayloadTooLarge:
    """Say that there are too many files."""
    return PayloadTooLarge(f"There are more than {MOST} files.")


def from_value(value: Any, *, name: str = "") -> list[File]:
    """Read what JSON, a query string or a form's text may hold for files; `name` is the app's input that is meant.

    A string (an https, http or data: URL, an id that was issued, or JSON of the rest), an object (`{"url"}`,
    `{"base64" | "data", "filename"?, "mime_type"?}`, `{"upload_file_id" | "tool_file_id" | "id"}`, or Dify's
    `{"type", "transfer_method", …}`), or a list of these. Raises InvalidParam, or PayloadTooLarge for too many.
    """
    if isinstance(value, str) and value.lstrip().startswith(_JSON):
        value = wire.parse(value, _named(name))
    if value is None or value == "":
        return []
    values = value if isinstance(value, list) else [value]
    if len(values) > MOST:
        raise too_many()
    return [_from_one(one, name) for one in values]


def from_url(url: str, *, name: str = "", filename: str = "", mimetype: str = "", type_: str = "") -> File:
    """Read an address: a data: URL is the file itself, what it says of its type below what `mimetype` says.

    Any other address is handed on, and never fetched by the relay. Raises InvalidParam for what is no address at
    https, http or data:.
    """
    scheme = url[:5].lower()
    if scheme == "data:":
        return _from_data(url, name=name, filename=filename, mimetype=mimetype, type_=type_)
    address = url.strip()
    if len(address) > LONGEST_URL:
        raise InvalidParam(f"{_named(name)}: a URL may have at most {LONGEST_URL} characters.")
    if not re.match(r"https?://[^/?#\s]", address, re.IGNORECASE) or re.search(r"[\x00-\x20\x7f]", address):
        raise InvalidParam(f"{_named(name)}: a file's URL begins with https://, http:// or data:.")
    return Reference(name=name, exact=bool(name), type=_type(type_, name), url=address)


def from_base64(text: str, *, name: str = "", filename: str = "", mimetype: str = "", type_: str = "") -> Upload:
    """Decode base64, of either alphabet, with or without padding and line breaks.

    Raises InvalidParam for an empty one and for what is none.
    """
    return Upload(
        name=name,
        exact=bool(name),
        filename=filename,
        mimetype=mimetype,
        type=_type(type_, name),
        content=_decode(text, name),
    )


def _from_one(value: Any, name: str) -> File:
    if isinstance(value, str):
        return _from_text(value, name)
    if not isinstance(value, Mapping):
        raise InvalidParam(f"{_named(name)} must be {_KINDS}.")
    method = _text(value, ("transfer_method",), name)
    if method and method not in _METHODS:
        raise InvalidParam(f"{_named(name)}: transfer_method must be one of {', '.join(sorted(_METHODS))}.")
    told = {
        "name": name,
        "filename": _text(value, ("filename", "name"), name),
        "mimetype": _text(value, ("mime_type", "mimetype", "media_type"), name),
        "type_": _text(value, ("type",), name),
    }
    if content := _text(value, _BASE64, name):
        return from_url(content, **told) if content[:5].lower() == "data:" else from_base64(content, **told)
    url, id_ = _text(value, _URLS, name), _text(value, _IDS, name)
    # Dify's own objects name both, and say by the method which counts
    if url and not (id_ and method in _BY_ID):
        return from_url(url, **told)
    if id_ and method != "remote_url":
        return _from_id(id_, name, told["type_"])
    raise InvalidParam(f"{_named(name)} must be {_KINDS}.")


def _from_text(text: str, name: str) -> File:
    if ":" in text[:LONGEST_HEAD]:
        return from_url(text, name=name)
    return _from_id(text.strip(), name)


def _from_id(id_: str, name: str, type_: str = "") -> Reference:
    if not id_ or len(id_) > LONGEST_ID:
        raise InvalidParam(f"{_named(name)} must be {_KINDS}.")
    return Reference(name=name, exact=bool(name), type=_type(type_, name), id=id_)


def _from_data(url: str, *, name: str, filename: str, mimetype: str, type_: str) -> Upload:
    """Take a data: URL apart: `data:[<media type>][;<parameter>]*[;base64],<content>`."""
    comma = url.find(",", 0, LONGEST_HEAD)
    if comma < 0:
        raise InvalidParam(f"{_named(name)}: a data: URL has a comma before its content.")
    media_type, *parameters = (part.strip() for part in url[5:comma].split(";"))
    marks = [parameter.lower() for parameter in parameters]
    if "base64" in marks:
        content = _decode(url, name, start=comma + 1)
    elif not (content := _unquoted(url[comma + 1 :], name)):
        raise _empty(name)
    told = dict(parameter.partition("=")[::2] for parameter in parameters)
    return Upload(
        name=name,
        exact=bool(name),
        filename=filename or unquote_to_bytes(told.get("name", "")).decode(errors="replace"),
        mimetype=mimetype or media_type,
        type=_type(type_, name),
        content=content,
    )


def _decode(text: str, name: str, *, start: int = 0) -> bytes:
    """Decode what stands behind `start`, piece by piece: each copy of the whole could be ten megabytes."""
    junk = InvalidParam(f"{_named(name)} holds a file that is not base64.")
    if "%" in text:  # some percent-encode "+", "/" and "=" in an address
        text, start = _unquoted(text[start:], name).decode("latin-1"), 0
    tail = text[max(start, len(text) - _LONGEST_END) :]
    end = len(text) - len(tail) + len(tail.rstrip(_AT_THE_END))
    content, left = BytesIO(), b""
    try:
        for at in range(start, end, _PIECE):
            piece = left + text[at : min(at + _PIECE, end)].encode("ascii").translate(_STANDARD, _BLANKS)
            if b"=" in piece:
                raise junk
            whole = len(piece) - len(piece) % 4
            content.write(a2b_base64(piece[:whole], strict_mode=True))
            left = piece[whole:]
        content.write(a2b_base64(left + b"=" * (-len(left) % 4), strict_mode=True))
    except ValueError:
        raise junk from None
    if not content.tell():
        raise _empty(name)
    return content.getvalue()


def _unquoted(text: str, name: str) -> bytes:
    if text.count("%") > MOST_ESCAPES:
        raise PayloadTooLarge(f"{_named(name)}: a data: URL of that size is written in base64.")
    return unquote_to_bytes(text)


def _empty(name: str) -> InvalidParam:
    return InvalidParam(f"{_named(name)} holds an empty file.")


def _type(told: str, name: str) -> str:
    if told and told not in FILE_TYPES:
        raise InvalidParam(f"{_named(name)}: type must be one of {', '.join(FILE_TYPES)}.")
    return told


def _text(value: Mapping[str, Any], names: tuple[str, ...], name: str) -> str:
    """Give the first of the texts that is not empty. Raises InvalidParam for what is no text."""
    for one in names:
        text = value.get(one)
        if not isinstance(text, str | None):
            raise InvalidParam(f"{_named(name)}: {one} must be text.")
        if text:
            return text
    return ""


def _named(name: str) -> str:
    return f"files.{name}" if name else "files"
