"""One row of the table of senders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from relay.senders.delivery import Delivery, text_of
from relay.senders.handshake import Handshake
from relay.senders.preset import Reading, none
from relay.senders.proof import Proof
from relay.senders.reply import Reply

IDEMPOTENCY_KEY = "idempotency-key"  # IETF draft "The Idempotency-Key HTTP Header Field"


@dataclass(frozen=True, slots=True)
class Header:
    """A field of the delivery's head, by its lower-case name."""

    name: str

    def read(self, delivery: Delivery) -> str:
        return delivery.header(self.name)


@dataclass(frozen=True, slots=True)
class Path:
    """A field of the delivery's payload."""

    path: str

    def read(self, delivery: Delivery) -> str:
        value = delivery.find(self.path)
        return "true" if value is True else text_of(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What one sender does."""

    name: str
    proofs: Sequence[Proof]  # one that holds is enough
    ids: Sequence[Header | Path] = ()  # where the delivery's id may stand, the best place first
    repeats: Sequence[Header | Path] = ()  # there in a delivery that was sent before, "0" apart
    handshakes: Sequence[Handshake] = ()
    preset: Callable[[Delivery], Reading] = none
    # what a delivery hears that is ignored, runs already or is done, so that the sender does not send it again
    acknowledgement: Reply = Reply()  # noqa: RUF009 - frozen
    # what to put on an error that would only be repeated, so that the sender does not send it again
    no_retry_headers: Mapping[str, str] = field(default_factory=dict)
    deadline: float | None = None  # seconds that the sender waits for an answer; None: it does not say

    def delivery_id(self, delivery: Delivery) -> str | None:
        """Give the id that the sender repeats when it sends a delivery again; None for none.

        Most headers are not under the signature: such an id tells honest repetitions apart, not forged ones.
        """
        places = (*self.ids, Header(IDEMPOTENCY_KEY))
        return next((text for place in places if (text := place.read(delivery))), None)

    def is_repeated(self, delivery: Delivery) -> bool:
        """Tell whether the sender says that it sent this delivery before."""
        return any(place.read(delivery) not in {"", "0"} for place in self.repeats)
