import json
from collections.abc import Sequence
from typing import Any

import pytest

from bench.load import GARBLED, Scenario, Tally, count, number, read_duck, read_ndjson

SCENARIO = Scenario(requests=1, events=3)
END = {"event": "message_end"}


def said(*numbers: int) -> list[dict[str, Any]]:
    return [{"event": "message", "answer": f" tok{n} and so on"} for n in numbers]


def ndjson(events: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def duck(events: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(event) + "<br>" for event in events)


def tally(text: str, *, status: int = 200, complete: bool = True) -> Tally:
    made = Tally()
    count(status, text, SCENARIO, made, read_ndjson, complete=complete)
    return made


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (" tok0", 0),
        (" tok17 12 ducks", 17),
        (" tok17 tok18", 17),
        (" tok1712 ducks", 1712),
        (" tok", -1),
        ("tok1", -1),
        (" tok1x", -1),
        (None, -1),
    ],
)
def test_a_message_tells_its_number(answer: str | None, found: int) -> None:
    assert number({"event": "message", "answer": answer}) == found


WHOLE = ndjson([*said(0, 1, 2), END])


@pytest.mark.parametrize(
    ("text", "complete", "missing"),
    [
        pytest.param(WHOLE, True, Tally(sent=4), id="nothing"),
        pytest.param(WHOLE, False, Tally(sent=4, cut=1), id="the end of HTTP or gzip"),
        pytest.param(ndjson(said(0, 1, 2)), True, Tally(sent=4, lost=1, cut=1), id="the end event"),
        pytest.param(WHOLE[:-1], True, Tally(sent=4, lost=1, cut=1), id="the end event's last byte"),
        pytest.param(ndjson([*said(0, 1), END]), True, Tally(sent=4, lost=1), id="the last message"),
        pytest.param(ndjson([*said(0, 2), END]), True, Tally(sent=4, lost=1), id="one between"),
        pytest.param(WHOLE[: len(WHOLE) // 2], True, Tally(sent=4, lost=3, cut=1), id="half of it"),
        pytest.param("", True, Tally(sent=4, lost=4, cut=1), id="everything"),
        pytest.param(ndjson([*said(0, 2, 1), END]), True, Tally(sent=4, disordered=1), id="order"),
        pytest.param(ndjson([*said(0, 1, 1, 2), END]), True, Tally(sent=4, disordered=1), id="twice"),
        pytest.param('{"ev\n' + WHOLE, True, Tally(sent=4, disordered=1), id="what is no event"),
        pytest.param(ndjson([*said(0), {"event": "message"}, *said(2), END]), True,
                     Tally(sent=4, lost=1, disordered=1), id="a number"),
    ],
)  # fmt: skip
def test_what_is_missing_from_an_answer_is_counted(text: str, missing: Tally, *, complete: bool) -> None:
    assert tally(text, complete=complete) == missing
    assert missing.sound == (missing == Tally(sent=4))


def test_an_answer_of_another_status_failed_and_all_of_it_is_lost() -> None:
    assert tally(WHOLE, status=502) == Tally(sent=4, lost=4, failed=1)


def test_the_ducks_answer_is_read_up_to_where_it_broke_off() -> None:
    whole = duck([*said(0, 1), END])
    assert read_duck(whole) == [*said(0, 1), END]
    assert read_duck(whole[:-1]) == said(0, 1)
    assert read_duck(whole + "killed by timeout") == [*said(0, 1), END]
    assert read_duck("killed<br>" + whole)[0] == {"event": GARBLED}
