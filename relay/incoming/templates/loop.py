"""What a template sees as `loop` inside a `for`."""

from collections.abc import Callable, Mapping
from typing import Any

from relay.incoming.templates.budget import STEP, Budget
from relay.incoming.templates.operators import COMPARISONS
from relay.incoming.templates.values import ABSENT, Missing


class Loop:
    """One loop, and the pass it is at."""

    __slots__ = ("depth", "index", "items", "last_seen")

    def __init__(self, items: list[Any], depth: int) -> None:
        self.items, self.depth = items, depth
        self.index = 0  # from 0
        self.last_seen: Any = ABSENT

    def item(self, offset: int) -> Any:
        """Give the item so many passes away."""
        place = self.index + offset
        if 0 <= place < len(self.items):
            return self.items[place]
        return Missing("loop.previtem" if offset < 0 else "loop.nextitem")


ATTRIBUTES: Mapping[str, Callable[[Loop], Any]] = {
    "depth": lambda loop: loop.depth,
    "depth0": lambda loop: loop.depth - 1,
    "first": lambda loop: loop.index == 0,
    "index": lambda loop: loop.index + 1,
    "index0": lambda loop: loop.index,
    "last": lambda loop: loop.index == len(loop.items) - 1,
    "length": lambda loop: len(loop.items),
    "nextitem": lambda loop: loop.item(1),
    "previtem": lambda loop: loop.item(-1),
    "revindex": lambda loop: len(loop.items) - loop.index,
    "revindex0": lambda loop: len(loop.items) - loop.index - 1,
}


def cycle(work: Budget, loop: Loop, *args: Any) -> Any:
    work.charge(STEP)
    return args[loop.index % len(args)]


def changed(work: Budget, loop: Loop, *args: Any) -> bool:
    before, loop.last_seen = loop.last_seen, list(args)
    return before is ABSENT or COMPARISONS["ne"](work, before, loop.last_seen)
