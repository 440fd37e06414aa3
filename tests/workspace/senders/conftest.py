import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from workspace.senders.standin import Answer, Received, StandIn
from workspace.senders.table import standins

NOW = 1_790_000_000.0


class Clock:
    """Time that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def all_standins(clock: Clock) -> Mapping[str, StandIn]:
    return standins(clock)


type Call = Callable[..., Answer]


def caller(standin: StandIn, **usual: str) -> Call:
    """Give a function that calls a stand-in with JSON and these headers."""

    def call(name: str, body: Any = None, query: str = "", **headers: str) -> Answer:
        method, _, path = name.partition(" ")
        named = {key.replace("_", "-"): value for key, value in {**usual, **headers}.items()}
        raw = b"" if body is None else json.dumps(body).encode()
        sent = Received(
            method=method,
            path=path,
            query=query,
            headers={"content-type": "application/json", "user-agent": "test", **named},
            body=raw,
        )
        standin.keep(standin.record(sent), answer := standin.answer(sent))
        return answer

    return call
