"""WhatsApp and Messenger: "typing" until the answer is whole, then a message for each piece of it."""

from typing import Any

import pytest

from tests.endpoints.senders.conftest import SAID, Asked, ask_slowly, fitting
from workspace.senders import meta
from workspace.testing import Workspace

PERSON = {"whatsapp": "4915112345671", "messenger": "700000000000000071"}


@pytest.fixture(scope="module", params=["whatsapp", "messenger"])
def slow(workspace: Workspace, request: pytest.FixtureRequest) -> Asked:
    return ask_slowly(workspace, request.param, {"person": {"place": PERSON[request.param]}})


def test_a_slow_answer_arrives_whole(slow: Asked) -> None:
    [message] = slow.answers("person")
    dialect = "whatsapp" if slow.bot.name == "whatsapp" else "plain"
    assert (message["text"], message["dialect"], message["edits"]) == (fitting(slow.bot.name, SAID)[0], dialect, 0)


def test_while_the_app_is_silent_the_bot_types(slow: Asked) -> None:
    asked: dict[str, Any] = {
        "whatsapp": {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": slow.posted["person"]["id"],
            "typing_indicator": {"type": "text"},
        },
        "messenger": {"recipient": {"id": PERSON["messenger"]}, "sender_action": "typing_on"},
    }
    assert slow.bot.requests("/messages")[0]["body"] == asked[slow.bot.name]
    assert slow.bot.api.status() == []


def test_the_answer_names_its_question_where_that_is_possible(slow: Asked) -> None:
    said = slow.bot.requests("/messages")[-1]
    path = {"whatsapp": f"/{meta.PHONE}/messages", "messenger": "/me/messages"}[slow.bot.name]
    context = {"message_id": slow.posted["person"]["id"]} if slow.bot.name == "whatsapp" else None
    assert (said["path"], said["body"].get("context")) == (path, context)
