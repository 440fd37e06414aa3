"""What a template may cost: one number that everything it does is taken from, before it is done.

A unit is a character written, some 4 bytes and at the most 60 ns; what costs more than a character is several units.
So the same number bounds the time and, as if nothing were ever freed, the memory.
"""

from collections.abc import Callable
from typing import Any

LARGEST_BODY = 1024 * 1024  # bytes that templates may see of a request
LONGEST_TEXT = 1024 * 1024  # characters, of a value or of the whole
UNITS = 8_000_000
SECONDS = 1.0  # the last resort, on a machine that is slower than any that was measured

STEP = 10  # units: one node of the template carried out, one attribute looked up
PIECE = 20  # an item that is made: a text of its own with its slot in a list, a pair
WEIGHED = 8  # an item that is only looked at
SLOT = 2  # an item of a list that is copied, and one that is compared in C

_LOOK = 20_000  # units from one look at the clock to the next
_DIGITS = 0.302  # decimal digits of a bit


class Exhausted(Exception):
    """A template goes over its limits; the text says over which."""


class Budget:
    """The work left for the templates of one request."""

    def __init__(
        self, units: int = UNITS, *, clock: Callable[[], float] | None = None, seconds: float = SECONDS
    ) -> None:
        """Take units of work and, if there is to be a deadline, a clock that counts seconds and how many of them."""
        self._units = self._left = units
        self._clock = clock or float  # one that stands still
        self._end = self._clock() + seconds
        self._look = units

    @property
    def spent(self) -> int:
        """The units charged so far."""
        return self._units - self._left

    def charge(self, units: int) -> None:
        """Take units for what comes next. Raises Exhausted when they are not there: then it must not be done."""
        self._left -= units
        if self._left < self._look:
            self._check()

    def text(self, length: int) -> None:
        """Charge a text of that many characters. Raises Exhausted, too, for one that is too long."""
        if length > LONGEST_TEXT:
            raise Exhausted(f"a text is longer than {LONGEST_TEXT} characters")
        self.charge(length)

    def weigh(self, value: Any) -> int:
        """Charge, and return, the size of a value with all that is in it: what a walk through it costs.

        Raises what a missing name raises when it is used, and TypeError for what JSON does not know.
        """
        total, found = WEIGHED, [value]
        self.charge(WEIGHED)
        while found:
            one = found.pop()
            if isinstance(one, str):
                cost = len(one)
            elif isinstance(one, list | tuple):
                cost = len(one) * WEIGHED
            elif isinstance(one, dict):
                cost = len(one) * WEIGHED * 2
            else:
                cost = digits(one)
            total += cost
            self.charge(cost)
            if isinstance(one, list | tuple):
                found.extend(one)
            elif isinstance(one, dict):
                found.extend(one)
                found.extend(one.values())
        return total

    def _check(self) -> None:
        if self._left < 0:
            raise Exhausted("it takes too much work for this request")
        if self._clock() > self._end:
            self._left = -1  # and so for each template that comes after
            raise Exhausted("it takes too long")
        self._look = max(self._left - _LOOK, 0)


def digits(value: Any) -> int:
    """Give the most characters that None, a boolean or a number can take. Raises TypeError for all else."""
    if isinstance(value, int):
        return 6 + int(value.bit_length() * _DIGITS)
    if value is None or isinstance(value, float):
        return 24
    bool(value)  # a missing name says so itself
    raise TypeError("not a value of JSON")
