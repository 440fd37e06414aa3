"""What Dify says when an app fails, read back into one of the relay's errors.

Failures reach a plugin in three forms: an exception before the stream that holds Dify's error envelope, an
exception inside the stream that holds Dify's text alone, and an ordinary `error` event. Sources: the plugin
daemon's `backwards_invocation/task.go` and `http_requests`, Dify's `external_api.py` and `controllers/web/error.py`.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus

from relay.call import Interface
from relay.errors import (
    AppFailed,
    AppNotFound,
    AppTimeout,
    AppUnavailable,
    InvalidParam,
    PayloadTooLarge,
    RelayError,
    TooManyRequests,
    UnsupportedMediaType,
)
from relay.event import Event

IDS = ("task_id", "message_id", "conversation_id", "workflow_run_id")
LONGEST_TEXT = 500  # characters of Dify's text that a caller gets


class UserNotFound(InvalidParam):
    """Dify before 1.16 knows only end users that it made itself."""


class ConversationNotFound(InvalidParam):
    """The conversation was deleted, or belongs to another user or app."""


BEFORE_STREAM = re.compile(
    r"request failed with status code: (?P<status>\d{3}) and respond with: (?P<body>.*)", re.DOTALL
)
IN_STREAM = re.compile(r"(?:read|fetch) app failed: request failed: (?P<text>.*)", re.DOTALL)

type Kind = type[RelayError]

# Dify's message, lower case -> what it means; the code beside it (invalid_param, unknown) says too little
BY_TEXT: Mapping[str, Kind] = {
    "app not found": AppNotFound,
    "user not found": UserNotFound,
    "conversation not exists": ConversationNotFound,
    "conversation not found": ConversationNotFound,
    "missing query": InvalidParam,
    "unexpected app type": InvalidParam,
    "rate limit": TooManyRequests,
    "quota exceeded": TooManyRequests,
}

# Dify's code -> error, where Dify's own status (mostly 400) would blame the caller for the app's state
BY_CODE: Mapping[str, Kind] = {
    "app_unavailable": AppUnavailable,
    "agent_not_published": AppUnavailable,
    "provider_not_initialize": AppUnavailable,
    "model_currently_not_support": AppUnavailable,
    "provider_quota_exceeded": TooManyRequests,
    "rate_limit_error": TooManyRequests,
    "too_many_requests": TooManyRequests,
    "completion_request_error": AppFailed,
}

BY_STATUS: Mapping[int, Kind] = {
    400: InvalidParam,
    401: AppUnavailable,  # Dify refuses the plugin daemon, not the caller
    403: AppUnavailable,
    404: AppNotFound,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    422: InvalidParam,
    429: TooManyRequests,
    503: AppUnavailable,
    504: AppTimeout,
}

# the daemon's and the SDK's own words; they name internal addresses, so the caller gets the second part
PLATFORM: tuple[tuple[str, Kind, str], ...] = (
    ("context canceled", AppFailed, "The run was cancelled before the app had finished."),
    ("use of closed network connection", AppTimeout, "The app took longer than Dify lets one run take."),
    ("failed to read system header", AppTimeout, "The app took longer than Dify lets one run take."),
    ("exited without response", AppTimeout, "The app was silent for longer than Dify waits."),
    ("connection refused", AppUnavailable, "Dify can't be reached."),
    ("no such host", AppUnavailable, "Dify can't be reached."),
)

COMPLETION_CAUSE = (
    "Dify could not run this completion app. A known cause: by reverse invocation Dify runs completion apps"
    " without their query, and they fail. Use a chat or workflow app instead, or Dify's Service API for this one."
)
FAILED = "The app failed inside Dify."
NO_CONVERSATION = "Dify refuses the call without a word, as it does when it does not know the conversation_id."

TRACEBACK = re.compile(r"Traceback \(most recent call last\).*", re.DOTALL)
SECRET = re.compile(r"\b(?:sk|pk|app|xox[a-z]|gh[pousr]|whsec|Bearer)[-_ ][A-Za-z0-9*._-]{16,}")
PATH = re.compile(r"(?<![\w:/.])/(?:[\w.-]+/)+[\w.-]+|\b[A-Z]:\\[\w.\\-]+")


def presentable(text: str) -> str:
    """Take tracebacks, file paths and keys out of a text from Dify, and the length that nobody reads."""
    for pattern, instead in ((TRACEBACK, ""), (SECRET, "[secret]"), (PATH, "[path]")):
        text = pattern.sub(instead, text)
    text = text.strip()
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def from_exception(error: Exception, interface: Interface) -> RelayError:
    """Read what the SDK raised for a reverse invocation."""
    text = str(error)
    if before := BEFORE_STREAM.search(text):
        return _from_body(int(before["status"]), before["body"], interface)
    if inside := IN_STREAM.search(text):
        return _classify(502, "", inside["text"], interface)
    for words, error_class, told in PLATFORM:
        if words in text:
            return error_class(told)
    return AppFailed(FAILED)


def from_event(event: Event, interface: Interface) -> RelayError:
    """Read an `error` event: `{"event": "error", "code", "message", "status"}`, each part perhaps missing."""
    error = _from_envelope(502, event, interface)
    error.about = {name: event[name] for name in IDS if name in event}
    return error


def _from_body(status: int, body: str, interface: Interface) -> RelayError:
    try:
        envelope = json.loads(body)
    except ValueError:  # a proxy between the daemon and Dify answered with a page of its own
        envelope = None
    return _from_envelope(status, envelope if isinstance(envelope, Mapping) else {}, interface)


def _from_envelope(status: int, envelope: Mapping[str, object], interface: Interface) -> RelayError:
    if isinstance(own := envelope.get("status"), int) and not isinstance(own, bool):
        status = own
    return _classify(status, str(envelope.get("code") or ""), str(envelope.get("message") or ""), interface)


def _classify(status: int, code: str, message: str, interface: Interface) -> RelayError:
    if (status, code, message) == (HTTPStatus.BAD_REQUEST, "invalid_param", ""):
        return ConversationNotFound(NO_CONVERSATION)
    told = presentable(message)
    lowered = message.lower()
    for words, error_class in BY_TEXT.items():
        if words in lowered:
            return error_class(told)
    error_class = BY_CODE.get(code) or BY_STATUS.get(status) or AppFailed
    if error_class is AppFailed and (not told or status == HTTPStatus.INTERNAL_SERVER_ERROR):
        told = _unexplained(interface)  # of a 500 Dify's text says nothing, or too much
    if status in {401, 403} and error_class is AppUnavailable:
        told = "Dify refuses to run the app for this plugin."
    return error_class(told or FAILED)


def _unexplained(interface: Interface) -> str:
    if interface is Interface.COMPLETION:
        return COMPLETION_CAUSE
    if interface is Interface.ANY:
        return f"{FAILED} If it is a completion app: {COMPLETION_CAUSE}"
    return FAILED
