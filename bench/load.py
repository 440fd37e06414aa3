"""Many calls at once, and what of their answers is missing."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import httpx

from bench.answer import Gunzip

RUNTIMES = ("local", "remote", "serverless")
NDJSON = "/duck/{app_id}?query=hi&format=ndjson"  # the relay's path whose answer `read_ndjson` reads
DUCK = "/duck/{app_id}"  # that of the documentation's Duck, for `read_duck`

GARBLED = "garbled"
_NUMBER = re.compile(r" tok(\d+)(?: |$)")

type Read = Callable[[str], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """So many requests for an answer of so many events."""

    requests: int
    events: int
    gap: int = 0  # milliseconds between two events
    callers: int = 1  # at a time
    size: int = 0  # characters of text in an event, behind its number
    kind: str = "words"  # of text, or base64

    @property
    def app_id(self) -> str:
        """Name the scripted app of the workspace that answers so."""
        return f"chat-{self.events}-{self.gap}-{self.size}-{self.kind}"


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of it."""

    sent: int = 0  # events, the end event included
    lost: int = 0  # of them
    cut: int = 0  # answers without their end event
    disordered: int = 0  # answers whose events came in another order, twice, or as something else
    failed: int = 0  # answers of another status than 200

    @property
    def sound(self) -> bool:
        """Tell whether nothing is missing."""
        return not (self.lost or self.cut or self.disordered or self.failed)

    def __add__(self, other: Self) -> "Tally":
        return Tally(**{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)})


def read_ndjson(text: str) -> list[dict[str, Any]]:
    """Read one event a line; of a last line that broke off nothing."""
    return [_event(line) for line in text.split("\n")[:-1] if line]


def read_duck(text: str) -> list[dict[str, Any]]:
    """Read what the documentation's Duck writes; of a last event that broke off nothing."""
    return [_event(event) for event in text.split("<br>")[:-1]]


def _event(text: str) -> dict[str, Any]:
    """Read an event. What lacks a part may be none any more, above all where it was compressed."""
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        return {"event": GARBLED}


async def run(base_url: str, scenario: Scenario, *, headers: Mapping[str, str], path: str, read: Read) -> Tally:
    """Call `base_url` + `path`, in which {app_id} stands for the app; give what is missing from the answers."""
    tally = Tally()
    turn = asyncio.Semaphore(scenario.callers)
    limits = httpx.Limits(max_connections=scenario.callers)

    async def call(client: httpx.AsyncClient) -> None:
        body = bytearray()
        async with turn, client.stream("GET", base_url + path.format(app_id=scenario.app_id)) as answer:
            # httpx takes a compressed answer that broke off for a whole one, so it is undone here
            gunzip = Gunzip(answer.headers.get("Content-Encoding", ""))
            complete = True
            try:
                async for piece in answer.aiter_raw():
                    body += gunzip.feed(piece)
            except httpx.RemoteProtocolError:
                complete = False
        text = body.decode(errors="replace")
        count(answer.status_code, text, scenario, tally, read, complete=complete and gunzip.complete)

    async with httpx.AsyncClient(headers=dict(headers), timeout=120, limits=limits) as client:
        await asyncio.gather(*(call(client) for _ in range(scenario.requests)))
    return tally


def number(event: Mapping[str, Any]) -> int:
    """Read the number of a scripted app's message, " tok17" or " tok17 and so on"; -1 where it has none."""
    found = _NUMBER.match(str(event.get("answer")))
    return int(found[1]) if found else -1


def count(status: int, text: str, scenario: Scenario, tally: Tally, read: Read, *, complete: bool = True) -> None:
    """Compare one answer with what the app said, and add what is missing to the tally.

    An answer that is not complete broke off: below the text, in HTTP or in gzip.
    """
    tally.sent += scenario.events + 1
    if status != httpx.codes.OK:
        tally.failed += 1
        tally.lost += scenario.events + 1
        return
    events = read(text)
    numbers = [number(event) for event in events if event.get("event") in {"message", GARBLED}]
    ended = bool(events) and events[-1].get("event") == "message_end"
    tally.lost += len(set(range(scenario.events)) - set(numbers)) + (not ended)
    tally.cut += not (ended and complete)
    tally.disordered += -1 in numbers or numbers != sorted(set(numbers))
