"""Batches: one request that holds several messages, taken apart so that each is a delivery of its own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any, TypeGuard

from relay import wire
from relay.errors import PayloadTooLarge
from relay.senders.delivery import Delivery

# the most that any sender promises to put into one: Meta docs, "Webhooks: Handling updates"
MOST_PARTS = 1000
# what stands beside the messages is written once for each of them: so much may be added in all
MOST_COPIED = 8 * 1024 * 1024  # bytes

type Parts = Iterable[Mapping[str, Any]]
type Divide = Callable[[Mapping[str, Any]], Parts]  # a payload into payloads with one message each


def undivided(_: Mapping[str, Any]) -> Parts:
    """Leave a delivery whole: most senders send one thing at a time."""
    return ()


def each(name: str) -> Divide:
    """Divide a payload whose messages are the objects of one list."""

    def divide(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        items = payload.get(name)
        for item in items if objects(items) else ():
            yield {**payload, name: [item]}

    return divide


def deliveries(delivery: Delivery, parts: Parts) -> Sequence[Delivery]:
    """Give each part as a delivery whose body is the part's JSON; headers and query string stay.

    The delivery itself, alone, when there are no two parts. Raises PayloadTooLarge when dividing it would cost too
    much: what is acknowledged must have run.
    """
    coming = iter(parts)
    first = list(islice(coming, 2))
    if len(first) < 2:
        return (delivery,)
    divided: list[Delivery] = []
    room = len(delivery.body) + MOST_COPIED
    for part in chain(first, coming):
        body = wire.encode(wire.dump(part))
        room -= len(body)
        if room < 0 or len(divided) == MOST_PARTS:
            raise PayloadTooLarge(f"The delivery holds more than {MOST_PARTS} messages, or too large ones.")
        divided.append(replace(delivery, body=body))
    return divided


def objects(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Tell whether it is a list of objects, and not an empty one."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
