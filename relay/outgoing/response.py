"""Responses, and what all of them carry."""

from collections.abc import Iterator, Mapping

from werkzeug import Response

from relay import wire
from relay.errors import RelayError
from relay.outgoing.formats import Format
from relay.outgoing.formats.html import CONTENT_SECURITY_POLICY, error_page
from relay.senders import Reply

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx holds a stream back otherwise
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address may hold the key
}


def of_form(form: Format, body: bytes | Iterator[bytes]) -> Response:
    """Give an app's answer in the form that the caller gets: whole, or as it comes."""
    return of_type(form.media_type, body)


def of_type(media_type: str, body: bytes | str | Iterator[bytes]) -> Response:
    """Give a body of ours; a page comes with the policy that lets nothing in it run."""
    response = Response(body, content_type=media_type)
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


def head_of(form: Format) -> Response:
    """Give the head of an answer without the answer."""
    response = of_form(form, b"")
    response.headers.pop("Content-Length")  # GET's is not known, and not 0
    return response


def of_reply(reply: Reply) -> Response:
    """Give what a webhook sender hears without an app."""
    return Response(reply.body, status=reply.status, content_type=reply.media_type)


def empty(headers: Mapping[str, str]) -> Response:
    """Give 204."""
    response = Response(b"", status=204, headers=headers)
    for name in ("Content-Type", "Content-Length"):
        response.headers.pop(name, None)
    return response


def refusal(error: RelayError, *, page: bool) -> Response:
    """Give an error as the whole response: Dify's error envelope, or a page to read."""
    body = error_page(error) if page else wire.encode(wire.dump(error.as_dict()))
    response = of_type("text/html; charset=utf-8" if page else "application/json", body)
    response.status_code = error.status
    response.headers.update(error.headers)
    return response
