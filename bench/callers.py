"""Many callers in a process of their own, so that neither what is measured nor who measures waits for them.

While a load goes on they keep what they read and when, and nothing else; they look into it afterwards.
"""

import asyncio
import gc
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context

import httpx

from bench import process
from bench.answer import Answer, Read, Reading, look
from bench.process import Pid

SETTLE = 0.2  # seconds: what an answer costs after its caller has it
WATCH = 0.25  # seconds from one look at the memory to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """So many requests to one address."""

    url: str
    headers: Mapping[str, str]
    requests: int = 1
    callers: int = 1  # at a time
    spread: float = 0.0  # seconds over which the first of them begin
    plugin: Pid
    front: Pid  # the process between caller and plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a load, and what it cost."""

    answers: tuple[Answer, ...]
    seconds: float  # from the first request to the last answer's end
    cpu: float  # seconds of the plugin's process
    front: float  # of the process between
    callers: float  # of the callers' own
    memory: int  # KiB: the plugin's largest resident size meanwhile

    @property
    def events(self) -> int:
        """Count the events that arrived."""
        return sum(answer.events for answer in self.answers)


class Callers:
    """The callers' process."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def call(self, load: Load) -> Result:
        return self._pool.submit(_call, load).result()


@contextmanager
def callers() -> Iterator[Callers]:
    """Start the process, and end it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield Callers(pool)


class _Caller(asyncio.Protocol):
    def __init__(self, request: bytes) -> None:
        self._request = request
        self.reads: list[Read] = []
        self.asked = 0.0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.reads.append((time.monotonic(), data))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's shape
        self.closed.set_result(time.monotonic())


def _call(load: Load) -> Result:
    return asyncio.run(_run(load))


async def _run(load: Load) -> Result:
    url = httpx.URL(load.url)
    loop = asyncio.get_running_loop()
    turn = asyncio.Semaphore(load.callers)
    made: list[tuple[Reading, _Caller]] = []

    async def call(number: int) -> None:
        if number < load.callers and load.spread:
            await asyncio.sleep(load.spread * number / load.callers)
        async with turn:
            reading = Reading()
            caller = _Caller(reading.request(load.url, load.headers))
            made.append((reading, caller))
            caller.asked = time.monotonic()
            await loop.create_connection(lambda: caller, url.host, url.port or 80)
            await caller.closed

    gc.collect()
    gc.disable()
    watched: list[int] = []
    watching = asyncio.create_task(_watch(load.plugin, watched))
    costs = [process.cpu(pid) for pid in (load.plugin, load.front)]
    own, begin = time.process_time(), time.monotonic()
    await asyncio.gather(*map(call, range(load.requests)))
    seconds, own = time.monotonic() - begin, time.process_time() - own
    await asyncio.sleep(SETTLE)
    plugin, front = (process.cpu(pid) - cost for pid, cost in zip((load.plugin, load.front), costs, strict=True))
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    gc.enable()
    return Result(
        answers=tuple(look(reading, caller.asked, caller.reads, caller.closed.result()) for reading, caller in made),
        seconds=seconds,
        cpu=plugin,
        front=front,
        callers=own,
        memory=max(watched),
    )


async def _watch(pid: Pid, watched: list[int]) -> None:
    while True:
        watched.append(process.memory(pid))
        await asyncio.sleep(WATCH)
