"""An answer in pieces, as the rungs of a channel have said it and will say it."""

from collections.abc import Sequence
from dataclasses import dataclass

from relay.replies.channel import Rung
from relay.replies.state import Left
from relay.texts.fit import fit

BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece: as it is sent, and the Markdown that it comes from."""

    text: str
    source: str
    plain: bool = False


def parts(text: str, rungs: Sequence[Rung], left: Sequence[Left], rung: int, plain_from: int | None) -> list[Part]:
    """Give the pieces of a text that are to be said on a rung, after those that were said on the rungs before.

    Rungs with the same limit and dialect share their pieces. Otherwise what is left of the text is cut anew.
    """
    steps = [*((known.rung, known.plain_from, known.said) for known in left), (rung, plain_from, 0)]
    found: list[Part] = []
    before: Rung | None = None
    for number, plain, said in steps:
        now = rungs[number]
        if before is None:
            found = _cut(text, now, plain)
        elif _shape(before) != _shape(now):
            found = _cut(_source(found), now, plain)
        else:
            found = _plain(found, now, plain)
        found = found[said:]
        before = now
    return found


def open_end(piece: str, text: str) -> str:
    """Give a piece of a growing text without the fence that was closed only because the text ends there."""
    head, newline, line = piece.rpartition("\n")
    if (
        line.strip()[:3] in {"```", "~~~"}
        and not line.strip().strip("`~")
        and not text.rstrip().endswith(newline + line)
    ):
        return head
    return piece


def most(rung: Rung) -> int:
    return min(rung.limit, rung.stream.most) if rung.stream else rung.limit


def _shape(rung: Rung) -> tuple[object, ...]:
    return most(rung), rung.measure, rung.dialect, rung.plain


def _cut(text: str, rung: Rung, plain_from: int | None) -> list[Part]:
    sources: dict[str, str] = {}

    def dialect(markdown: str) -> str:
        written = rung.dialect(markdown)
        sources[written] = markdown
        return written

    pieces = fit(text, most(rung), rung.measure, dialect, source=rung.source)
    found = [Part(piece, sources.get(piece, piece)) for piece in pieces]
    return _plain(found, rung, plain_from)


def _plain(found: list[Part], rung: Rung, plain_from: int | None) -> list[Part]:
    """Take the formatting out of the pieces from one on; their number may change."""
    if plain_from is None or all(part.plain for part in found[plain_from:]):
        return found
    rest = _source(found[plain_from:])
    pieces = fit(rest, most(rung), rung.measure, rung.plain, source=rung.source)
    bare = [Part(piece, piece, plain=True) for piece in pieces]
    return found[:plain_from] + bare


def _source(found: Sequence[Part]) -> str:
    return BETWEEN.join(part.source for part in found)
