"""A caller that stops reading for a while, and what of the answer is missing afterwards.

While it pauses, what the app says waits in the network and then in the 128 slots of Dify's plugin daemon, which
silently drops what does not fit. On loopback the kernel alone would hold megabytes and hide that, so this caller
connects as over Ethernet: small segments, which keep the sender's buffer small, and a small buffer of its own.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import h11
import httpx

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
    url = httpx.URL(base_url + path.format(app_id=paused.scenario.app_id))
    status, body = 0, bytearray()
    async for event in _events(url, paused, headers):
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
    tally = Tally()
    count(status, body.decode(), paused.scenario, tally, read)
    return tally


async def _events(url: httpx.URL, paused: Pause, headers: Mapping[str, str]) -> AsyncIterator[h11.Event]:
    loop = asyncio.get_running_loop()
    connection = h11.Connection(h11.CLIENT)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        caller.setblocking(False)
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, paused.receive_buffer)
        await loop.sock_connect(caller, (url.host, url.port or 80))
        given: list[tuple[str, str]] = [("Host", url.netloc.decode()), *headers.items(), ("Connection", "close")]
        request = connection.send(h11.Request(method="GET", target=url.raw_path, headers=given))
        await loop.sock_sendall(caller, (request or b"") + (connection.send(h11.EndOfMessage()) or b""))
        stop = float("inf")
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                if loop.time() >= stop:
                    stop = float("inf")
                    await asyncio.sleep(paused.seconds)
                connection.receive_data(await loop.sock_recv(caller, READ))
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                return
            elif isinstance(event, h11.Event):
                if isinstance(event, h11.Response):
                    stop = loop.time() + paused.after
                yield event
