"""What went wrong with Dify's Service API, as one of the relay's errors."""

from collections.abc import Mapping

from provider.service_api.problems import Kind, Problem
from relay.errors import AppFailed, AppTimeout, AppUnavailable, RelayError, ServiceApiUnusable, TooManyRequests
from relay.foreign import presentable
from relay.run.failure import from_answer

WRONG_KEY = "app_keys: Dify refuses the key of this app"
REFUSED = "app_keys: Dify refuses to run this app by its key"

# what its owner may do
ADVICE: Mapping[Kind, str] = {
    Kind.UNREACHABLE: "check it, and that the plugin may connect to it",
    Kind.UNTRUSTED: "it needs a certificate that a public authority has signed for this name",
    Kind.NOT_READY: "it starts, or a proxy can't reach it; try again",
    Kind.FOREIGN: "enter the API server's address that Dify shows on an app's API Access page",
}
# what no setting changes, and a moment does; Dify, too, answers 429 where one app has all the runs that it may have
FULL: Mapping[Kind, tuple[type[RelayError], str]] = {
    Kind.CROWDED: (TooManyRequests, "The relay has as many requests to this app under way as one app may have."),
    Kind.BUSY: (AppUnavailable, "The relay has as many requests under way as it can."),
}
AGAIN = "5"  # seconds
# of a run, once Dify may have got it
BEGUN: Mapping[Kind, tuple[type[RelayError], str]] = {
    Kind.LOST: (AppFailed, "The connection to Dify broke off before the app's answer came: it may have run."),
    Kind.LATE: (AppTimeout, "Dify gave no answer for as long as the relay waits: the app may have run."),
    Kind.BROKEN: (AppFailed, "The answer broke off: the connection to Dify ended before the app's end event came."),
    Kind.SILENT: (AppTimeout, "The app was silent for longer than the relay waits."),
    Kind.TOO_LONG: (AppTimeout, "The app took longer than the relay lets one run take."),
    Kind.TOO_MUCH: (AppFailed, "The app's answer is too much for the relay."),
}


def error_of(problem: Problem, *, told: bool, runs: bool = False) -> RelayError:
    """Give the error that a caller may read; `told` as of ServiceApiUnusable, `runs` for the run of an app itself."""
    kind = problem.kind
    if runs and problem.sent and kind in BEGUN:
        error_class, words = BEGUN[kind]
        error = error_class(words)
        error.begun = True
        return error
    if kind in FULL:
        error_class, words = FULL[kind]
        return error_class(f"{words} Please try again in a moment.", headers={"Retry-After": AGAIN})
    if kind is Kind.REFUSED:
        return _of_refusal(problem, told=told)
    advice = ADVICE.get(kind)
    unusable = ServiceApiUnusable(f"service_api_url: {problem}{f': {advice}' if advice else ''}", told=told)
    # a proxy has waited for what it had handed on, or has changed what Dify answers
    unusable.begun = runs and (problem.status == 504 or 200 <= problem.status < 300)
    return unusable


def _of_refusal(problem: Problem, *, told: bool) -> RelayError:
    if problem.status == 401:
        return ServiceApiUnusable(WRONG_KEY, told=told)
    if problem.status == 403:
        words = presentable(str((problem.envelope or {}).get("message") or "")).rstrip(".")
        return ServiceApiUnusable(f"{REFUSED}{f': {words}' if words else ''}", told=told)
    return from_answer(problem.status, problem.envelope)
