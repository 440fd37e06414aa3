"""Runs that whoever began them may stop, by the task's id that Dify gave them.

A task is known by its endpoint, app and user beside its id: whoever names another of these asks for another task,
and an id, which is random, is told to nobody but the caller who began it. What a page has begun is known without a
user, and by no API. In the process where it runs it stops at
once. For another process, who asks leaves a mark in the storage, and each run looks for its own now and then; a mark
that nobody looks for goes by itself, and all of them together are bounded.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from relay.event import ENDS, Event, kind
from relay.run.dify import StorageFailed, StorageSilent
from relay.run.records import Records
from relay.run.stopped import Stopped

STOPPED = "stopped_by_reader"  # an event of ours, for a page alone: of a chat Dify's own end does not say it
LOOK = 5.0  # seconds from one look for a mark to the next: a shorter run costs no call to the storage
LONGEST = 600.0  # seconds after which Dify's daemon has ended any request
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)  # a task's; Dify's are UUIDs


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who may stop a task: no other endpoint, app or user."""

    endpoint_id: str
    app_id: str
    user: str | None  # "" for nobody, who stops nothing; None for who holds the page that began it

    def name(self, task_id: str) -> str:
        """Name the task for all processes."""
        return json.dumps([self.endpoint_id, self.app_id, self.user, task_id])


_running: dict[str, "Task"] = {}
_lock = threading.Lock()


class Task:
    """One run, which ends early when it is asked to."""

    def __init__(
        self, scope: Scope, *, records: Records, wake: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        """Take where marks are, what wakes whoever takes the events, and what gives seconds since 1970."""
        self._scope = scope
        self._records = records
        self._wake = wake
        self._clock = clock
        self._until = clock() + LONGEST
        self._stopped = Stopped(clock)
        self._name = ""  # until an event says its task's id
        self._asked = False
        self._left = False
        self.stopped = False
        """Whether it ended because it was asked to."""

    def events(self, events: Iterator[Event | None]) -> Iterator[Event | None]:
        """Pass the events on until the run is stopped, then Dify's own end of such a run."""
        ended = False
        for event in events:
            if self._asked and not ended:
                self.stopped = True
                if self._scope.user is None:
                    yield {"event": STOPPED}
                yield from self._stopped.ending()
                return
            if event is not None:
                self._see(event)
                ended = ended or kind(event) in ENDS
            yield event

    def stop(self) -> None:
        """Let it end; may be called from any thread."""
        self._asked = True
        self._wake()

    def look(self) -> bool:
        """Look whether another process was asked to stop it, and tell whether to look again."""
        if self._asked or self._clock() > self._until:
            self.leave()
            return False
        if not self._name:
            return True
        try:
            if self._records.read(self._name) is None:
                return True
            self._records.remove(self._name)
        except StorageSilent:  # its caller is gone
            return False
        except StorageFailed:
            return True
        self.stop()
        return False

    def leave(self) -> None:
        """Forget it: it has ended, in whatever way."""
        with _lock:
            self._left = True
            _running.pop(self._name, None)

    def _see(self, event: Event) -> None:
        self._stopped.see(event)
        task_id = event.get("task_id")
        if self._name or not isinstance(task_id, str) or self._scope.user == "":
            return
        with _lock:
            if not self._left:
                self._name = self._scope.name(task_id)
                _running[self._name] = self


def stop(scope: Scope, task_id: str, records: Records | None) -> None:
    """Stop a task, wherever it runs; one that is not this scope's, or not there, is left as it is.

    Without `records` it is stopped only if this process runs it: a stranger, whom no limit counts, writes nothing.
    Raises StorageFailed, RecordsFull.
    """
    if scope.user == "" or not _ID.fullmatch(task_id):
        return
    name = scope.name(task_id)
    with _lock:
        task = _running.get(name)
    if task:
        task.stop()
    elif records:
        records.write(name, {})
