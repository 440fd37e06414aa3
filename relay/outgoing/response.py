"""Responses, and what all of them carry."""

from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug import Response

from relay import wire
from relay.errors import DeliveryInProgress, RelayError
from relay.outgoing import coding
from relay.senders import Reply, Scheme

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store, no-transform",  # an answer may be for one reader alone
    "X-Accel-Buffering": "no",  # nginx holds a stream back otherwise
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",  # a search engine that comes back would run the app
    "Referrer-Policy": "no-referrer",  # the address may hold the key
}
HOPELESS = frozenset({400, 401, 403, 404, 413, 415})  # to send the same once more would not help


def of_type(media_type: str, body: bytes | str | Iterator[bytes], status: int = 200) -> Response:
    """Give a body of ours."""
    return Response(body, status=status, content_type=media_type)


def of_json(value: Mapping[str, Any], status: int = 200) -> Response:
    """Give a value as JSON."""
    return of_type("application/json", wire.encode(wire.dump(value)), status)


def of_reply(reply: Reply, method: str) -> Response:
    """Give a reply that was decided without an app: to a handshake, a preflight, or for the head of an answer."""
    response = of_type(reply.media_type, reply.body, reply.status)
    response.headers.update(reply.headers)
    if not reply.media_type:
        response.headers.pop("Content-Type", None)
    if method == "HEAD":
        response.set_data(b"")
    if method == "HEAD" or reply.status == 204:
        response.headers.pop("Content-Length", None)  # GET's is not known, and not 0
    return response


def refusal(error: RelayError, *, page: bytes | None = None, scheme: Scheme | None = None) -> Response:
    """Give an error as the whole response: the page where a person reads it, else Dify's error envelope.

    A webhook sender reads the status alone, and sends again or not by it.
    """
    status = 503 if scheme and isinstance(error, DeliveryInProgress) else int(error.status)
    if page is None:
        response = of_type("application/json", wire.encode(wire.dump({**error.as_dict(), "status": status})), status)
    else:
        response = of_type("text/html; charset=utf-8", page, status)
    response.headers.update(error.headers)
    if scheme and status in HOPELESS:
        response.headers.update(scheme.no_retry_headers)
    return response


def code_whole(response: Response, *, gzip: bool) -> bytes:
    """Give a response's whole body as it leaves: coded where it is long enough and its reader can decode it."""
    body = response.get_data()
    if not gzip or len(body) < coding.WHOLE:
        return body
    coded = coding.compressed(body)
    response.content_encoding = "gzip"
    response.set_data(coded)
    return coded
