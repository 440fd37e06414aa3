"""What of a session's calls is kept, and what is never done twice."""

import json

import pytest

from tests.provider.scripts import run

UNKNOWN = """
import logging, sys
import dify_plugin
from provider.dify import SessionRun
from relay.call import Call
from relay.run.inbox import Inbox

asked = []

class Run(SessionRun):
    def _stream(self, call):
        asked.append((call.user, call.conversation_id))
        for _ in range(int(sys.argv[2])):
            yield {"event": "message"}
        if call.user:
            raise Exception(sys.argv[1])

logging.disable()
call = Call(app_id="a", user="u", conversation_id=sys.argv[3] or None)
try:
    list(Run(None, call, Inbox(), cancelled=lambda: None).events())
except Exception:
    pass
print(asked)
"""
BODY = json.dumps({"code": "invalid_param", "message": "user not found", "status": 400})
DIFYS = f"invoke app failed: request failed with status code: 400 and respond with: {BODY}"


@pytest.mark.parametrize(
    ("text", "said", "conversation_id", "asked"),
    [
        pytest.param(DIFYS, 0, "", [("u", None), (None, None)], id="Dify's own word before any of the app's"),
        pytest.param(DIFYS, 1, "", [("u", None)], id="after one of the app's"),
        pytest.param(DIFYS, 0, "c", [("u", "c")], id="in a conversation"),
        pytest.param(
            "read app failed: request failed: user not found", 0, "", [("u", None)], id="the app's own word"
        ),
        pytest.param(f"read app failed: request failed: {DIFYS}", 0, "", [("u", None)], id="the app's of Dify's"),
    ],
)
def test_an_app_runs_again_without_a_user_only_where_dify_did_not_run_it(
    text: str, said: int, conversation_id: str, asked: list[tuple[str | None, str | None]]
) -> None:
    assert run(UNKNOWN, text, str(said), conversation_id) == f"{asked}\n"


DECLARED = """
from types import SimpleNamespace
import dify_plugin
from provider.dify import DECLARED, SessionDify

asked = []

def declared(endpoint_id, app_id):
    def fetch_app(asked_for):
        asked.append((endpoint_id, asked_for))
        return {"of": endpoint_id}

    session = SimpleNamespace(endpoint_id=endpoint_id, app=SimpleNamespace(fetch_app=fetch_app), storage=None)
    return SessionDify(session).parameters(app_id)["of"]

print([declared(endpoint_id, "a") for endpoint_id in ("one", "two", "one")], asked)
for number in range(1000):
    declared("one", str(number))
print(len(DECLARED._known))
"""


def test_what_apps_declare_is_kept_for_each_endpoint_and_bounded() -> None:
    assert run(DECLARED) == "['one', 'two', 'one'] [('one', 'a'), ('two', 'a')]\n256\n"


def test_the_relay_says_for_whom_it_works_to_the_watchdog() -> None:
    script = "import dify_plugin\nfrom provider import host, watchdog\nprint(host.HOST.mark is watchdog.mark)"
    assert run(script) == "True\n"
