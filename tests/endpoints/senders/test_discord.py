"""Discord: a command is deferred, then its answer grows where the person sees that the app thinks."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.endpoints.senders.conftest import SAID, Asked, OpenBot, ask_slowly, fitting
from workspace.testing import Workspace

PLACES: Mapping[str, Mapping[str, Any]] = {
    "command": {"place": "700000000000000101"},
    "direct": {"place": "700000000000000102", "kind": "direct"},
}


@pytest.fixture(scope="module")
def slow(workspace: Workspace) -> Asked:
    return ask_slowly(workspace, "discord", PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_a_slow_answer_grows_and_arrives_whole_in_the_deferred_message(slow: Asked, name: str) -> None:
    assert json.loads(slow.posted[name]["body"]) == {"type": 5}
    [message] = slow.answers(name)
    assert (message["text"], message["dialect"]) == (fitting("discord", SAID)[0], "markdown")
    assert message["edits"] >= 1
    handle = slow.posted[name]["handle"]
    asked = slow.bot.requests(handle)
    assert {(one["method"], one["path"].rpartition("/")[2], one["status"]) for one in asked} == {
        ("PATCH", "@original", 200)
    }
    assert all(one["body"]["allowed_mentions"] == {"parse": []} for one in asked)
    assert "authorization" not in asked[0]["headers"]


def test_no_bot_token_is_needed_for_a_quarter_of_an_hour(bot: OpenBot) -> None:
    duck = bot("discord", "chat-2-0", bot_token=None)
    duck.ask("Do ducks quack?")
    assert duck.outcome() == ("done", "")
    assert duck.said() == ["tok0 tok1"]


def test_without_an_interaction_that_is_still_good_the_bot_writes_into_the_channel(bot: OpenBot) -> None:
    gone = {"what": "/webhooks/", "times": 9, "status": 404, "body": {"message": "Unknown Webhook", "code": 10015}}
    duck = bot("discord", "chat-2-0", faults={"fail": gone})
    duck.ask("Do ducks quack?", place="700000000000000103")
    assert duck.outcome() == ("done", "")
    assert duck.said("700000000000000103") == ["tok0 tok1"]
    assert [(one["path"], one["body"]["enforce_nonce"]) for one in duck.requests("/channels/")] == [
        ("/channels/700000000000000103/messages", True)
    ]
