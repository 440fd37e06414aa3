"""What the relay is to reach: ratios to the documentation's Duck, or to itself, in the same run; and a few bounds."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.rows import BURSTS, BYTES, CPU, FIRST, MEMORY, PAGE, REQUEST, UPDATES, WHOLE
from bench.targets import DUCK_NAME, GZIP, KEYED, RELAY

type Number = tuple[str, str, str]  # section and name of a line, and the target
type Find = Callable[[Number], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A number, or its ratio to another, and its bound."""

    of: Number
    to: Number | None = None
    bound: float
    least: bool = False  # the bound is the least it may be, not the most

    def reached(self, find: Find) -> float | None:
        """Give what was reached; None when it was not measured."""
        value = find(self.of)
        if self.to is None or value is None:
            return value
        other = find(self.to)
        return value / other if other else None

    def met(self, reached: float) -> bool:
        return reached >= self.bound if self.least else reached <= self.bound

    @property
    def name(self) -> str:
        section, line, target = self.of
        if self.to is None:
            return f"{section}, {line}: {target}"
        other_section, other_line, other = self.to
        against = other if (section, line) == (other_section, other_line) else f"{other}, {other_line}"
        return f"{section}, {line}: {target} to {against}"


def _to_duck(section: str, line: str, bound: float) -> Goal:
    return Goal(of=(section, line, RELAY), to=(section, line, DUCK_NAME), bound=bound)


def _gzip(line: str) -> Goal:
    return Goal(of=(CPU, line, GZIP), to=(CPU, line, RELAY), bound=1.10)


GOALS = (
    _to_duck(CPU, "burst of 2,000", 0.20),
    _to_duck(CPU, "60 × 100/s", 0.25),
    _to_duck(CPU, "300 × 20/s", 0.45),
    _to_duck(CPU, "1,000 × 5/s", 0.40),
    *map(_gzip, ("burst of 2,000", "60 × 100/s", "300 × 20/s", "1,000 × 5/s")),
    Goal(of=(CPU, "300 × 20/s", KEYED), to=(CPU, "300 × 20/s", RELAY), bound=1.0),
    Goal(of=(CPU, "1,000 × 5/s", RELAY), to=(CPU, "10 × 5/s", RELAY), bound=1.5),
    _to_duck(REQUEST, "one event, 10 at a time", 0.80),
    _to_duck(FIRST, "first byte, 300 at once, p50", 1.0),
    *(
        Goal(of=(BURSTS, "arrived whole", name), to=(BURSTS, "tries", name), bound=1.0, least=True)
        for name in (RELAY, GZIP)
    ),
    Goal(of=(BYTES, "an event of a token", GZIP), to=(BYTES, "an event of a token", RELAY), bound=0.10),
    *(Goal(of=(WHOLE, "5 events in 100 ms", name), bound=150) for name in (RELAY, GZIP)),
    *(Goal(of=(UPDATES, window, GZIP), bound=25, least=True) for window in ("0–2 s", "4–6 s", "9–12 s")),
    *(Goal(of=(UPDATES, window, RELAY), bound=8, least=True) for window in ("0–2 s", "4–6 s", "9–12 s")),
    *(Goal(of=(PAGE, "page", name), to=(PAGE, "server-sent events", name), bound=1.3) for name in (RELAY, GZIP)),
    _to_duck(MEMORY, "1,000 streams", 1.2),
)
