"""Answers of all kinds and sizes arrive as their sender can show them, at its own rates."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from relay.replies.saying import NOTHING
from relay.texts.links import links
from tests.endpoints.senders.conftest import SENDERS, Bot, apart, fitting, open_bot
from workspace.apps.answering import FILES, RICH, SOURCES, block_of_code
from workspace.apps.filling import WORDS, filling
from workspace.testing import Workspace

# bytes: what takes a message in a second or in six must not take minutes
LONG = dict.fromkeys(SENDERS, 100_000) | {"discord": 12_000, "telegram": 30_000, "whatsapp": 9_000}
KINDS = ("long", "nothing", "code", "rich")


def app_of(kind: str, sender: str) -> str:
    size = LONG[sender]
    return {"long": f"chat-1-0-{size}", "nothing": "chat-0", "code": f"code-{size}", "rich": "rich"}[kind]


def answer_of(kind: str, sender: str) -> str:
    beside = links({"retriever_resources": list(SOURCES), "message_files": list(FILES)})
    return {
        "long": f" tok0{filling(WORDS, 0, LONG[sender])}",
        "nothing": NOTHING,
        "code": block_of_code(LONG[sender]),
        "rich": f"{RICH}\n\n{beside}",
    }[kind]


def place_of(kind: str, sender: str) -> str:
    return apart(sender, KINDS.index(kind))


@pytest.fixture(scope="module")
def answered(workspace: Workspace) -> Iterator[Mapping[str, Mapping[str, Bot]]]:
    """All of them, everywhere, at once."""
    bots = {kind: {name: open_bot(workspace, name, app_of(kind, name)) for name in SENDERS} for kind in KINDS}
    for one in bots["long"].values():
        one.api.clear()
        one.api.faults(rates=True)
    with ThreadPoolExecutor(8) as persons:
        for kind, by_name in bots.items():
            list(
                persons.map(
                    lambda one, kind=kind: one.ask("Do it.", place=place_of(kind, one.name)), by_name.values()
                )
            )
    for one in (one for by_name in bots.values() for one in by_name.values()):
        one.ended()
    yield bots
    for one in bots["long"].values():
        one.api.faults()


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_arrives_whole(answered: Mapping[str, Mapping[str, Bot]], kind: str, sender: str) -> None:
    one = answered[kind][sender]
    assert one.said(place_of(kind, sender)) == fitting(sender, answer_of(kind, sender))
    assert one.outcome() == ("done", "")


@pytest.mark.parametrize("sender", SENDERS)
def test_nothing_is_sent_that_the_api_does_not_know(answered: Mapping[str, Mapping[str, Bot]], sender: str) -> None:
    requests = answered["long"][sender].requests()
    assert [request for request in requests if request["ignored"]] == []
    refused = [(request["path"], request["answer"]) for request in requests if request["status"] >= 400]
    assert refused == []
