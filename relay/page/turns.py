"""The earlier turns of a conversation, which the page's form carries: nothing of them is stored here.

They come back as a text of whoever posts the form: `{"dropped": 3, "turns": [["What?", "That."], …]}`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from relay import wire
from relay.errors import RelayError

LARGEST = 256 * 1024  # bytes of the JSON, as the form carries it
MOST = 200  # turns: each costs the page some markup, however short it is
CUT = "…"  # stands behind what was too long
_MOST_DROPPED = 1_000_000
_AROUND = 64  # bytes of the JSON that are no turn's
_SHARE = 8  # of a turn that has to be cut, the question keeps one part of so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question and what was answered."""

    query: str
    answer: str  # Markdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """The latest turns, the oldest first."""

    latest: tuple[Turn, ...] = ()
    dropped: int = 0  # older ones, for which there was no room

    def add(self, turn: Turn) -> "Turns":
        """Put one more turn behind the others; the oldest go where there is no room.

        Of a turn that has no room alone, question and answer keep their beginnings.
        """
        room = LARGEST - _AROUND
        kept: list[Turn] = []
        for one in reversed((*self.latest, _fitting(turn, room))):
            room -= _size(one)
            if room < 0 or len(kept) == MOST:
                break
            kept.append(one)
        dropped = self.dropped + len(self.latest) + 1 - len(kept)
        return Turns(latest=tuple(reversed(kept)), dropped=min(dropped, _MOST_DROPPED))


def dump(turns: Turns) -> str:
    """Write turns as the form carries them."""
    return _json({"dropped": turns.dropped, "turns": [[turn.query, turn.answer] for turn in turns.latest]})


def load(text: str) -> Turns:
    """Read what `dump` wrote. None for anything else, and for what is larger than that ever is. Raises nothing."""
    if len(text) > LARGEST or len(wire.encode(text)) > LARGEST:
        return Turns()
    try:
        told = wire.parse(text, "duck.turns")
    except RelayError:
        return Turns()
    if not isinstance(told, dict) or told.keys() != {"dropped", "turns"}:
        return Turns()
    dropped, listed = told["dropped"], told["turns"]
    if (
        not _is_number(dropped)
        or not isinstance(listed, list)
        or len(listed) > MOST
        or not all(map(_is_turn, listed))
    ):
        return Turns()
    return Turns(latest=tuple(Turn(query=query, answer=answer) for query, answer in listed), dropped=dropped)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_DROPPED


def _is_turn(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value)


def _fitting(turn: Turn, room: int) -> Turn:
    """Give a turn that has room, and can be written as UTF-8."""
    turn = Turn(query=_whole(turn.query), answer=_whole(turn.answer))
    if _size(turn) <= room:
        return turn
    query = _begun(turn.query, room // _SHARE)
    left = room - _size(Turn(query=query, answer=""))
    return Turn(query=query, answer=_begun(turn.answer, left))


def _begun(text: str, room: int) -> str:
    """Give as much of a text's beginning as has room, in bytes of its JSON."""
    if _length(text) <= room:
        return text
    fits, too_many = 0, min(len(text), room) + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if _length(text[:middle] + CUT) <= room:
            fits = middle
        else:
            too_many = middle
    return text[:fits] + CUT


def _size(turn: Turn) -> int:
    """Count the bytes of a turn in the JSON, with the comma that may stand behind it."""
    return len(_json([turn.query, turn.answer]).encode()) + 1


def _length(text: str) -> int:
    return len(_json(text).encode()) - len('""')


def _whole(text: str) -> str:
    """Put halves of surrogate pairs together, and something else in the place of those that stand alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _json(value: dict[str, Any] | Sequence[str] | str) -> str:
    return wire.dump(value)
