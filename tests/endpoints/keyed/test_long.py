"""A run may take longer than Dify lets a plugin's call of an app take."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.endpoints.conftest import Open
from tests.endpoints.keyed.conftest import Keyed
from tests.endpoints.later import accepted, ended, outcome, said, shown
from tests.endpoints.later import ask as ask_later
from tests.relay.outgoing.formats.test_lines import read_sse
from workspace.testing import Workspace

SECONDS = 300
SPEAKING = f"chat-{SECONDS // 10}-10000"
SILENT = f"silent-{SECONDS}"


def ask(client: httpx.Client, app_id: str, form: str) -> httpx.Response:
    return client.post(f"/duck/{app_id}", json={"query": "hi", "format": form}, timeout=SECONDS + 60)


def whole(answer: httpx.Response, form: str) -> tuple[int, str, str]:
    """Give an answer's status, what its app says, and the event with which it ends; as JSON it has no other."""
    if form == "json":
        told: dict[str, Any] = answer.json()
        return answer.status_code, told.get("answer", ""), told.get("event") or told["code"]
    events = read_sse(answer.content)
    return answer.status_code, "".join(event.get("answer", "") for event in events), events[-1]["event"]


@pytest.mark.parametrize("form", ["sse", "json"])
def test_what_dify_ends_for_a_plugin_goes_on_by_key(endpoint: Open, keyed: Keyed, form: str) -> None:
    app_id, limit = "chat-3-500", {"invocation_limit_s": 0.7}
    with ThreadPoolExecutor() as callers:
        cut, goes_on = callers.map(
            lambda client: whole(ask(client, app_id, form), form),
            (endpoint(faults=limit), keyed(app_id, faults=limit)),
        )
    assert cut in {(504, "", "app_timeout"), (200, said(2), "error")}
    assert goes_on == (200, said(3), "message" if form == "json" else "message_end")


@pytest.mark.long
def test_a_run_of_300_seconds_comes_whole(keyed: Keyed, workspace: Workspace) -> None:
    client = keyed(SPEAKING, SILENT)
    asked = [(app_id, form) for app_id in (SPEAKING, SILENT) for form in ("sse", "json")]
    with ThreadPoolExecutor() as callers:
        later = callers.submit(lambda: ended(client, accepted(ask_later(client, SILENT)), patience=SECONDS + 60))
        answers = list(callers.map(lambda one: whole(ask(client, *one), one[1]), asked))
        delivery = later.result()
    texts = {SPEAKING: said(SECONDS // 10), SILENT: "late"}
    assert answers == [(200, texts[app_id], "message" if form == "json" else "message_end") for app_id, form in asked]
    assert (outcome(delivery), shown(client, delivery["delivery_id"])["response"]["answer"]) == (("done", ""), "late")
    calls = [call for call in workspace.ended_calls(hook=str(client.base_url)) if call["type"] == "app"]
    assert [call["outcome"] for call in calls] == ["finished"] * (len(asked) + 1)
    assert all(call["ended"] - call["started"] > SECONDS - 10 for call in calls)
