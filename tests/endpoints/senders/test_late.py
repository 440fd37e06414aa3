"""What an API wants much later is sent by a request of its own, and nothing waits for it meanwhile."""

from tests.endpoints.senders.conftest import OpenBot, everywhere
from tests.endpoints.senders.trouble import SAID, SAYING, steps
from workspace.testing import until

AFTER = 21  # seconds: longer than a run's own request waits


def test_an_answer_is_sent_when_the_api_wants_it_at_last(bot: OpenBot) -> None:
    asked = {name: bot(name, "silent-0") for name in ("discord", "line", "telegram")}
    wait = {"status": 429, "headers": {"Retry-After": str(AFTER)}, "body": {"message": "slow down"}}
    for name, one in asked.items():
        one.api.faults(fail={"what": SAYING[name], **wait})
    everywhere([*asked.values()])
    until(lambda: all(row["state"] == "waiting" for one in asked.values() for row in one.deliveries()))
    assert {name: one.outcome() for name, one in asked.items()} == dict.fromkeys(asked, ("done", ""))
    assert {name: one.words() for name, one in asked.items()} == dict.fromkeys(asked, SAID)
    assert {name: len(one.runs()) for name, one in asked.items()} == dict.fromkeys(asked, 1)
    posted = [("post", "again: 429 (asked to slow down (429))"), ("post", "done: 200")]
    assert steps(asked) == dict.fromkeys(asked, posted)
