"""The steps of a run: which go on, which are done, and all of them at the end.

Source: Dify's API reference, "Run Workflow", and the stream responses in its api/core/app/entities/task_entities.py.
A node that runs several times, in an iteration or a loop, has an id of its own each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from relay.event import Event, detail, kind
from relay.page import plain
from relay.run.transcript import failure_of

MOST_SHOWN = 500  # steps of the list at the end
MOST_GOING = 3  # that go on, of those the latest
MOST_LATEST = 2  # that are done


class State(StrEnum):
    """By Dify's words for the status of a node."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXCEPTION = "exception"  # it failed, and the run went on
    STOPPED = "stopped"
    RETRY = "retry"
    PAUSED = "paused"


_STATES = frozenset(State) - {State.RUNNING}
_ENDS = frozenset({"node_finished", "iteration_completed", "loop_completed"})
_BEGINS = frozenset({"node_started", "iteration_started", "loop_started"})
_NEXT = frozenset({"iteration_next", "loop_next"})
EVENTS = frozenset({*_ENDS, *_BEGINS, *_NEXT, "node_retry"})


@dataclass(slots=True, kw_only=True)
class Step:
    """One step, as far as it has come."""

    title: str
    type: str
    state: State = State.RUNNING
    seconds: float | None = None
    error: str = ""
    rounds: int = 0  # of an iteration or a loop


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What goes on at one moment."""

    going: Sequence[Step]  # the latest
    more: int  # beside them
    latest: Sequence[Step]  # of those that are done
    done: int


class Steps:
    """Folds the events of a run's steps. Feed it each of `EVENTS` once, in order."""

    def __init__(self) -> None:
        self._first: list[Step] = []  # as many as are shown at the end
        self._going: dict[str, Step] = {}
        self._latest: list[Step] = []
        self._done = 0
        self.count = 0

    def take(self, event: Event) -> None:
        """Take one event in."""
        data, name = detail(event), kind(event)
        key = _key(data, name)
        step = self._going.get(key) or self._begin(key, data)  # it may have begun before anyone looked
        if name in _BEGINS:
            return
        if name in _NEXT:
            step.rounds += 1
            return
        step.error = failure_of(event) or step.error
        if name == "node_retry":
            step.state = State.RETRY
            step.error = step.error or plain.text(data.get("error"), plain.LONGEST_NAME)
            return
        status = data.get("status")
        step.state = State(status) if isinstance(status, str) and status in _STATES else State.SUCCEEDED
        if step.state is State.SUCCEEDED:
            step.error = ""
        step.seconds = plain.seconds(data.get("elapsed_time"))
        del self._going[key]
        self._done += 1
        self._latest = [*self._latest[-MOST_LATEST + 1 :], step]

    def now(self) -> Now:
        """Give what goes on, in a size that does not grow."""
        going = [*islice(reversed(self._going.values()), MOST_GOING)][::-1]
        return Now(going=going, more=len(self._going) - len(going), latest=tuple(self._latest), done=self._done)

    def end(self, state: State) -> None:
        """Say what became of the steps of which no end was told."""
        for step in self._going.values():
            step.state = state
        self._going.clear()

    def all(self) -> Sequence[Step]:
        """Give the steps in their order, at most `MOST_SHOWN`; `count` tells how many there were."""
        return self._first

    def _begin(self, key: str, data: Mapping[str, Any]) -> Step:
        step = Step(
            title=plain.name(data.get("title")) or plain.name(data.get("node_id")),
            type=plain.name(data.get("node_type")),
        )
        self._going[key] = step
        self.count += 1
        if len(self._first) < MOST_SHOWN:
            self._first.append(step)
        return step


def _key(data: Mapping[str, Any], name: str) -> str:
    """Name the step: iterations and loops tell their node's id alone, and under both names."""
    if name.startswith(("iteration", "loop")):
        return f"node {plain.text(data.get('node_id'), plain.LONGEST_NAME)}"
    return f"run {plain.text(data.get('id') or data.get('node_id'), plain.LONGEST_NAME)}"
