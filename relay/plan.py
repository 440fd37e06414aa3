"""What is to be done for one request, decided: data that can be printed, compared, stored, and carried out later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from relay.call import Call
from relay.incoming.access import Caller
from relay.run.history import History

VERSION = 1  # of a plan's shape: one that was stored by another version may have to be read otherwise
LARGEST = 256 * 1024  # bytes of a plan that is stored


class Dialect(StrEnum):
    """How an error is told."""

    DIFY = "dify"  # the JSON envelope of Dify's Service API
    PAGE = "page"  # something to read
    SENDER = "sender"  # to a webhook sender: by the status, which decides whether it sends again
    OPENAI = "openai"  # as OpenAI's API does


class Destination(StrEnum):
    """Where an answer goes."""

    RESPONSE = "response"
    LATER = "later"  # it is kept, for whoever asks for the delivery
    SENDER = "sender"  # to where the question was asked, by the sender's own API
    CALLBACK = "callback"  # to an address, as a request of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run of one app, and where its answer goes. Holds no secret, and no bytes once its files are uploaded."""

    version: int = VERSION
    caller: Caller
    endpoint_id: str
    hook_id: str = ""  # of the address that was called; Dify's own word, no caller can forge it
    call: Call
    form: str  # by name
    options: Mapping[str, Any] = field(default_factory=dict)  # what the form needs beside the query, as JSON
    dialect: Dialect = Dialect.DIFY
    thread: str | None = None  # of one user, where each has a conversation of its own
    history: History | None = None  # what the caller says was said before; then nothing else is remembered
    remembers: bool = False  # the user's conversation, from one call to the next
    stoppable: bool = False  # by whoever began it, who names its task
    delivery_id: str | None = None  # the same again is the same delivery
    fingerprint: str = ""  # of the request: another one under the same id is refused; "" when it may differ
    person: str = ""  # who asked, where the user stands for a whole thread
    sender: str | None = None  # whose delivery it is
    reply: Mapping[str, Any] | None = None  # what the sender's message needs beside the text
    context: Mapping[str, Any] | None = None  # what the answer template sees beside the answer
    destination: Destination = Destination.RESPONSE
    to: Mapping[str, Any] | None = None  # Preset.to
    # Preset.handle: stands in a record of its own, and in no dump
    handle: Annotated[Mapping[str, Any], Field(exclude=True)] = field(default_factory=dict, repr=False)
    joins: str = ""  # the bot is part of this thread from now on
    unasked: bool = False  # nobody spoke to the bot: it answers only if it is part of that thread already
    words: str = ""  # these are the answer, and no app runs
    forgets: bool = False  # the conversation that is remembered ends here
    callback: str = ""  # where the answer is sent
    listed: bool = False  # a payload or caller named that address: the owner must have listed its origin

    def dump(self) -> bytes:
        """Write the plan as JSON. Raises ValueError for one with files that are not uploaded yet, or over LARGEST."""
        if self.call.uploads:
            raise ValueError("files have to be uploaded before a plan is stored")
        stored: bytes = _adapter().dump_json(self)
        if len(stored) > LARGEST:
            raise ValueError(f"the plan is larger than {LARGEST} bytes")
        return stored

    @classmethod
    def load(cls, stored: bytes) -> "Plan":
        """Read what `dump` wrote. Raises ValueError for anything else."""
        return _adapter().validate_json(stored)

    @property
    def conversation(self) -> tuple[str, str | None, str | None, str | None]:
        """Tell which conversation the run belongs to: runs of one must not overtake each other."""
        return self.call.app_id, self.call.user, self.thread, self.call.conversation_id

    @property
    def has_conversation(self) -> bool:
        """Whether there may be other runs of the same conversation."""
        return bool(self.call.conversation_id or (self.remembers and self.call.user))


@cache
def _adapter() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)
