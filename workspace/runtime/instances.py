"""Several processes of one plugin: a daemon's local instances, or one process each of the daemons of a cluster."""

import asyncio
from collections import deque
from collections.abc import Sequence

from workspace.runtime.runtime import Runtime
from workspace.session import Session


class Instances:
    """Hands each request to the next process in turn, where its session stays; they share nothing but the storage."""

    def __init__(self, instances: Sequence[Runtime]) -> None:
        self.declaration = instances[0].declaration
        self._instances = instances
        self._turns = deque(instances)
        self._homes: dict[str, Runtime] = {}  # by session

    @property
    def pids(self) -> list[int]:
        return [pid for instance in self._instances for pid in instance.pids]

    @property
    def ready(self) -> bool:
        return any(instance.ready for instance in self._instances)

    async def start(self) -> None:
        await asyncio.gather(*(instance.start() for instance in self._instances))

    async def stop(self) -> None:
        await asyncio.gather(*(instance.stop() for instance in self._instances))

    async def open(self, session: Session, raw_request: bytes) -> None:
        home = self._homes[session.id] = self._next()
        await home.open(session, raw_request)

    def _next(self) -> Runtime:
        """Give the next in turn that is ready; where none is, the next, which waits until it is."""
        for _ in self._instances:
            self._turns.rotate(-1)
            if self._turns[-1].ready:
                return self._turns[-1]
        return self._turns[-1]

    def release(self, session: Session) -> None:
        if home := self._homes.pop(session.id, None):
            home.release(session)

    async def restart(self) -> None:
        await asyncio.gather(*(instance.restart() for instance in self._instances))

    def kill(self, session: Session, /) -> None:
        if home := self._homes.get(session.id):
            home.kill(session)
