"""Numbers of several turns as tables: medians, ratios and goals."""

import os
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator

from bench.goals import GOALS, Goal, Number
from bench.rows import Line
from bench.targets import DUCK_NAME, GZIP, KEYED, NAMES, RELAY

_RATIOS = ((RELAY, DUCK_NAME), (GZIP, RELAY), (KEYED, RELAY))


class Numbers:
    """What was measured so far."""

    def __init__(self) -> None:
        self._turns: defaultdict[Line, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def add(self, line: Line, target: str, value: float) -> None:
        self._turns[line][target].append(value)

    def find(self, number: Number) -> float | None:
        """Give the median, or the sum, of a number; None when it was not measured."""
        section, name, target = number
        for line in self._turns:
            if (line.section, line.name) == (section, name):
                return self._value(line, target)
        return None

    def _value(self, line: Line, target: str) -> float | None:
        values = self._turns[line].get(target)
        if not values:
            return None
        return sum(values) if line.summed else statistics.median(values)

    def tables(self) -> Iterator[str]:
        """Give lines of Markdown, a table for each section."""
        sections = list(dict.fromkeys(line.section for line in self._turns))
        for section in sections:
            within = (line for line in self._turns if line.section == section)
            yield f"### {section}"
            yield ""
            yield from _row("", *NAMES, *(f"{one} : {other}" for one, other in _RATIOS))
            yield from _row("---", *["---:"] * (len(NAMES) + len(_RATIOS)))
            for line in within:
                values = {name: self._value(line, name) for name in NAMES}
                ratios = [_ratio(values[one], values[other]) for one, other in _RATIOS]
                unit = f", {line.unit}" if line.unit else ""
                yield from _row(f"{line.name}{unit}", *map(_text, values.values()), *ratios)
            yield ""

    def goals(self) -> Iterator[str]:
        yield from _row("", "goal", "reached", "")
        yield from _row("---", "---:", "---:", "---")
        for goal in GOALS:
            reached = goal.reached(self.find)
            if reached is not None:
                yield from _row(goal.name, _bound(goal), _text(reached), "met" if goal.met(reached) else "**missed**")


def _ratio(one: float | None, other: float | None) -> str:
    return "" if one is None or not other else f"{one / other:.2f}"


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _bound(goal: Goal) -> str:
    return f"{'≥' if goal.least else '≤'} {goal.bound:g}"


def _row(*cells: str) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def machine(turns: int) -> str:
    """Say where the numbers come from, without naming the machine."""
    version = platform.python_version()
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {version}; medians (or sums) of {turns} turns."
    )
