"""Reverse invocations and who waits for their replies: what ended is waited for no longer."""

import pytest

from tests.provider.scripts import run

BEGIN = """
from types import SimpleNamespace
import dify_plugin
from provider.dify import SessionRun
from provider.lines.exchange import Exchange, Exchanges
from relay.call import Call
from relay.run.inbox import Inbox

exchanges, failed, sent = Exchanges(), [], []

class Writer:
    replies = []

    def stream_invoke_object(self, asked):
        return asked

    def session_message(self, session_id, asked):
        sent.append(asked)
        for reply in self.replies:
            tell(reply)

def tell(reply):
    exchanges.hand_over({"backwards_request_id": "r", "message": "", "data": None, **reply})

session = SimpleNamespace(writer=Writer(), session_id="s", max_invocation_timeout=1)
exchange = Exchange(exchanges, session, {"backwards_request_id": "r"}, data_type=dict)
"""
READ = """
Writer.replies = [{"event": "response", "data": {"n": 1}}, {"event": "end"}]
print(list(exchange), exchanges._waiting)
"""
FAIL = """
exchange.into(Inbox(), failed=failed.append)
print(failed, len(exchanges._waiting))
tell({"event": "error", "message": "no pond"})
print([str(error) for error in failed], len(exchanges._waiting))
"""
LEAVE = """
run = SessionRun(session, Call(app_id="a"), Inbox(), cancelled=lambda: None)
run._invoke = lambda call: exchange
next(run.events())
print(len(exchanges._waiting))
run.leave()
print(len(exchanges._waiting))
"""


@pytest.mark.parametrize(
    ("script", "told"),
    [(READ, "[{'n': 1}] {}\n"), (FAIL, "[] 1\n['no pond'] 0\n"), (LEAVE, "1\n0\n")],
    ids=["read to its end", "failed, and nobody took the events before that", "left"],
)
def test_nobody_waits_for_what_has_ended(script: str, told: str) -> None:
    assert run(BEGIN + script) == told
