"""An answer in pieces that a sender takes after they are converted."""

from collections.abc import Callable, Iterator

from relay.texts.measure import Measure
from relay.texts.split import split

type Dialect = Callable[[str], str]


def fit(text: str, limit: int, measure: Measure, dialect: Dialect, *, source: Measure | None = None) -> list[str]:
    """Cut Markdown into pieces that are at most `limit`, from 20 on, in a dialect.

    `measure` counts converted text; `source`, if it is another, what is yet to be converted. A piece that grew too
    much is cut again, smaller.
    """

    def fitting(part: str, room: int) -> Iterator[str]:
        for piece in split(part, room, source or measure):
            converted = dialect(piece)
            if measure(converted) > limit and room > 1:
                yield from fitting(piece, room * 3 // 4)
            elif converted.strip():
                yield converted

    return list(fitting(text, limit))
