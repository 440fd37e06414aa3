"""What templates cost is counted in units, so it is the same on every machine."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any, ClassVar

import pytest

from relay.incoming.templates import Budget, ObjectTemplate, TextTemplate, Unfilled
from relay.incoming.templates.budget import LARGEST_BODY, UNITS, Exhausted

TOO_LONG = "a text is longer than 1048576 characters"
TOO_MUCH = "it takes too much work for this request"
TEN = "{% for a in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] %}"


def spent(source: str, body: Any = None) -> int:
    work = Budget()
    TextTemplate("query_template", source).fill({"body": body}, work)
    return work.spent


def refused(source: str, body: Any, work: Budget | None = None) -> str:
    with pytest.raises(Unfilled) as caught:
        TextTemplate("query_template", source).fill({"body": body}, work)
    return caught.value.reason.removeprefix("goes too far: ")


LINES = {"customer": "x" * 60_000, "items": [{"name": "a"}] * 10_000}
NUMBERS = {"items": [{"n": number} for number in range(10_000)]}
MANY = list(range(20_000))


@pytest.mark.parametrize(
    ("source", "body", "said"),
    [
        ("{% for i in body.items %}{{ body.customer }}: {{ i.name }}\n{% endfor %}", LINES, TOO_LONG),
        ("{% for i in body.items %}{{ body.customer ~ ': ' }}{% endfor %}", LINES, TOO_MUCH),
        ("{% for i in body.items %}{{ body.customer + ': ' }}{% endfor %}", LINES, TOO_MUCH),
        ("{{ body.t | replace('a', body.t) }}", {"t": "a" * 50_000}, TOO_LONG),
        ("{{ body.t.replace('', body.t) }}", {"t": "a" * 50_000}, TOO_LONG),
        ("{{ body.l | join(body.t) }}", {"t": "a" * 50_000, "l": [1] * 50_000}, TOO_LONG),
        ("{{ body | list | join(body) }}", "a" * 200_000, TOO_LONG),
        ("{{ [body, body] }}", "x" * 600_000, TOO_LONG),
        ("{% for i in body.items %}{{ i.n / (body.items | sum(attribute='n')) }} {% endfor %}", NUMBERS, TOO_MUCH),
        ("{{ body | select('in', body) | list }}", MANY, TOO_MUCH),
        ("{{ body | map('string') | select('in', body) }}", MANY, TOO_MUCH),
        ("{{ body | select('equalto', body) }}", [[0] * 20_000] * 1000, TOO_MUCH),
        ("{% for a in body %}{{ body == body }}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{{ body < body }}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{{ a in body }}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{{ body[1:] | length }}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{% set b = body | tojson %}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{% set b = body | sort %}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{% set b = body | unique %}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{% set b = body | map('abs') %}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{% set b = body + body %}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{% for b in body %}{% endfor %}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{{ loop.changed(body) }}{% endfor %}", MANY, TOO_MUCH),
        ("{% for a in body %}{{ body | map(attribute='x.y') | select('defined') }}{% endfor %}", MANY, TOO_MUCH),
        ("{{ body.a.strip(body.b) }}", {"a": "x" * 500_000, "b": "y" * 499_999 + "x"}, TOO_MUCH),
        ("{{ body.a | trim(body.b) }}", {"a": "x" * 500_000, "b": "y" * 499_999 + "x"}, TOO_MUCH),
        (TEN * 5 + "{{ body in body ~ 'x' }}" + "{% endfor %}" * 5, "a" * 1200, TOO_MUCH),
        (TEN * 5 + "{{ body.split('ab') }}" + "{% endfor %}" * 5, "a" * 1200, TOO_MUCH),
        (TEN * 5 + "{{ body | striptags }}" + "{% endfor %}" * 5, "<!---->" * 100, TOO_MUCH),
        ("{% for a in body %}{{ a }}{% endfor %}", "x" * 500_000, TOO_MUCH),
        ("{{ body | tojson(indent=8) }}", json.loads("[" * 90 + "1," * 9000 + "1" + "]" * 90), TOO_MUCH),
        ("{{ body | urlencode }}", "\U0001f600" * 262_144, TOO_LONG),
        ("".join(f"{{% set a{n} = body | upper %}}" for n in range(20)), "x" * 1_000_000, TOO_MUCH),
    ],
)
def test_what_grows_without_measure_is_refused(source: str, body: Any, said: str) -> None:
    assert refused(source, body) == said


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("{{ body }}", "x" * LARGEST_BODY),
        ("{{ body | upper | trim | truncate(100) }}", "x" * LARGEST_BODY),
        ("{{ body | replace('a', 'b') }}", "a" * LARGEST_BODY),
        ("{{ body | striptags }}", "<p>words</p> " * 80_000),
        ("{{ body | wordcount }}", "words " * 174_000),
        ("{{ body | tojson }}", [{"a": 1}] * 60_000),
        ("{{ body | sort | join(',') }}", list(range(20_000))),
        ("{{ body | unique | length }}", [number * (2**61 - 1) for number in range(40_000)]),
        ("{{ body | length }} {{ 'x' in body }}", "x" * LARGEST_BODY),
        ("{{ body | sum(attribute='n') }}", NUMBERS["items"]),
        ("{% for i in body %}{{ loop.index }}. {{ i.n | round(2) }}, {% endfor %}", NUMBERS["items"]),
        ("{% for line in body.splitlines() %}> {{ line }}\n{% endfor %}", "line\n" * 20_000),
    ],
)
def test_a_natural_template_on_a_large_body_is_not_refused(source: str, body: Any) -> None:
    assert 0 < spent(source, body) < UNITS


@pytest.mark.parametrize(
    ("source", "small", "large"),
    [
        ("{{ body | upper }}", "x" * 100, "x" * 200),
        ("{% for a in body %}{% endfor %}", [1] * 100, [1] * 200),
        ("{{ body | sum }}", [1] * 100, [1] * 200),
        ("{{ body | map('abs') | length }}", [1] * 100, [1] * 200),
        ("{{ body | select('odd') | length }}", [1] * 100, [1] * 200),
        ("{{ 7 in body }}", [1] * 100, [1] * 200),
        ("{{ body == body }}", [1] * 100, [1] * 200),
        ("{{ body[:] | length }}", "x" * 100, "x" * 200),
        ("{{ body | tojson | length }}", {"a": [1] * 100}, {"a": [1] * 200}),
        ("{{ body | length ~ body }}", "x" * 100, "x" * 200),
    ],
)
def test_twice_as_much_costs_twice_as_much(source: str, small: Any, large: Any) -> None:
    empty, once, twice = spent(source, small[:0] if isinstance(small, str | list) else {"a": []}), 0, 0
    once, twice = spent(source, small) - empty, spent(source, large) - empty
    assert 1.9 <= twice / once <= 2.1
    assert once >= 100


@pytest.mark.parametrize("kept", ["{}", "[]", "body.x", "x", "body.x.y"])
def test_whatever_can_be_kept_costs_at_least_the_memory_that_it_takes(kept: str) -> None:
    one, many = (spent("{% set a = [" + f"{kept}, " * times + "] %}", {}) for times in (1, 101))
    assert (many - one) / 100 >= 20


def test_what_is_not_there_is_not_spent() -> None:
    work = Budget(100)
    with pytest.raises(Exhausted):
        work.charge(101)
    with pytest.raises(Exhausted):
        work.charge(0)


class Told(list[int]):
    """A list that tells what was done to it."""

    done: ClassVar[list[str]] = []

    def tell(self, _: object) -> "Told":
        self.done.append("copied")
        return self

    __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __sub__ = __truediv__ = __floordiv__ = tell  # type: ignore[assignment]


def test_the_work_is_refused_before_it_is_done() -> None:
    Told.done.clear()
    assert refused("{{ body + body }}", Told(range(1000)), Budget(1000)) == TOO_MUCH
    assert Told.done == []
    TextTemplate("query_template", "{{ (body + body) | length }}").fill({"body": Told(range(1000))}, Budget(10_000))
    assert Told.done == ["copied"]


@pytest.mark.parametrize("operator", ["*", "/", "//", "%", "-"])
def test_all_operators_but_plus_take_numbers_alone_and_do_not_even_try_others(operator: str) -> None:
    Told.done.clear()
    for source in (f"{{{{ body {operator} 9 }}}}", f"{{{{ 9 {operator} body }}}}"):
        assert refused(source, Told([1])) == "can't be filled from this request (TypeError)"
    assert Told.done == []


def test_the_templates_of_one_request_share_one_budget() -> None:
    work = Budget()
    body = "x" * 900_000
    for _ in range(2):
        TextTemplate("query_template", "{{ body | upper }}").fill({"body": body}, work)
    tree = ObjectTemplate("inputs_template", '{"a": "{{ body | upper }}", "b": ["{{ body | upper }}"]}')
    with pytest.raises(Unfilled) as caught:
        tree.fill({"body": body}, work)
    assert caught.value.setting == "inputs_template"
    assert tree.fill({"body": body}).keys() == {"a", "b"}


def ticking(seconds: float) -> Iterator[float]:
    """A clock by which each look takes so long."""
    return (tick * seconds for tick in count())


def test_what_takes_too_long_is_refused_however_little_it_seemed() -> None:
    source = "{% for a in body %}{{ a }}{% endfor %}"
    slow, fast = ticking(0.4), ticking(0.0001)
    assert refused(source, MANY, late := Budget(clock=lambda: next(slow))) == "it takes too long"
    assert late.spent > UNITS
    assert refused("x", None, late) == TOO_MUCH
    TextTemplate("query_template", source).fill({"body": MANY}, Budget(clock=lambda: next(fast)))
