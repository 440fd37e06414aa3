"""What a sender asks before it sends, answered without running an app."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from relay.senders.delivery import Delivery
from relay.senders.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """One question and its answer: None when the delivery does not ask it. May raise SignatureError."""

    signed: bool  # to be answered only after verify
    answer: Callable[[Delivery, Sequence[str]], Reply | None]  # with the tokens that the sender may name


def answer(
    delivery: Delivery, handshakes: Iterable[Handshake], *, signed: bool, verify_tokens: Sequence[str] = ()
) -> Reply | None:
    """Answer a handshake, or give None for an ordinary delivery.

    To be called twice: before verify with `signed=False` for questions that come unsigned, and after verify with
    `signed=True` for the rest. Raises SignatureError for a wrong verify token.
    """
    answers = (row.answer(delivery, verify_tokens) for row in handshakes if row.signed is signed)
    return next((given for given in answers if given is not None), None)
