import pytest

from bench.load import Tally
from bench.soak import Row, scenarios, total


def row(**tallies: Tally) -> Row:
    return Row(
        place="local",
        scenario="",
        requests=2,
        tallies={name.replace("_", " "): each for name, each in tallies.items()},
    )


@pytest.mark.parametrize(
    ("rows", "sound"),
    [
        ([row(relay=Tally(sent=4), relay_gzip=Tally(sent=4), duck=Tally(sent=4, lost=2, cut=1))], True),
        ([row(relay=Tally(sent=4, lost=1), relay_gzip=Tally(sent=4))], False),
        ([row(relay=Tally(sent=4)), row(relay_gzip=Tally(sent=4, cut=1))], False),
        ([row(relay=Tally(sent=4)), row(relay_gzip=Tally(sent=4, disordered=1))], False),
        ([row(relay=Tally(sent=4, failed=1))], False),
    ],
)
def test_a_soak_is_sound_unless_the_relay_lost_something(rows: list[Row], *, sound: bool) -> None:
    assert total(rows).sound == sound


def test_the_total_has_every_callers_requests_and_events() -> None:
    rows = [row(relay=Tally(sent=4), duck=Tally(sent=4, lost=1)), row(relay=Tally(sent=6), relay_gzip=Tally(sent=6))]
    assert (total(rows).requests, total(rows).tallies) == (
        8,
        {"relay": Tally(sent=10), "relay gzip": Tally(sent=6), "duck": Tally(sent=4, lost=1)},
    )


@pytest.mark.parametrize("kind", ["words", "base64"])
def test_the_scenarios_name_apps_that_say_words_or_base64(kind: str) -> None:
    assert {scenario.app_id.split("-", 3)[3] for scenario in scenarios(kind)} == {f"6-{kind}"}
