from relay.later.account import Step
from relay.later.shown import LONGEST_EXCERPT, Shown

DONE = Shown(
    id="d1",
    state="done",
    app="app",
    sender="slack",
    destination="sender",
    accepted=1_800_000_000.0004,
    began=1_800_000_000.25,
    ended=1_800_000_004.0,
    tries=1,
    text="Quack.\n\nAnd  again.",
    steps=[Step(at=1_800_000_003.5, what="post", result="done: 200")],
    notes=["relay_url is not set"],
)
ROW = {
    "delivery_id": "d1",
    "state": "done",
    "error": None,
    "app_id": "app",
    "sender": "slack",
    "destination": "sender",
    "created_at": 1_800_000_000.0,
    "began_at": 1_800_000_000.25,
    "ended_at": 1_800_000_004.0,
}


def test_the_list_says_where_each_stands_and_how_its_answer_begins() -> None:
    assert DONE.as_row("deliveries/d1") == {**ROW, "excerpt": "Quack. And again.", "url": "deliveries/d1"}


def test_one_delivery_says_all_that_is_known_of_it() -> None:
    assert DONE.as_dict("deliveries/d1") == {
        **ROW,
        "url": "deliveries/d1",
        "tries": 1,
        "answer": "Quack.\n\nAnd  again.",
        "steps": [{"at": 1_800_000_003.5, "what": "post", "result": "done: 200"}],
        "notes": ["relay_url is not set"],
    }


def test_what_has_not_happened_is_null() -> None:
    waiting = Shown(id="d2", state="waiting", accepted=1.0)
    assert waiting.as_dict("u") == {
        "delivery_id": "d2",
        "state": "waiting",
        "error": None,
        "app_id": "",
        "sender": None,
        "destination": "",
        "created_at": 1.0,
        "began_at": None,
        "ended_at": None,
        "url": "u",
        "tries": 0,
        "answer": "",
        "steps": [],
        "notes": [],
    }


def test_a_failed_one_says_why_before_what_the_app_had_said() -> None:
    failed = Shown(id="d3", state="failed", failed="app_timeout", accepted=1.0, text="Qu", error="It took too long.")
    row = failed.as_row("u")
    assert (row["error"], row["excerpt"]) == (
        {"code": "app_timeout", "message": "It took too long."},
        "It took too long.",
    )


def test_an_excerpt_is_short_and_on_one_line() -> None:
    long = Shown(id="d4", state="done", accepted=1.0, text="quack\n" * 100_000)
    assert long.excerpt == "quack " * 26 + "qua…"
    assert len(long.excerpt) == LONGEST_EXCERPT
    assert Shown(id="d5", state="done", accepted=1.0, text="a" * LONGEST_EXCERPT).excerpt == "a" * LONGEST_EXCERPT


def test_all_but_done_and_failed_is_unfinished() -> None:
    states = ("accepted", "waiting", "running", "done", "failed")
    assert [Shown(id="d", state=state, accepted=1.0).unfinished for state in states] == [True] * 3 + [False] * 2
