"""What the owner does not care about is acknowledged, and nothing runs."""

import httpx
import pytest

from tests.endpoints.conftest import Open
from tests.endpoints.later import app_calls, ended, listed
from tests.relay.senders.samples.github import sign
from workspace.testing import Workspace

SECRET = "quack-secret"
EVENT = b'{"action":"opened","issue":{"title":"Bug","body":"It quacks.","number":1},"sender":{"login":"ada"}}'


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ("{{ body.action == 'opened' }}", True),
        ("{{ body.action }}", True),
        ("yes", True),
        ("{{ body.action == 'closed' }}", False),
        ("{{ body.issue.locked }}", False),
        ("{{ body.nothing.of.the.kind }}", False),
        ("{{ '' }}", False),
        ("{% if body.issue.number > 1 %}yes{% endif %}", False),
        ("No", False),
        ("0", False),
    ],
)
@pytest.mark.parametrize("reply", ["response", "callback"])
def test_an_app_runs_only_if_the_template_says_so(
    endpoint: Open, workspace: Workspace, condition: str, reply: str, *, runs: bool
) -> None:
    receiver = workspace.sender("callback")
    client = endpoint(
        access="signature",
        webhook="github",
        webhook_secret=SECRET,
        run_if=condition,
        reply=reply,
        callback_url=f"{receiver.base}/run-if",
        callback_hosts=workspace.url,
        callback_secret=receiver.token,
        app={"app_id": "workflow-1-0"},
        key=None,
    )
    answer = post(client)
    assert answer.status_code in {200, 202}, answer.text
    rows = listed(client)
    assert [row["destination"] for row in rows] == ["callback"] * (runs and reply == "callback")
    for row in rows:
        ended(client, row["delivery_id"])
    assert len(app_calls(workspace, client)) == runs


def post(client: httpx.Client) -> httpx.Response:
    headers = {"Content-Type": "application/json", "X-GitHub-Event": "issues", "X-GitHub-Delivery": "1"}
    return client.post("/workflow", content=EVENT, headers={**headers, **sign(EVENT, 0, SECRET)})


@pytest.mark.parametrize("condition", ["{{ action", "{{ action | nosuchfilter }}", "{% for %}"])
def test_a_template_that_is_none_is_told_to_the_owner_and_runs_nothing(
    endpoint: Open, workspace: Workspace, condition: str
) -> None:
    client = endpoint(run_if=condition)
    answer = client.post("/duck/chat-1-0", json={"query": "hi"})
    assert answer.status_code in {400, 503}
    assert "run_if" in answer.text
    assert app_calls(workspace, client) == []


def test_a_callers_own_query_is_seen_by_it(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(run_if="{{ body.query != 'ping' }}")
    quiet = client.post("/duck/chat-1-0", json={"query": "ping"})
    assert (quiet.status_code, quiet.content, app_calls(workspace, client)) == (200, b"", [])
    assert client.post("/duck/chat-1-0", json={"query": "pong"}).json()["answer"] == " tok0"
