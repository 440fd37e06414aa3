"""What Dify says when an app fails, read back into one of the relay's errors.

By reverse invocation failures come in three forms: an exception before the stream that holds Dify's error envelope,
an exception inside the stream that holds Dify's text alone, and an ordinary `error` event. Dify's Service API sends
the envelope as an answer, and the same event. Sources: the plugin daemon's `backwards_invocation/task.go` and
`http_requests`, Dify's `external_api.py`, `controllers/web/error.py` and `controllers/service_api/app/error.py`.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from relay.call import Interface
from relay.errors import (
    AppFailed,
    AppNotFound,
    AppTimeout,
    AppUnavailable,
    InvalidParam,
    NotFound,
    PayloadTooLarge,
    RelayError,
    TooManyRequests,
    UnsupportedMediaType,
)
from relay.event import Event
from relay.foreign import presentable

IDS = ("task_id", "message_id", "conversation_id", "workflow_run_id")


class UserNotFound(InvalidParam):
    """Dify before 1.16 knows only end users that it made itself. Nothing has run."""


class MissingQuery(InvalidParam):
    """Dify runs an app that talks, which nobody could tell from others before, only with a question."""


class Cancelled(AppFailed):
    """The caller is gone, and Dify has ended all that was asked for it; nothing more can be stored either."""


class ConversationNotFound(InvalidParam):
    """The conversation was deleted, or belongs to another user or app. Nothing has run."""


# what a conversation that was remembered may meet: it can only be begun anew, and nothing has run
LOST_CONVERSATION = (ConversationNotFound, UserNotFound)

# Each pattern is matched against the whole text: what stands inside may be an app's or a tool's own words, and an
# app that speaks of "user not found" must not be run a second time.
BEFORE_STREAM = re.compile(
    r"(?:[a-z]+ ){1,4}failed: request failed with status code: (?P<status>\d{3}) and respond with: (?P<body>.*)",
    re.DOTALL,
)
# the SDK's own words: dify_plugin/invocations/file.py
UPLOAD = re.compile(r"upload file failed, status code: (?P<status>\d{3}), response: (?P<body>.*)", re.DOTALL)
IN_STREAM = re.compile(r"(?:read|fetch) app failed: request failed: (?P<text>.*)", re.DOTALL)

type Kind = type[RelayError]

# Dify's whole message, lower case, without a full stop -> what it means; the code beside it says too little
BY_TEXT: Mapping[str, Kind] = {
    "app not found": AppNotFound,
    "missing query": InvalidParam,
    "unexpected app type": InvalidParam,
}
# the same, of a refusal before the stream alone: only there has nothing run yet
REFUSALS: Mapping[str, Kind] = {
    "missing query": MissingQuery,
    "user not found": UserNotFound,
    "conversation not exists": ConversationNotFound,
    "conversation not found": ConversationNotFound,
}
# Dify's core/model_runtime, `_transform_invoke_error`: "[<provider>] <description>, <the provider's own words>"
LIMITED = re.compile(r"(?:\[[\w./ -]{1,128}\] )?(?:rate limit error|error: quota exceeded)\b.*", re.DOTALL)

# Dify's advanced_chat/generate_task_pipeline.py: how a chatflow tells that it failed, as if the caller were to blame
RUN_FAILED = re.compile(r"run failed: .*", re.DOTALL)

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

# by the Service API the app is known by its key: what is not found is something of it
BY_STATUS_OF_SERVICE_API: Mapping[int, Kind] = {**BY_STATUS, 404: NotFound}
# what a proxy before Dify may say as well, without Dify's words
TOLD_OF_STATUS: Mapping[int, str] = {
    413: "Dify, or a proxy before it, takes nothing as large as this.",
    415: "Dify takes no file of this type.",
    429: "Dify, or a proxy before it, takes no more requests for now.",
}

_HEADER = r"(?:\nfailed to read system header)?"
# the daemon's and the SDK's own words; they name internal addresses, so the caller gets the second part
PLATFORM: tuple[tuple[re.Pattern[str], Kind, str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), error_class, told)
    for pattern, error_class, told in (
        (rf".*context canceled{_HEADER}", Cancelled, "The run was cancelled before the app had finished."),
        (
            rf".*use of closed network connection{_HEADER}|.*failed to read system header",
            AppTimeout,
            "The app took longer than Dify lets one run take.",
        ),
        (
            r"invocation exited without response after \d+ seconds",
            AppTimeout,
            "The app was silent for longer than Dify waits.",
        ),
        (r".*(?:connection refused|no such host)", AppUnavailable, "Dify can't be reached."),
    )
)

COMPLETION_CAUSE = (
    "Dify could not run this completion app. A known cause: by reverse invocation Dify runs completion apps"
    " without their query, and they fail. The endpoint's settings app_keys and service_api_url let it run by Dify's"
    " Service API instead."
)
FAILED = "The app failed inside Dify."
NO_CONVERSATION = "Dify refuses the call without a word, as it does when it does not know the conversation_id."


def from_exception(error: Exception, interface: Interface) -> RelayError:
    """Read what the SDK raised for a reverse invocation; one of the relay's own errors is given back as it is."""
    if isinstance(error, RelayError):
        return error
    text = str(error)
    if before := BEFORE_STREAM.fullmatch(text) or UPLOAD.fullmatch(text):
        return _from_body(int(before["status"]), before["body"], interface)
    if inside := IN_STREAM.fullmatch(text):
        failed = _classify(502, "", inside["text"], interface)
        failed.begun = True
        return failed
    for pattern, error_class, told in PLATFORM:
        if pattern.fullmatch(text):
            return error_class(told)
    return AppFailed(FAILED)


def from_answer(status: int, envelope: Mapping[str, Any] | None) -> RelayError:
    """Read a refusal of Dify's Service API: its status and body, None where that holds none of Dify's words."""
    if envelope is None:
        return _classify(status, "", TOLD_OF_STATUS.get(status, ""), None)
    return _from_envelope(status, envelope, None)


def from_event(event: Event, interface: Interface | None) -> RelayError:
    """Read an `error` event: `{"event": "error", "code", "message", "status"}`, each part perhaps missing.

    `interface` None says that it came by Dify's Service API.
    """
    error = _classify(_status(event, 502), *_words(event), interface)
    error.about = {name: event[name] for name in IDS if name in event}
    error.begun = True
    return error


def _from_body(status: int, body: str, interface: Interface) -> RelayError:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):  # a proxy between the daemon and Dify answered with a page of its own
        envelope = None
    if not isinstance(envelope, Mapping):
        return _classify(status, "", "", interface)
    return _from_envelope(status, envelope, interface)


def _from_envelope(status: int, envelope: Mapping[str, Any], interface: Interface | None) -> RelayError:
    code, message = _words(envelope)
    status = _status(envelope, status)
    if (status, code, message) == (HTTPStatus.BAD_REQUEST, "invalid_param", ""):
        return ConversationNotFound(NO_CONVERSATION)
    if refusal := REFUSALS.get(_plain(message)):
        return refusal(presentable(message))
    return _classify(status, code, message, interface)


def _status(envelope: Mapping[str, object], otherwise: int) -> int:
    own = envelope.get("status")
    return own if isinstance(own, int) and not isinstance(own, bool) else otherwise


def _words(envelope: Mapping[str, object]) -> tuple[str, str]:
    return str(envelope.get("code") or ""), str(envelope.get("message") or "")


def _plain(message: str) -> str:
    return message.strip().removesuffix(".").lower()


def _classify(status: int, code: str, message: str, interface: Interface | None) -> RelayError:
    told = presentable(message)
    plain = _plain(message)
    if known := BY_TEXT.get(plain):
        return known(told)
    if LIMITED.fullmatch(plain):
        return TooManyRequests(told)
    if RUN_FAILED.fullmatch(plain):
        return AppFailed(told)
    by_status = BY_STATUS if interface else BY_STATUS_OF_SERVICE_API
    error_class = BY_CODE.get(code) or by_status.get(status) or AppFailed
    if error_class is AppFailed and (not told or status == HTTPStatus.INTERNAL_SERVER_ERROR):
        told = _unexplained(interface)  # of a 500 Dify's text says nothing, or too much
    if interface and status in {401, 403} and error_class is AppUnavailable:
        told = "Dify refuses to run the app for this plugin."
    return error_class(told or FAILED)


def _unexplained(interface: Interface | None) -> str:
    if interface is Interface.COMPLETION:
        return COMPLETION_CAUSE
    if interface is Interface.ANY:
        return f"{FAILED} If it is a completion app: {COMPLETION_CAUSE}"
    return FAILED
