"""What can be made to go wrong at a sender's API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from math import inf
from typing import Any, Self


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault, for the requests whose `<method> <path>` holds `what`, as many `times` as are left."""

    what: str = ""
    times: float = 1
    status: int = 500
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 1.0

    def take(self, request: str) -> bool:
        """Tell whether it happens to this request; one time less is left then."""
        if self.times < 1 or self.what not in request:
            return False
        self.times -= 1
        return True


@dataclass(slots=True, kw_only=True)
class Faults:
    """The JSON of `PUT /workspace/senders/<name>/faults`; whatever is not named goes as it should.

    `fail`, `throttle`, `stall` and `accept_then_fail` are objects or lists of them, {"what", "times", …}. A number
    instead is the status of one failure, the seconds of one throttle or of every stall, or how often
    `accept_then_fail` happens.
    """

    fail: list[Fault] = field(default_factory=list)
    """Answers `status`, `body` and `headers`."""
    throttle: list[Fault] = field(default_factory=list)
    """Answers as the sender does to too many requests: to be tried again after `seconds`."""
    stall: list[Fault] = field(default_factory=list)
    """Waits `seconds` before the answer."""
    accept_then_fail: list[Fault] = field(default_factory=list)
    """Does what is asked and cuts the connection instead of answering."""
    down: int | bool = False
    """True: every connection is cut before anything is done. A number: the status of every answer."""
    message_deleted: bool = False
    """Whatever was posted is gone when it is to be edited."""
    channel_gone: bool = False
    """No place is known any more."""
    stream_expired: bool = False
    """Slack: no message is in its streaming state any more."""
    rates: bool = False
    """Keep the sender's own rates. Else there are none, and tests take no minutes."""

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Self:
        """Read the JSON object. Raises ValueError naming what is unknown."""
        if unknown := sorted(set(value) - {known.name for known in fields(cls)}):
            raise ValueError(f"unknown faults: {', '.join(unknown)}")
        faults = cls()
        for name, given in value.items():
            number = _NUMBERS.get(name)
            setattr(faults, name, given if number is None else _faults(given, number))
        return faults

    def first(self, faults: list[Fault], request: str) -> Fault | None:
        """Give the first of the faults that happens to a request."""
        return next((fault for fault in faults if fault.take(request)), None)


def _faults(value: Any, number: Callable[[float], Fault]) -> list[Fault]:
    given = value if isinstance(value, list) else [value]
    try:
        return [Fault(**one) if isinstance(one, Mapping) else number(one) for one in given]
    except TypeError as error:
        raise ValueError(f"faults: {error}") from error


# what a number stands for
_NUMBERS: Mapping[str, Callable[[float], Fault]] = {
    "fail": lambda status: Fault(status=int(status)),
    "throttle": lambda seconds: Fault(seconds=seconds),
    "stall": lambda seconds: Fault(seconds=seconds, times=inf),
    "accept_then_fail": lambda times: Fault(times=times),
}
