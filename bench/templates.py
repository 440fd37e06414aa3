"""`python -m bench.templates`: what the worst template and body cost that were found, and a search for worse ones.

A template is its owner's, the body a stranger's; neither may take more than 1 s of CPU or 64 MiB besides the body.
CPU time is the filling's alone; memory is the most that tracemalloc saw above what was there before, in a second one.
"""

import argparse
import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings, target
from hypothesis import strategies as st

from relay.errors import RelayError
from relay.incoming.templates import LARGEST_BODY, Budget, TextTemplate

SECONDS = 1.0
MEMORY = 64.0  # MiB
WORST = 3  # of the found ones, to show, in each respect
MEASURABLE = 50_000  # units

TEN = "{% for z in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] %}"


@dataclass(frozen=True, slots=True, order=True)
class Cost:
    """What one filling took."""

    seconds: float
    memory: float  # MiB
    units: int
    outcome: str

    @property
    def dearness(self) -> float:
        """Seconds of a unit: much of it means that something is charged too little."""
        return self.seconds / self.units if self.units > MEASURABLE else 0

    @property
    def within(self) -> bool:
        return self.seconds < SECONDS and self.memory < MEMORY


def measure(source: str, body: Any) -> Cost:
    try:
        template = TextTemplate("template", source)
    except RelayError as error:
        return Cost(0, 0, 0, error.message)
    work = Budget()
    start = time.process_time()
    outcome = _fill(template, body, work)
    seconds = time.process_time() - start
    tracemalloc.start()
    _fill(template, body, Budget())
    memory = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return Cost(seconds, memory, work.spent, outcome)


def _fill(template: TextTemplate, body: Any, work: Budget) -> str:
    try:
        return f"{len(template.fill({'body': body}, work))} characters"
    except RelayError as error:
        return error.message


CASES: dict[str, tuple[str, Callable[[], Any]]] = {
    "a long text in each line": (
        "{% for i in body.items %}{{ body.customer }}: {{ i.name }}\n{% endfor %}",
        lambda: {"customer": "x" * 60_000, "items": [{"name": "a"}] * 10_000},
    ),
    "concatenated in each line": (
        "{% for i in body.items %}{{ body.customer ~ ': ' }}{% endfor %}",
        lambda: {"customer": "x" * 60_000, "items": [{"name": "a"}] * 10_000},
    ),
    "replaced by a long text": (
        "{{ body.t | replace('a', body.u) }}",
        lambda: {"t": "a" * 50_000, "u": "b" * 50_000},
    ),
    "a sum in each line": (
        "{% for i in body %}{{ i.n / (body | sum(attribute='n')) }} {% endfor %}",
        lambda: [{"n": number} for number in range(10_000)],
    ),
    "lists added up": ("{{ body | sum(start=[]) | length }}", lambda: [[1]] * 100_000),
    "one list in another": ("{{ body | select('in', body) | length }}", lambda: list(range(20_000))),
    "loop in loop": (
        "{% for a in body %}{% for b in body %}{{ b.x.y }}{% endfor %}{% endfor %}",
        lambda: [{"x": {"y": "q"}}] * 3000,
    ),
    "nothing in loops": ("{% for a in body %}{% for b in body %}{% endfor %}{% endfor %}", lambda: [1] * 3000),
    "a filter on each item": (
        "{% for a in body %}{{ body | map('upper') | join }}{% endfor %}",
        lambda: ["ab"] * 50_000,
    ),
    "a text's characters": ("{{ body | list | length }}", lambda: "\U0001f600" * 262_144),
    "a text's words": ("{{ body.split() | length }}", lambda: "ж " * 120_000),
    "titled": ("{{ body | title }}", lambda: "ж-" * 349_000),
    "upper case, kept": (
        "".join(f"{{% set a{n} = body | upper %}}" for n in range(99)),
        lambda: "\U0001f600" * 262_144,
    ),
    "comments in HTML": ("{{ body | striptags }}", lambda: "<!---->" * 140_000),
    "comments without an end": ("{{ body | striptags }}", lambda: "<!--" * 260_000),
    "entities": ("{{ body | striptags }}", lambda: ("&" + "a" * 31) * 32_000),
    "numbers of one hash": (
        "{{ body | unique | length }}",
        lambda: [number * (2**61 - 1) for number in range(1, 45_000)],
    ),
    "sorted again and again": (
        "{{ body" + " | sort" * 20 + " }}",
        lambda: [n * 7919 % 150_001 for n in range(150_000)],
    ),
    "sorted long texts": ("{{ body | sort | length }}", lambda: ["x" * 200 + str(n) for n in range(5000)]),
    "as JSON, indented": (
        "{{ body | tojson(indent=8) }}",
        lambda: json.loads("[" * 90 + "1," * 3000 + "1" + "]" * 90),
    ),
    "as JSON": ("{{ body | tojson }}", lambda: [{"a": 1}] * 110_000),
    "in Python's words": ("{{ [body] }}", lambda: ["\x7f" * 100] * 2500),
    "for a URL": ("{{ body | urlencode }}", lambda: "\U0001f600" * 80_000),
    "stripped of many characters": (
        "{{ body.a.strip(body.b) }}",
        lambda: {"a": "x" * 500_000, "b": "y" * 499_999 + "x"},
    ),
    "short searches": (
        TEN * 6 + "{{ body.n in body.h }}" + "{% endfor %}" * 6,
        lambda: {"n": "a" * 600 + "b" + "a" * 600, "h": "a" * 2499},
    ),
    "longer searches": (
        TEN * 6 + "{{ body.n in body.h }}" + "{% endfor %}" * 6,
        lambda: {"n": "a" * 50 + "b" + "a" * 48, "h": "a" * 29_999},
    ),
    "a number squared": ("{% set a = body %}" + "{% set a = a * a %}" * 40 + "{{ a }}", lambda: 7**100),
    "a text as a format": ("{{ body is odd }}", lambda: "%999999999d"),
    "a power of ten": ("{{ 1 | round(body, 'floor') }}", lambda: 10**9),
    "a list of itself": ("{% set a = body %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}", lambda: [1]),
    "two of them compared": (
        "{% set a = body %}{% set b = [1] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40 + "{{ a == b }}",
        lambda: [1],
    ),
    "the whole, compared": ("{% for a in body %}{{ body == body }}{% endfor %}", lambda: [[]] * 199_000),
    "the whole": ("{{ body }}", lambda: [[]] * 199_000),
    "missing names, kept": (
        "{% for a in body %}{{ [" + "b.x, " * 500 + "] }}{% endfor %}",
        lambda: [1] * 100_000,
    ),
    "missing fields, kept": (
        "".join(f"{{% set a{n} = body | map(attribute='x') %}}" for n in range(99)),
        lambda: [1] * 10_000,
    ),
    "empty objects, kept": (
        "{% for a in body %}{{ [" + "{}, " * 500 + "] }}{% endfor %}",
        lambda: [1] * 100_000,
    ),
    "small objects, kept": (
        "{% for a in body %}{{ [" + "{1: a}, " * 500 + "] }}{% endfor %}",
        lambda: [1] * 100_000,
    ),
    "lists of lists, kept": (
        "".join(f"{{% set a{n} = body | map('list') | map('map', 'list') %}}" for n in range(99)),
        lambda: ["é"] * 10_000,
    ),
    "pairs, kept": (
        "".join(f"{{% set a{n} = body.items() %}}" for n in range(99)),
        lambda: {str(n): n for n in range(10_000)},
    ),
    "rounded floats": (
        "{% for a in body %}" + "{% set b = a | round(3) %}" * 200 + "{% endfor %}",
        lambda: [1.797e308] * 10_000,
    ),
    "small JSON": (
        "{% for a in body %}" + "{% set b = a | tojson %}" * 200 + "{% endfor %}",
        lambda: [{"a": 1.797e308}] * 10_000,
    ),
    "many names": (
        "".join(f"{{% set a{n} = 1 %}}" for n in range(1000))
        + "{% for a in body %}{% for b in [] %}{% endfor %}{% endfor %}",
        lambda: [1] * 100_000,
    ),
}

# The search: bodies of the kinds that cost most, and templates that know their fields.

TEXTS = ("a", "é", "\U0001f600", "ab ", "<b>", "<!--", "&amp;", "a\n", "\x7f", "&#x", "ß", "1", "a-")
SIZES = (10, 1000, 30_000, 250_000)
ITEMS: tuple[Callable[[int], Any], ...] = (
    lambda n: n,
    lambda n: n * (2**61 - 1),
    lambda n: n / 7,
    str,
    lambda n: "x" * 100 + str(n),
    lambda n: [n],
    lambda n: {"k": n, "v": "é" * (n % 9)},
    lambda _: {},
    lambda _: None,
)
bodies = st.fixed_dictionaries(
    {
        "t": st.tuples(st.sampled_from(TEXTS), st.sampled_from(SIZES)).map(lambda drawn: drawn[0] * drawn[1]),
        "u": st.tuples(st.sampled_from(TEXTS), st.sampled_from(SIZES)).map(lambda drawn: drawn[0] * drawn[1]),
        "l": st.tuples(st.sampled_from(ITEMS), st.sampled_from(SIZES[:3])).map(
            lambda drawn: [drawn[0](number) for number in range(drawn[1])]
        ),
        "o": st.sampled_from(SIZES[:3]).map(lambda size: {str(number): number for number in range(size)}),
        "n": st.sampled_from((0, 7, 10**300, 10**4000, 1e308)),
    }
).filter(lambda body: len(json.dumps(body, ensure_ascii=False).encode()) <= LARGEST_BODY)

FILTERS = (
    *(
        "abs",
        "capitalize",
        "dictsort",
        "first",
        "float",
        "int",
        "items",
        "join",
        "join(', ')",
        "join(body.t)",
        "last",
    ),
    *(
        "length",
        "list",
        "lower",
        "map('string')",
        "map('upper')",
        "map('list')",
        "map('tojson')",
        "map(attribute='k')",
    ),
    *(
        "map('replace', 'a', 'bb')",
        "map('int')",
        "map('length')",
        "max",
        "min",
        "reject('odd')",
        "replace('a', body.u)",
    ),
    *(
        "replace('', 'bb')",
        "replace(body.u, '')",
        "reverse",
        "round(3)",
        "select('in', body.l)",
        "select('eq', body.l)",
    ),
    *("select('string')", "selectattr('k')", "selectattr('k', 'gt', 3)", "sort", "sort(attribute='k')", "string"),
    *("sort(attribute='v,k')", "striptags", "sum", "sum(attribute='k')", "title", "tojson", "tojson(indent=4)"),
    *("trim(body.u)", "truncate(99999)", "unique", "unique(attribute='k')", "upper", "urlencode", "wordcount"),
)
SUFFIXES = (
    ".split()",
    ".split(body.u)",
    ".splitlines()",
    ".strip(body.u)",
    ".values()",
    ".items()",
    "[::-1]",
    "[1:]",
    "[0]",
)
OPERATORS = ("~", "+", "-", "*", "/", "//", "%", "==", "<", "in", "and", "or")
expressions = st.recursive(
    st.sampled_from(["body", "body.t", "body.u", "body.l", "body.o", "body.n", "a", "7", "'a'"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(FILTERS)).map(lambda drawn: "({} | {})".format(*drawn)),
        st.tuples(inner, st.sampled_from(SUFFIXES)).map(lambda drawn: "{}{}".format(*drawn)),
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda drawn: "({} {} {})".format(*drawn)),
        st.lists(inner, max_size=3).map(lambda drawn: f"[{', '.join(drawn)}]"),
    ),
    max_leaves=6,
)
templates = st.recursive(
    expressions.map("{{{{ {} }}}}".format),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(expressions, inner).map(lambda drawn: "{{% for a in {} %}}{}{{% endfor %}}".format(*drawn)),
        st.tuples(expressions, inner).map(lambda drawn: "{{% set a = {} %}}{}".format(*drawn)),
        st.tuples(inner, inner).map(lambda drawn: "{{% set a %}}{}{{% endset %}}{}".format(*drawn)),
        inner.map(lambda drawn: f"{TEN}{drawn}{{% endfor %}}"),
    ),
    max_leaves=5,
).map("{{% set a = body.l %}}{}".format)


def search(examples: int, start: int) -> list[tuple[Cost, str, str]]:
    """Try so many templates on bodies; give the worst in time, in memory and in time per unit, with their bodies."""
    tried: dict[str, tuple[Cost, str]] = {}

    @seed(start)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.target],
        suppress_health_check=list(HealthCheck),
    )
    @given(templates, bodies)
    def attempt(source: str, body: dict[str, Any]) -> None:
        cost = measure(source, body)
        target(cost.seconds, label="seconds")
        target(cost.memory, label="memory")
        target(cost.dearness, label="seconds per unit")
        fields = ", ".join(f"{name}: {json.dumps(body[name])[:12]}" for name in sorted(body))
        tried[source] = max(tried.get(source, (cost, fields)), (cost, fields))

    attempt()
    ranks: tuple[Callable[[Cost], float], ...] = (
        lambda cost: cost.seconds,
        lambda cost: cost.memory,
        lambda cost: cost.dearness,
    )
    worst = {}
    for rank in ranks:
        ranked = sorted(tried, key=lambda source: rank(tried[source][0]), reverse=True)
        worst.update({source: tried[source] for source in ranked[:WORST]})
    return [(cost, source, fields) for source, (cost, fields) in worst.items()]


def _rows(examples: int, start: int) -> Iterator[tuple[str, Cost]]:
    for name, (source, body) in CASES.items():
        yield name, measure(source, body())
    if examples:
        for cost, source, fields in search(examples, start):
            yield f"{source}\n    on {fields}\n   ", cost


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=200, help="templates to try in the search; 0 for none")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    over = 0
    print(f"{'':32} {'CPU s':>7} {'MiB':>6} {'units':>11} {'ns':>4}")
    for name, cost in _rows(asked.examples, asked.seed):
        over += not cost.within
        numbers = f"{cost.seconds:7.3f} {cost.memory:6.1f} {cost.units:11,} {cost.dearness * 1e9:4.0f}"
        print(f"{name:32} {numbers} {'OK  ' if cost.within else 'OVER'} {cost.outcome[:70]}")
    print(
        f"{over} over {SECONDS:g} s or {MEMORY:g} MiB" if over else f"All below {SECONDS:g} s and {MEMORY:g} MiB: OK"
    )
    sys.exit(bool(over))


if __name__ == "__main__":
    main()
