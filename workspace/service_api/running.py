"""The runs: each a task of its own, which goes on when its reader is gone, until it ends or is stopped."""

import asyncio
import json
import sys
import traceback

from workspace.apps.app import App, AppCall, Broken, Event, Mode, Refused, unknown
from workspace.calls import Call, Outcome
from workspace.service_api.ending import Ending
from workspace.service_api.recording import Recording
from workspace.stream import Stream

PING = None
"""Stands between the events where Dify pings."""


class Run:
    """One run of an app."""

    def __init__(self, *, app: App, call: AppCall, mode: Mode, journalled: Call, recording: Recording) -> None:
        self.owner = (call.app_id, call.user)
        self.task_id = ""
        self.events = Stream[Event | None](sys.maxsize)
        """What the reader gets. Raises Refused where the app refused the call before its first event."""
        self._app = app
        self._call = call
        self._journalled = journalled
        self._recording = recording
        self._ending = Ending(call, mode)
        self._stopped = False
        self._task: asyncio.Task[None] | None = None

    def begin(self, runs: "Runs", ping_s: float) -> None:
        self._task = asyncio.create_task(self._go(runs, ping_s))
        runs.tasks.add(self._task)
        self._task.add_done_callback(runs.tasks.discard)

    def stop(self) -> None:
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    def leave(self) -> None:
        """Tell that nobody reads any more."""
        self.events.close()
        self.events.drain()

    async def _go(self, runs: "Runs", ping_s: float) -> None:
        pinging = asyncio.create_task(self._ping(ping_s))
        outcome: Outcome = "failed"
        try:
            async for event in self._app.run(self._call):
                self._take(event, runs)
                # Dify is another process: its events come while they are read, not before.
                await asyncio.sleep(0)
            outcome = "finished"
        except asyncio.CancelledError:
            if not self._stopped:
                raise
            outcome = "aborted"
            for event in self._ending.stopped(self._recording.answer):
                self._take(event, runs)
        except Refused as refusal:
            if not self._journalled.events:
                self.events.close(refusal)
            else:
                self._take(self._ending.broken(**json.loads(refusal.body)), runs)
        except Broken as failure:
            self._take(self._ending.broken(400, "completion_request_error", str(failure)), runs)
        except Exception:  # noqa: BLE001 - Dify says no more of it, and logs it
            traceback.print_exc()
            self.events.close(unknown("Internal Server Error"))
        finally:
            pinging.cancel()
            runs.by_task.pop(self.task_id, None)
            self._recording.end()
            self._journalled.end(outcome)
            self.events.close()

    async def _ping(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            self.events.write(PING)

    def _take(self, event: Event, runs: "Runs") -> None:
        self._journalled.events += 1
        if not self.task_id and isinstance(event.get("task_id"), str):
            self.task_id = event["task_id"]
            runs.by_task[self.task_id] = self
        self._ending.see(event)
        self._recording.see(event)
        self.events.write(event)


class Runs:
    """The runs that go on."""

    def __init__(self) -> None:
        self.by_task: dict[str, Run] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def stop(self, task_id: str, app_id: str, user: str) -> None:
        """Stop a run that this user of this app has begun; nothing happens for any other, and nothing tells."""
        run = self.by_task.get(task_id)
        if run is not None and run.owner == (app_id, user):
            run.stop()
