from typing import Any

import pytest

from relay.outward import Response
from relay.replies.status import by_status, code_of


@pytest.mark.parametrize(
    ("told", "field", "after"),
    [
        (7, "", 7.0),
        (0.5, "65", 0.5),
        (None, "65", 65.0),
        (None, " 1.5 ", 1.5),
        (None, "Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
        (None, "9" * 5000, 0.0),
        (None, "-1", 0.0),
        (None, "１", 0.0),
        (-1, "", 0.0),
        (10**300, "", 0.0),
        (float("nan"), "", 0.0),
        (float("inf"), "", 0.0),
        ("7", "", 0.0),
        (True, "3", 3.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_an_api_says_how_long_to_wait(status: int, told: Any, field: str, after: float) -> None:
    assert by_status(Response(status=status, headers={"retry-after": field}), after=told).after == after


@pytest.mark.parametrize(
    ("code", "shown"),
    [("not_in_channel", "not_in_channel"), (50001, "50001"), ("a b", ""), ("<b>", ""), ("x" * 65, ""), (None, "")],
)
def test_only_a_plain_code_is_shown(code: Any, shown: str) -> None:
    assert code_of(code) == shown
