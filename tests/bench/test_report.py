"""The tables of `make bench`, from numbers that were never measured."""

import os
from dataclasses import replace

import pytest

from bench.answer import Answer
from bench.callers import Callers, Load, Result
from bench.goals import GOALS, Goal
from bench.report import Numbers
from bench.rows import ROWS, Line, Measuring
from bench.targets import NAMES, Target, given

ANSWER = Answer(
    status=200,
    encoding="",
    wire=3000,
    events=11,
    whole=True,
    first_byte=0.1,
    first_event=0.2,
    ended=1.0,
    seconds=1.1,
    updates=(0.2, 1.0),
)


class Imagined(Callers):
    """Callers who call nobody."""

    def __init__(self) -> None:
        self.loads: list[Load] = []

    def call(self, load: Load) -> Result:
        self.loads.append(load)
        return Result(answers=(ANSWER,) * load.requests, seconds=1.0, cpu=0.5, front=0.2, callers=0.1, memory=100_000)


def target(name: str) -> Target:
    return Target(
        name=name, url="http://127.0.0.1:1/{app_id}", headers={}, plugin=os.getpid, restart=None, folder=None
    )


def test_every_goal_is_about_what_the_rows_measure() -> None:
    numbers = Numbers()
    for row in ROWS:
        for name in row.targets:
            measuring = Measuring(target=target(name), callers=Imagined(), quick=row.name == "rest")  # it takes time
            for line, value in row.measure(measuring):
                numbers.add(line, name, value)
    assert [goal.name for goal in GOALS if goal.reached(numbers.find) is None] == []


HEAD = (
    "|  | bare | duck | relay | relay gzip | relay by key"
    " | relay : duck | relay gzip : relay | relay by key : relay |"
)
TIME = Line("Time", "of a duck", "ms")
TRIES = Line("Tries", "whole", "", summed=True)


def test_a_table_has_medians_sums_and_ratios() -> None:
    numbers = Numbers()
    for name, values in (("duck", (8, 1, 9)), ("relay", (4, 2, 400)), ("relay gzip", (1, 1, 1))):
        for value in values:
            numbers.add(TIME, name, value)
            numbers.add(TRIES, name, value)
    assert list(numbers.tables()) == [
        "### Time",
        "",
        HEAD,
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| of a duck, ms |  | 8 | 4 | 1 |  | 0.50 | 0.25 |  |",
        "",
        "### Tries",
        "",
        HEAD,
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| whole |  | 18 | 406 | 3 |  | 22.56 | 0.01 |  |",
        "",
    ]


@pytest.mark.parametrize(
    ("goal", "reached", "met"),
    [
        (Goal(of=("Time", "of a duck", "relay"), to=("Time", "of a duck", "duck"), bound=0.5), 0.5, True),
        (Goal(of=("Time", "of a duck", "relay"), to=("Time", "of a duck", "duck"), bound=0.49), 0.5, False),
        (Goal(of=("Time", "of a duck", "relay"), bound=4, least=True), 4, True),
        (Goal(of=("Time", "of a duck", "relay"), bound=4.1, least=True), 4, False),
        (Goal(of=("Time", "of a duck", "bare"), bound=1), None, False),
        (Goal(of=("Time", "of a duck", "relay"), to=("Time", "of a duck", "bare"), bound=1), None, False),
        (Goal(of=("Time", "of a drake", "relay"), bound=1), None, False),
    ],
)
def test_a_goal_is_met_or_not_or_was_not_measured(goal: Goal, reached: float | None, met: bool) -> None:
    numbers = Numbers()
    numbers.add(TIME, "duck", 8)
    numbers.add(TIME, "relay", 4)
    assert goal.reached(numbers.find) == reached
    assert reached is None or goal.met(reached) == met


def test_given_endpoints_are_called_with_their_headers_and_the_relay_in_two_ways() -> None:
    [duck, relay, gzip] = given(
        [("duck", "http://a/{app_id}", 7), ("relay", "http://b/{app_id}", 8)], [("relay", "X-API-Key: a:b")]
    )
    assert [(each.name, each.url, each.plugin(), dict(each.headers)) for each in (duck, relay, gzip)] == [
        ("duck", "http://a/{app_id}", 7, {"Accept-Encoding": "identity"}),
        ("relay", "http://b/{app_id}", 8, {"X-API-Key": "a:b", "Accept-Encoding": "identity"}),
        ("relay gzip", "http://b/{app_id}", 8, {"X-API-Key": "a:b", "Accept-Encoding": "gzip"}),
    ]
    assert {each.name for each in (duck, relay, gzip)} <= set(NAMES)


def test_the_app_stands_in_the_url() -> None:
    callers = Imagined()
    measuring = Measuring(target=replace(target("duck"), url="http://a/x/{app_id}?q={}"), callers=callers, quick=True)
    measuring.call("chat-1-0", requests=3)
    assert [(load.url, load.requests) for load in callers.loads] == [("http://a/x/chat-1-0?q={}", 3)]
