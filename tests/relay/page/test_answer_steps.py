from typing import Any

from relay.errors import AppTimeout
from relay.page import steps
from tests.events import RUN, workflow
from tests.relay.page.document import Document, document, words, written


def node(number: int, *, status: str = "", title: str = "", seconds: float = 0.25, error: str = "") -> dict[str, Any]:
    told = {"id": f"n{number}", "node_id": f"{number}", "node_type": "llm", "title": title or f"Step {number}"}
    if not status:
        return {"event": "node_started", **RUN, "data": told}
    ended = {**told, "status": status, "elapsed_time": seconds, "error": error}
    return {"event": "node_finished", **RUN, "data": ended}


def round_of(event: str) -> dict[str, Any]:
    told = {"id": "loop", "node_id": "loop", "node_type": "iteration", "title": "Each", "index": 1}
    return {"event": event, **RUN, "data": {**told, "status": "succeeded", "elapsed_time": 2, "steps": 2}}


def snapshots(page: Document) -> int:
    return len(page.of("div", slot="steps"))


def all_of(page: bytes) -> str:
    return words(Document(page[: page.index(b"<i slot")] + b"</div></article></main>").slots["steps"])


def test_a_run_shows_what_goes_on_and_at_its_end_all_of_it_folded() -> None:
    said = workflow({"n": 1})
    said[-1]["data"]["elapsed_time"] = 1.25
    page = document(said)
    assert snapshots(page) == 2
    assert [one["class"] for one in page.of("li") if one.get("class")] == ["running", "succeeded", "succeeded"]
    assert words(page.slots["all"]).endswith("Steps: 1 · 1.2 s Think llm 0.2 s ✓ done")
    assert "open" not in page.of("details", slot="all")[0]


def test_a_failed_step_says_why() -> None:
    page = document(workflow({}, status="failed", error="no pond at /srv/app/pond.py"))
    assert words(page.slots["all"]).endswith("Think llm 0.2 s ✗ failed no pond at [path]")
    assert words(page.slots["state"]) == "no pond at [path]"


def test_parallel_branches_are_shown_side_by_side_and_the_rest_is_counted() -> None:
    page = words(document([node(number) for number in range(7)]).slots["steps"])
    assert page.endswith("Step 4 llm … running Step 5 llm … running Step 6 llm … running +4")


def test_a_step_that_is_tried_again_says_so_until_it_has_come_through() -> None:
    again = {**node(1, status="retry", error="busy"), "event": "node_retry"}
    page = document([node(1), again, node(1, status="succeeded")])
    assert "↻ trying again busy" in words(page.slots["steps"])
    assert words(page.slots["all"]).endswith("Steps: 1 Step 1 llm 0.2 s ✓ done")


def test_a_step_that_failed_and_went_on_is_told_from_one_that_failed() -> None:
    page = document([node(1, status="exception", error="no pond")])
    assert words(page.slots["all"]).endswith("✗ failed, went on no pond")


def test_rounds_of_an_iteration_are_counted() -> None:
    said = ["iteration_started", "iteration_next", "iteration_next", "iteration_completed"]
    page = document([round_of(event) for event in said])
    assert words(page.slots["all"]).endswith("Steps: 1 Each iteration × 2 2.0 s ✓ done")


def test_steps_whose_end_was_not_told_are_no_longer_running() -> None:
    page = document([node(1), node(2), node(2, status="succeeded")], error=AppTimeout("Too long."))
    assert words(page.slots["all"]).endswith("Steps: 2 Step 1 llm ■ stopped Step 2 llm 0.2 s ✓ done")


def test_five_hundred_steps_are_shown_and_more_are_counted() -> None:
    many = steps.MOST_SHOWN + 20
    said = [event for number in range(many) for event in (node(number), node(number, status="succeeded"))]
    page = document(said)
    shown = words(page.slots["all"]).rpartition(f"Steps: {many}")[2]
    assert shown.count("✓") == steps.MOST_SHOWN
    assert shown.endswith("Shortened here. (+20)")


def test_what_goes_on_costs_the_same_however_much_is_done() -> None:
    def cost(before: int) -> int:
        said = [event for number in range(before) for event in (node(number), node(number, status="succeeded"))]
        more = [node(1001), node(1001, status="succeeded")]
        return len(written([*said, *more])) - len(written(said))

    assert cost(400) <= cost(10) + 20


def test_steps_of_any_shape_are_shown() -> None:
    odd: list[Any] = [
        *(None, [], {}),
        {"id": [1], "title": {"a": 1}, "status": ["x"], "elapsed_time": 10**400, "error": [1]},
        {"id": 10**400, "title": 5, "status": "running", "elapsed_time": -1.5},
    ]
    said = [{"event": kind, "data": data} for kind in sorted(steps.EVENTS) for data in odd]
    assert document(said).foreign() == []
