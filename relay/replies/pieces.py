"""An answer in pieces, as the rungs of a channel have said it and will say it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relay.replies.channel import Rung
from relay.replies.state import Left, State
from relay.texts.fit import fit

BETWEEN = "\n\n"
FENCES = ("```", "~~~")


@dataclass(frozen=True, slots=True)
class Part:
    """One piece: as it is sent, and the Markdown that it comes from."""

    text: str
    source: str
    plain: bool = False


class Pieces:
    """Cuts a text that grows. What was cut or converted last time is not done again."""

    def __init__(self, rungs: Sequence[Rung], rest: Callable[[], None]) -> None:
        """`rest` is called after each piece that was converted: some take 50 ms, and an answer may be a hundred."""
        self._rungs = rungs
        self._rest = rest
        self._key: object = None
        self._found: list[Part] = []
        self._known: dict[tuple[object, str], str] = {}

    def of(self, text: str, state: State) -> list[Part]:
        """Give the pieces that are to be said on the rung stood on, after those that were said on the rungs before.

        Rungs with the same limit and dialect share their pieces. Otherwise what is left of the text is cut anew.
        """
        key = (text, state.rung, len(state.left), state.plain_from)
        if self._key != key:
            used: dict[tuple[object, str], str] = {}
            self._found = self._cut_all(text, state, used)
            self._key, self._known = key, used
        return self._found

    def _cut_all(self, text: str, state: State, used: dict[tuple[object, str], str]) -> list[Part]:
        found: list[Part] = []
        before: Rung | None = None
        for left in [*state.left, Left(rung=state.rung, said=0, plain_from=state.plain_from)]:
            rung = self._rungs[left.rung]
            if before is None or _shape(before) != _shape(rung):
                found = self._cut(_source(found) if before else text, rung, rung.dialect, used)
            if left.plain_from is not None and not all(part.plain for part in found[left.plain_from :]):
                bare = self._cut(_source(found[left.plain_from :]), rung, rung.plain, used, plain=True)
                found = found[: left.plain_from] + bare
            found = found[left.said :]
            before = rung
        return found

    def _cut(
        self,
        text: str,
        rung: Rung,
        dialect: Callable[[str], str],
        used: dict[tuple[object, str], str],
        *,
        plain: bool = False,
    ) -> list[Part]:
        sources: dict[str, str] = {}

        def convert(markdown: str) -> str:
            key = (dialect, markdown)
            written = self._known.get(key)
            if written is None:
                written = dialect(markdown)
                self._rest()
            used[key] = written
            sources[written] = markdown
            return written

        pieces = fit(text, most(rung), rung.measure, convert, source=rung.source)
        return [Part(piece, sources.get(piece, piece), plain=plain) for piece in pieces]


def open_end(piece: str, text: str) -> str:
    """Give a piece of a growing text without the fence that was closed only because the text ends there."""
    head, newline, line = piece.rpartition("\n")
    closes = line.strip().startswith(FENCES) and not line.strip().strip("`~")
    return head if closes and not text.rstrip().endswith(newline + line) else piece


def most(rung: Rung) -> int:
    return min(rung.limit, rung.stream.most) if rung.stream else rung.limit


def _shape(rung: Rung) -> tuple[object, ...]:
    return most(rung), rung.measure, rung.dialect, rung.plain


def _source(found: Sequence[Part]) -> str:
    return BETWEEN.join(part.source for part in found)
