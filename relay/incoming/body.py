"""The body of a request, read into named values, whatever a webhook, a form or a script sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from werkzeug import Request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from relay import wire
from relay.call import Upload
from relay.errors import InvalidParam, PayloadTooLarge, UnsupportedMediaType

# Dify's plugin daemon reads no more and cuts the rest off silently: a body of exactly this size may be cut
CUT = 10 * 1024 * 1024  # bytes
# how the daemon writes a POST without a body, as Go does: chunked, and the SDK does not undo it
EMPTY_CHUNKED = b"0\r\n\r\n"
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Named values, and for JSON (`typed`) values that have a type of their own; a form's are all text."""

    values: Mapping[str, Any] = field(default_factory=dict)
    typed: bool = True
    uploads: Sequence[Upload] = ()


def raw(request: Request) -> bytes:
    """Give the body as its sender wrote it. Raises PayloadTooLarge when Dify may have cut it."""
    content = request.get_data(parse_form_data=False)
    if len(content) >= CUT:
        raise PayloadTooLarge(f"The body is too large: Dify passes on less than {CUT} bytes.")
    return b"" if content == EMPTY_CHUNKED else content


def read(request: Request) -> Body:
    """Read JSON, a form or plain text (which is the `query`).

    Raises PayloadTooLarge, UnsupportedMediaType, or InvalidParam for what is malformed.
    """
    content = raw(request)
    if not content.strip():
        return Body()
    media_type = request.mimetype
    looks_like_json = content.lstrip().startswith(b"{")
    if media_type == "application/json" or media_type.endswith("+json"):
        return Body(values=_json_object(_decode(content, request)))
    # curl -d says "form" of whatever it sends, some webhook senders say nothing
    if looks_like_json and media_type in {"", "application/x-www-form-urlencoded"}:
        return Body(values=_json_object(_decode(content, request)))
    if media_type in FORMS:
        return _form(content, request)
    if media_type == "text/plain":
        return Body(values={"query": _decode(content, request)})
    raise UnsupportedMediaType(
        f"A body of type {media_type or 'unknown'} can't be read: send application/json, a form or text/plain."
    )


def _json_object(text: str) -> Mapping[str, Any]:
    value = wire.parse(text, "The body")
    if not isinstance(value, dict):
        raise InvalidParam("The JSON body must be an object.")
    return value


def _decode(content: bytes, request: Request) -> str:
    charset = request.mimetype_params.get("charset", "utf-8")
    try:
        return content.decode("utf-8-sig" if charset.lower() in {"utf-8", "utf8"} else charset)
    except (UnicodeError, ValueError):
        raise InvalidParam("The body is not in the character set that it claims.") from None
    except LookupError:
        raise UnsupportedMediaType("The body's character set is unknown: send UTF-8.") from None


def _form(content: bytes, request: Request) -> Body:
    parser = FormDataParser(
        stream_factory=lambda *_, **__: BytesIO(),  # nothing of a caller's file on the disk
        max_form_memory_size=CUT,
        max_form_parts=1000,
        silent=False,
    )
    try:
        _, values, files = parser.parse(BytesIO(content), request.mimetype, len(content), request.mimetype_params)
    except RequestEntityTooLarge:
        raise PayloadTooLarge("The form has too many parts.") from None
    except ValueError:
        raise InvalidParam("The form is malformed.") from None
    uploads = tuple(
        Upload(
            name=name,
            filename=part.filename or name,
            mimetype=part.mimetype or "application/octet-stream",
            content=part.stream.read(),
        )
        for name, part in files.items(multi=True)
        if part.filename or part.content_length  # a file field that was left empty
    )
    return Body(values=flatten(values), typed=False, uploads=uploads)


def flatten(values: MultiDict[str, str]) -> dict[str, Any]:
    """Give each name its text, or the list of its texts when it was sent several times."""
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in values.lists()}
