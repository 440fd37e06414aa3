"""What one sender does: a row of the table of senders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.senders import batch
from relay.senders.batch import Divide
from relay.senders.delivery import Delivery, text_of
from relay.senders.handshake import Handshake
from relay.senders.preset import Reading, none
from relay.senders.proof import Proof
from relay.senders.reply import Reply

IDEMPOTENCY_KEY = "idempotency-key"  # IETF draft "The Idempotency-Key HTTP Header Field"

type Field = Callable[[Delivery], str]  # "" for nothing
type Message = Callable[[Mapping[str, Any], str], Mapping[str, Any]]  # from Preset.reply and an answer's text


@dataclass(frozen=True, slots=True)
class Header:
    """A field of the delivery's head, by its lower-case name."""

    name: str

    def __call__(self, delivery: Delivery) -> str:
        return delivery.header(self.name)


@dataclass(frozen=True, slots=True)
class Path:
    """A field of the delivery's payload."""

    path: str

    def __call__(self, delivery: Delivery) -> str:
        value = delivery.find(self.path)
        return "true" if value is True else text_of(value)


def digest(delivery: Delivery) -> str:
    """Give the body's SHA-256: the id where the sender's own stands beside what it signs.

    Whoever has seen a delivery can change a header that nothing signs, and without a signed time an old delivery is
    as good as a new one: only the body tells that it was here before. So two deliveries with the same body are one.
    """
    return f"sha256:{delivery.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What one sender does."""

    name: str
    label: str  # on the settings form
    proofs: Sequence[Proof]  # one that holds is enough
    own_payload: bool = True  # False: it may be written for the relay, with its fields
    divide: Divide = batch.undivided
    ids: Sequence[Field] = ()  # what may identify the delivery, the best first
    repeats: Sequence[Field] = ()  # there in a delivery that was sent before, "0" apart
    handshakes: Sequence[Handshake] = ()
    preset: Callable[[Delivery], Reading] = none
    # the JSON that the sender shows as the answer; None: it does not look at the response
    message: Message | None = None
    # what a delivery hears that is ignored, and a batch that is done, so that the sender does not send it again
    acknowledgement: Reply = Reply()  # noqa: RUF009 - frozen
    # what a delivery hears whose answer comes later, and not in the response
    accepted: Reply = Reply()  # noqa: RUF009 - frozen
    # what to put on an error that would only be repeated, so that the sender does not send it again
    no_retry_headers: Mapping[str, str] = field(default_factory=dict)
    deadline: float | None = None  # seconds that the sender waits for an answer; None: it does not say

    def messages(self, delivery: Delivery) -> Sequence[Delivery]:
        """Give a delivery for each message, event or notification in a batch, in their order.

        A single one is the same object, and a malformed batch stays whole. Raises PayloadTooLarge above
        batch.MOST_PARTS messages. To be called after verify: signatures cover the batch, not its parts.
        """
        return batch.deliveries(delivery, self.divide(delivery.payload))

    def delivery_id(self, delivery: Delivery) -> str | None:
        """Give what is the same when the delivery comes again; None for nothing. Of a batch: of its first message."""
        return next((text for read in self.ids if (text := read(delivery))), None)

    def is_repeated(self, delivery: Delivery) -> bool:
        """Tell whether the sender says that it sends this delivery once more."""
        return any(read(delivery) not in {"", "0"} for read in self.repeats)
