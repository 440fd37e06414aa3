"""A caller that stops reading for a while, and what of the answer is missing afterwards.

While it pauses, what the app says waits in the network and then in the 128 slots of Dify's plugin daemon, which
silently drops what does not fit. On loopback the kernel alone would hold megabytes and hide that, so this caller
connects as over Ethernet: small segments, which keep the sender's buffer small, and a small buffer of its own.
"""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import httpx

from bench.answer import Reading
from bench.load import Read, Scenario, Tally, count

SEGMENT = 1400  # bytes
READ = 64 * 1024  # bytes at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """One answer, and when its caller stops reading for how long."""

    scenario: Scenario
    after: float  # seconds from the first byte to the pause
    seconds: float
    receive_buffer: int = 16 * 1024  # bytes; the kernel doubles it for its own needs

    @property
    def name(self) -> str:
        return f"pause of {self.seconds:g} s after {self.after:g} s"


async def pause(base_url: str, paused: Pause, *, headers: Mapping[str, str], path: str, read: Read) -> Tally:
    """Call `base_url` + `path` as `load.run` does, once, with the pause in it."""
    url = base_url + path.format(app_id=paused.scenario.app_id)
    reading, body = Reading(), bytearray()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        await _connect(caller, httpx.URL(url), paused.receive_buffer)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(caller, reading.request(url, headers))
        stop = inf
        while data := await loop.sock_recv(caller, READ):
            unanswered = not reading.status
            body += reading.feed(data)
            if unanswered and reading.status:
                stop = loop.time() + paused.after
            if loop.time() >= stop:
                stop = inf
                await asyncio.sleep(paused.seconds)
    body += reading.feed(b"")
    tally = Tally()
    text = body.decode(errors="replace")
    count(reading.status, text, paused.scenario, tally, read, complete=reading.complete)
    return tally


async def _connect(caller: socket.socket, url: httpx.URL, receive_buffer: int) -> None:
    caller.setblocking(False)
    caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(caller, (url.host, url.port or 80))
