"""Errors as OpenAI's API tells them: `{"error": {"message", "type", "param", "code"}}`.

Clients pick an exception's class by the status alone, or in a stream raise on whatever holds `error`.
Source: OpenAI API reference, "Error codes"; openai-python, `_client.py` and `_streaming.py`.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from werkzeug import Response

from relay import wire
from relay.errors import AppNotAllowed, AppNotFound, RelayError, TooManyRequests, Unauthorized

REQUEST = "invalid_request_error"
# the SDKs repeat a 409, 429 or 5xx twice by themselves, unless this says no
SHOULD_RETRY = "x-should-retry"

# what has a name of its own there: type, param, code
KNOWN: Mapping[type[RelayError], tuple[str, str | None, str]] = {
    Unauthorized: (REQUEST, None, "invalid_api_key"),
    AppNotFound: (REQUEST, "model", "model_not_found"),
    AppNotAllowed: (REQUEST, "model", "model_not_found"),
    TooManyRequests: ("rate_limit_error", None, "rate_limit_exceeded"),
}


def as_dict(error: RelayError) -> dict[str, Any]:
    """Give what stands under `error`."""
    kind, param, code = KNOWN.get(type(error), ("", None, error.code))
    if not kind:
        kind = "server_error" if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR else REQUEST
    return {"message": error.message, "type": kind, "param": error.param or param, "code": code}


def refusal(error: RelayError) -> Response:
    """Give an error as the whole response."""
    body = wire.encode(wire.dump({"error": as_dict(error)}))
    response = Response(body, status=int(error.status), content_type="application/json")
    response.headers.update(error.headers)
    if type(error) is RelayError:  # nobody knows how far the app has come
        response.headers[SHOULD_RETRY] = "false"
    return response
