"""What tests of histories share: a client's messages, a chat app, and an endpoint that one process serves."""

from collections.abc import Iterator, Mapping
from typing import Any

from relay.call import Call
from relay.errors import AppFailed
from relay.event import Event
from relay.incoming.openai import messages
from relay.run.histories import Histories
from relay.run.history import history_of, tell
from relay.run.inbox import Inbox
from relay.run.records import HISTORIES
from tests.relay.run.records import Clock, Process
from tests.relay.storage import Shelf

type Message = Mapping[str, Any]

DAY = 24 * 3600.0
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.org/duck.png"}}


def user(content: Any) -> Message:
    return {"role": "user", "content": content}


def said(content: Any) -> Message:
    return {"role": "assistant", "content": content}


def system(content: str) -> Message:
    return {"role": "system", "content": content}


class App:
    """A chat app that answers each question in capitals, and begins a conversation where it is given none."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.asked: list[tuple[str | None, str]] = []
        self.refuses = refuses
        self.fails = False

    def __call__(self, call: Call) -> Iterator[Event | None]:
        self.asked.append((call.conversation_id, call.query))
        if self.refuses and call.conversation_id:
            raise self.refuses
        conversation_id = call.conversation_id or f"c{len(self.asked)}"
        yield None
        yield {"event": "message", "conversation_id": conversation_id, "answer": call.query.upper()}
        if self.fails:
            raise AppFailed("It broke.")
        yield {"event": "message_end", "conversation_id": conversation_id}

    @property
    def conversations(self) -> list[str | None]:
        return [conversation_id for conversation_id, _ in self.asked]


class Endpoint:
    """An endpoint that one process serves at a time; `restart` begins another."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.app = App()
        self.now = 0.0
        self.restart()

    def restart(self) -> None:
        self.process = Process(self.shelf, Clock(1_700_000_000.0 + self.now))

    def ask(
        self,
        *written: Message,
        user: str | None = None,
        named: bool = True,
        app_id: str = "a",
        endpoint_id: str = "e",
    ) -> str:
        """Send messages, and give the answer."""
        running = self.running(*written, user=user, named=named, app_id=app_id, endpoint_id=endpoint_id)
        return "".join(str(event["answer"]) for event in running if event and "answer" in event)

    def running(
        self,
        *written: Message,
        user: str | None = None,
        named: bool = True,
        app_id: str = "a",
        endpoint_id: str = "e",
    ) -> Iterator[Event | None]:
        conversation = messages.read([*written])
        told = tell(conversation, system=conversation.system)
        read: list[str] = []
        histories = Histories(
            records=self.process.records(HISTORIES, endpoint_id),
            aside=Inbox().aside,
            history=history_of(conversation, app_id=app_id, user=user, named=named, told=told),
            said=lambda: "".join(read),
        )
        call = Call(app_id=app_id, query=told, user=user)
        for event in histories.run(call, self.app):
            if event and "answer" in event:
                read.append(str(event["answer"]))
            yield event

    @property
    def conversations(self) -> list[str | None]:
        return self.app.conversations
