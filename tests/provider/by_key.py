"""An app that is reached by its key, at a Dify that is played."""

from collections.abc import Iterator, Mapping
from typing import Any

from provider.service_api.api import ServiceApi
from provider.service_api.row import AppByKey
from relay.call import Call, Interface
from relay.errors import RelayError
from relay.run.inbox import Inbox
from tests.provider.played_dify import Answer, Asked, head

KEY = "app-0123456789abcdefghijklmn"
MESSAGE = {"event": "message", "task_id": "t", "answer": "quack"}
END = {"event": "message_end", "task_id": "t"}
CHUNKED = head("200 OK", "application/json", "Transfer-Encoding: chunked")
CONVERSATION = "7f0d0a52-3d3b-4c44-9d2e-0c5f0d0a5234"


def app_at(url: str, *, told: bool = True) -> AppByKey:
    return AppByKey(ServiceApi(url, KEY), told=told)


def run(app: AppByKey, **call: Any) -> list[Mapping[str, Any]]:
    inbox = Inbox()
    events = []
    for event in app.run(Call(app_id="a", **{"interface": Interface.CHAT, **call}), inbox).events():
        if event is None:
            inbox.wait(5)
        else:
            events.append(event)
    return events


def ids(rows: list[tuple[Answer, type[RelayError], str]]) -> list[str]:
    return [f"{number}-{row[2][:40]}" for number, row in enumerate(rows)]


def closed_under_the_second(answer: Answer) -> Answer:
    """Answer once over the first connection, and end it when it is asked again."""
    asked_before: set[int] = set()

    def answer_once(asked: Asked) -> Iterator[bytes]:
        if asked.connection in asked_before:
            raise OSError
        asked_before.add(1)
        yield from answer(asked)

    return answer_once
