"""What can go wrong, each with its HTTP status and a code that callers match on."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any


class RelayError(Exception):
    """An error whose text the caller may read: no traceback, no path, no secret in it."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"  # callers match on codes: never rename one

    def __init__(
        self,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Take what to tell, headers for the response, and the ids of the run that the error is about."""
        super().__init__(message)
        self.message = message
        self.headers = dict(headers or {})
        self.about = dict(about or {})

    def as_dict(self) -> dict[str, str | int]:
        """Give the error envelope of Dify's Service API: `{"code", "message", "status"}`."""
        return {"code": self.code, "message": self.message, "status": int(self.status)}

    def as_event(self) -> dict[str, Any]:
        """Give the error as the event that ends a stream, as Dify's Service API sends it."""
        return {"event": "error", **self.about, **self.as_dict()}


class InvalidParam(RelayError):
    status = HTTPStatus.BAD_REQUEST
    code = "invalid_param"


class Unauthorized(RelayError):
    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"


class AppNotAllowed(RelayError):
    status = HTTPStatus.FORBIDDEN
    code = "app_not_allowed"


class AppNotFound(RelayError):
    status = HTTPStatus.NOT_FOUND
    code = "app_not_found"


class DeliveryInProgress(RelayError):
    status = HTTPStatus.CONFLICT
    code = "delivery_in_progress"


class IdempotencyKeyReused(RelayError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency_key_reused"


class PayloadTooLarge(RelayError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "payload_too_large"


class UnsupportedMediaType(RelayError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"


class TooManyRequests(RelayError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"


class AppFailed(RelayError):
    status = HTTPStatus.BAD_GATEWAY
    code = "app_failed"


class AppUnavailable(RelayError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "app_unavailable"


class AppTimeout(RelayError):
    status = HTTPStatus.GATEWAY_TIMEOUT
    code = "app_timeout"
