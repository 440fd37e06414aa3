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
        reason: str = "",
        headers: Mapping[str, str] | None = None,
        about: Mapping[str, Any] | None = None,
        param: str | None = None,
    ) -> None:
        """Take what to tell, what the log alone is told, headers, and the ids of the run that the error is about.

        `param` names the caller's parameter that is wrong, for APIs that say so.
        """
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.headers = dict(headers or {})
        self.about = dict(about or {})
        self.param = param
        self.begun = False  # whether it is known that the app had begun
        self.holder = False  # whether who reads it was let in by the endpoint's key
        self.readable: bool | None = None  # whether a person reads it; None: as the head of the request says

    def as_dict(self) -> dict[str, Any]:
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


class Forbidden(RelayError):
    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class AppNotAllowed(RelayError):
    status = HTTPStatus.FORBIDDEN
    code = "app_not_allowed"


class AppNotFound(RelayError):
    status = HTTPStatus.NOT_FOUND
    code = "app_not_found"


class Misconfigured(RelayError):
    """The endpoint's owner has to change a setting. Only who is let in as the owner's own is told which."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "app_unavailable"

    def __init__(self, what: str, *, told: bool = False) -> None:
        """Take what is wrong, and whether the caller may know."""
        super().__init__(
            f"This endpoint's settings can't be understood: {what}."
            if told
            else "This endpoint is not set up yet: its owner finds in the plugin's log what to change.",
            reason=what,
        )


class NotFound(RelayError):
    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class MethodNotAllowed(RelayError):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"


class DeliveryInProgress(RelayError):
    status = HTTPStatus.CONFLICT
    code = "delivery_in_progress"


class DeliveryNotFound(RelayError):
    status = HTTPStatus.NOT_FOUND
    code = "delivery_not_found"


class IdempotencyKeyReused(RelayError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency_key_reused"


class AnswerNotKept(RelayError):
    """The same request was answered before, by more than is kept. Nothing has run."""

    status = HTTPStatus.CONFLICT
    code = "answer_not_kept"

    def __init__(self) -> None:
        super().__init__(
            "This request was answered before, and that answer was too large to be kept: ask with another"
            " Idempotency-Key.",
            headers={"x-should-retry": "false"},
        )


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


class AnswerUnshaped(AppFailed):
    """The app has answered, and the owner's template can't shape its answer: the answer itself is told beside it."""

    def __init__(self, message: str, *, answer: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.answer = answer

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "answer": self.answer}


class AppUnavailable(RelayError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "app_unavailable"


class ServiceApiUnusable(AppUnavailable):
    """Dify's Service API can't be used as it is set up. Only who is let in as the owner's own is told why."""

    def __init__(self, what: str, *, told: bool = False) -> None:
        """Take what is wrong, beginning with the setting's name and without any secret, and whether to tell it."""
        super().__init__(
            f"Dify's Service API can't run this app: {what}."
            if told
            else "This app can't be reached: the endpoint's owner finds in the plugin's log what to change.",
            reason=what,
        )


class AppTimeout(RelayError):
    status = HTTPStatus.GATEWAY_TIMEOUT
    code = "app_timeout"
