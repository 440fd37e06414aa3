"""Errors as OpenAI's clients read them."""

import pytest

from relay.errors import (
    AppFailed,
    AppNotAllowed,
    AppNotFound,
    AppTimeout,
    AppUnavailable,
    DeliveryInProgress,
    InvalidParam,
    PayloadTooLarge,
    RelayError,
    TooManyRequests,
    Unauthorized,
)
from relay.openai import UnknownUrl
from relay.outgoing.openai import errors


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (
            InvalidParam("Bad.", param="n"),
            400,
            {"type": "invalid_request_error", "param": "n", "code": "invalid_param"},
        ),
        (InvalidParam("Bad."), 400, {"type": "invalid_request_error", "param": None, "code": "invalid_param"}),
        (Unauthorized("No."), 401, {"type": "invalid_request_error", "param": None, "code": "invalid_api_key"}),
        (AppNotAllowed("No."), 403, {"type": "invalid_request_error", "param": "model", "code": "model_not_found"}),
        (AppNotFound("No."), 404, {"type": "invalid_request_error", "param": "model", "code": "model_not_found"}),
        (UnknownUrl("No."), 404, {"type": "invalid_request_error", "param": None, "code": "unknown_url"}),
        (
            DeliveryInProgress("W."),
            409,
            {"type": "invalid_request_error", "param": None, "code": "delivery_in_progress"},
        ),
        (PayloadTooLarge("Big."), 413, {"type": "invalid_request_error", "param": None, "code": "payload_too_large"}),
        (TooManyRequests("Wait."), 429, {"type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"}),
        (AppFailed("It failed."), 502, {"type": "server_error", "param": None, "code": "app_failed"}),
        (AppUnavailable("Down."), 503, {"type": "server_error", "param": None, "code": "app_unavailable"}),
        (AppTimeout("Long."), 504, {"type": "server_error", "param": None, "code": "app_timeout"}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, RelayError) else "",
)
def test_an_error_has_openais_shape(error: RelayError, status: int, told: dict[str, str | None]) -> None:
    assert errors.as_dict(error) == {"message": error.message, **told}
    response = errors.refusal(error)
    assert (response.status_code, response.json) == (status, {"error": {"message": error.message, **told}})
    assert response.content_type == "application/json"
    assert errors.SHOULD_RETRY not in response.headers


def test_an_error_keeps_its_headers() -> None:
    assert errors.refusal(TooManyRequests("Wait.", headers={"Retry-After": "7"})).headers["Retry-After"] == "7"


def test_after_what_nobody_foresaw_no_client_asks_again_by_itself() -> None:
    assert errors.refusal(RelayError("Something broke.")).headers[errors.SHOULD_RETRY] == "false"
