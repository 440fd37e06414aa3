"""A sender that hangs up has lost its run: Dify cancels it. Its retry must not be told that all is well."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.endpoints.conftest import Open
from tests.relay.senders.samples.sender import JSON
from tests.relay.senders.samples.slack import sign
from workspace.testing import Workspace

TRIES = 40


MESSAGE = (
    b'{"type":"event_callback","event_id":"Ev1","event":'
    b'{"type":"message","channel":"C1","user":"U1","ts":"1.1","text":"hello"}}'
)


def test_a_retry_after_a_hang_up_is_put_off_until_it_can_run(endpoint: Open, workspace: Workspace) -> None:
    client = endpoint(
        access="signature", webhook="slack", webhook_secret="quack-secret", app={"app_id": "silent-4"}, key=None
    )

    def post(*, retry: int, timeout: float) -> httpx.Response:
        proof = sign(MESSAGE, int(time.time()), "quack-secret")
        headers = {**JSON, **proof, **({"X-Slack-Retry-Num": str(retry)} if retry else {})}
        return client.post("/chat", content=MESSAGE, headers=headers, timeout=timeout)

    with pytest.raises(httpx.ReadTimeout):
        post(retry=0, timeout=1.5)
    answers = []
    for turn in range(1, TRIES):
        answers.append(post(retry=turn, timeout=60))
        if answers[-1].status_code != 503:
            break
        assert int(answers[-1].headers["retry-after"]) > 0
        assert "x-slack-no-retry" not in answers[-1].headers
        time.sleep(1)
    outcomes = [call["outcome"] for call in workspace.calls(hook=str(client.base_url)) if call["type"] == "app"]
    assert answers[-1].status_code == 200
    assert outcomes == ["aborted", "finished"], "acknowledged only when the run had finished"


@pytest.mark.parametrize("keyed", [False, True], ids=["with memory", "with a key of its own"])
def test_callers_who_hung_up_keep_nobody_waiting_for_long(endpoint: Open, keyed: bool) -> None:
    """Dify's storage answers nothing that is asked for them, and all write to one index.

    Each of them once kept all others for ten seconds; a client's patience, a minute, was not enough.
    """
    client = endpoint(memory="user")

    def call(number: int, patience: float) -> httpx.Response | None:
        headers = {"Idempotency-Key": str(number)} if keyed else {}
        asked = {"query": "hi", "user": str(number), "format": "ndjson"}
        try:
            return client.post("/duck/chat-10-200", json=asked, headers=headers, timeout=patience)
        except httpx.TimeoutException:
            return None

    with ThreadPoolExecutor(20) as callers:
        left = list(callers.map(call, range(40), [0.03 + 0.01 * (number % 6) for number in range(40)]))
    assert left == [None] * 40
    answer = call(99, 20)
    assert answer is not None
    assert answer.status_code == 200
    assert "message_end" in answer.text
