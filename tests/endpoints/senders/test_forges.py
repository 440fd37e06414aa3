"""GitHub and GitLab: one comment at the start, one edit of it at the end."""

from collections.abc import Mapping
from typing import Any

import pytest

from relay.replies.forge import OPENING
from tests.endpoints.senders.conftest import NAMES, SAID, Asked, OpenBot, ask_slowly, fitting
from workspace.testing import Workspace, until

PLACES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "github": {
        "comment": {"place": "duck/pond#11"},
        "issue": {"place": "duck/pond#12", "kind": "issue", "mention": False},
    },
    "gitlab": {
        "comment": {"place": "duck/pond#11"},
        "issue": {"place": "duck/pond#12", "kind": "issue", "mention": False},
        "merge request": {"place": "duck/pond!13"},
    },
}
ALL = [(sender, name) for sender, places in PLACES.items() for name in places]
DISCUSSION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def slow(workspace: Workspace) -> Mapping[str, Asked]:
    return {sender: ask_slowly(workspace, sender, places) for sender, places in PLACES.items()}


@pytest.mark.parametrize(("sender", "name"), ALL)
def test_a_slow_answer_is_promised_at_once_and_then_given_by_one_edit(
    slow: Mapping[str, Asked], sender: str, name: str
) -> None:
    asked = slow[sender]
    [message] = asked.answers(name)
    place = str(PLACES[sender][name]["place"])
    assert asked.bot.said(place) == fitting(sender, SAID)
    assert (message["edits"], message["dialect"]) == (1, "gfm")
    number = place[-2:]
    [posted] = [one for one in asked.bot.requests(f"/{number}/") if one["method"] == "POST"]
    assert posted["body"]["body"].startswith(f"{OPENING}\n\n<!-- duck-relay:")


@pytest.mark.parametrize("sender", PLACES)
def test_what_the_relay_has_written_is_answered_by_silence(bot: OpenBot, sender: str) -> None:
    duck = bot(sender, "parrot")
    duck.ask("quack")
    duck.ended()
    [message] = duck.messages()
    duck.ask(f"{message['text']}")
    until(lambda: duck.workspace.line("a relay's own"))
    assert len(duck.deliveries()) == 1
    assert len(duck.runs()) == 1


@pytest.mark.parametrize("sender", PLACES)
def test_the_bots_own_comment_without_a_mark_is_answered_by_silence(bot: OpenBot, sender: str) -> None:
    duck = bot(sender, "parrot")
    duck.ask("quack", user=NAMES[sender])
    assert (duck.deliveries(), duck.runs()) == ([], [])


@pytest.mark.parametrize("sender", PLACES)
def test_a_comment_that_does_not_mention_the_bot_is_answered_by_silence(bot: OpenBot, sender: str) -> None:
    duck = bot(sender, "parrot")
    duck.ask("What a pond!", mention=False, place="duck/pond#31")
    duck.ask("@quack-botany and `@quack-bot` and @quack_bots", mention=False, place="duck/pond#31")
    assert (duck.deliveries(), duck.runs(), duck.requests()) == ([], [], [])


def test_a_note_is_answered_in_its_discussion(bot: OpenBot) -> None:
    duck = bot("gitlab", "parrot")
    duck.ask("quack", thread=DISCUSSION)
    duck.ended()
    assert [message["thread"] for message in duck.messages()] == [DISCUSSION]


def test_an_app_can_close_nothing(bot: OpenBot) -> None:
    duck = bot("gitlab", "parrot")
    duck.ask("\n/close\n\n```\n/close\n```\n/close")
    duck.ended()
    assert [line for line in duck.said()[0].split("\n") if line.startswith("/")] == []


def test_a_github_enterprise_is_answered_at_its_own_address_alone(bot: OpenBot) -> None:
    duck = bot("github", "parrot", sender_url="https://ghe.invalid/api/v3")
    duck.ask("quack")
    # the environment's address is for tests and stands before the owner's
    assert duck.outcome() == ("done", "")
