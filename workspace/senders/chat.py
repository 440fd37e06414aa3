"""The chat at a sender, as a person sees it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

type By = Literal["person", "bot"]
type Dialect = Literal["plain", "markdown", "gfm", "mrkdwn", "html", "whatsapp"]
"""How a text is written: `html` is Telegram's, `mrkdwn` Slack's own, `gfm` the forges'."""
_KEPT = 1000


@dataclass(slots=True, kw_only=True)
class Message:
    """One message, comment or note."""

    id: str
    place: str  # channel, chat, person or issue
    text: str
    thread: str = ""
    by: By = "bot"
    dialect: Dialect = "plain"
    edits: int = 0
    streaming: bool = False
    ephemeral: bool = False  # only the person who asked sees it
    at: float = 0.0  # seconds since 1970
    changed: float = 0.0


@dataclass(slots=True, kw_only=True)
class Status:
    """A sign of life, such as "typing"."""

    place: str
    thread: str = ""
    text: str
    until: float


@dataclass(slots=True)
class Chat:
    """The messages of one sender in all its places, oldest first."""

    messages: list[Message] = field(default_factory=list)
    statuses: dict[tuple[str, str], Status] = field(default_factory=dict)

    def add(self, message: Message) -> Message:
        """Show a message; it ends the sign of life in its thread."""
        message.changed = message.at
        self.messages.append(message)
        del self.messages[:-_KEPT]
        if message.by == "bot":
            self.statuses.pop((message.place, message.thread), None)
        return message

    def edit(self, message: Message, text: str, dialect: Dialect, *, now: float) -> Message:
        message.text = text
        message.dialect = dialect
        message.edits += 1
        message.changed = now
        return message

    def find(self, message_id: str, *, place: str | None = None) -> Message | None:
        for message in self.messages:
            if message.id == message_id and place in {None, message.place}:
                return message
        return None

    def remove(self, message: Message) -> None:
        self.messages.remove(message)

    def show(self, status: Status) -> None:
        """Show a sign of life; an empty one ends it."""
        if status.text:
            self.statuses[status.place, status.thread] = status
        else:
            self.statuses.pop((status.place, status.thread), None)

    def alive(self, now: float) -> Iterator[Status]:
        """Yield the signs of life that are still shown."""
        yield from (status for status in self.statuses.values() if status.until > now)

    def clear(self) -> None:
        self.messages.clear()
        self.statuses.clear()

    def dump(self, now: float) -> dict[str, Any]:
        """Give {"messages": […], "status": […]} as JSON."""
        return {
            "messages": [asdict(message) for message in self.messages],
            "status": [asdict(status) for status in self.alive(now)],
        }
