from typing import Any

import pytest

from relay.senders import SCHEMES, Delivery, Preset, verify
from tests.relay.senders.samples.github import ISSUE_COMMENT, PLACE, PULL_REQUEST, PUSH
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import NOW


def test_githubs_example() -> None:
    # GitHub docs, "Validating webhook deliveries: Testing the webhook payload validation"
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    delivery = Delivery(headers={"x-hub-signature-256": signature}, body=b"Hello, World!")
    verify(delivery, SCHEMES["github"].proofs, ["It's a Secret to Everybody"], NOW)


def read(kind: str, payload: dict[str, Any]) -> Preset:
    preset = SCHEMES["github"].preset(posted(payload, x_github_event=kind))
    assert isinstance(preset, Preset)
    return preset


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        *(("issue_comment", {**ISSUE_COMMENT, "action": action}) for action in ("edited", "deleted", "", None)),
        *(("issues", {**ISSUE_COMMENT, "action": action}) for action in ("edited", "closed", "labeled", "created")),
        *(("pull_request", {**PULL_REQUEST, "action": action}) for action in ("synchronize", "created")),
        ("push", PUSH),
        ("issues", {**ISSUE_COMMENT, "action": "opened", "sender": {"login": "renovate[bot]", "type": "Bot"}}),
        ("issue_comment", {**ISSUE_COMMENT, "repository": None}),
        ("issue_comment", {**ISSUE_COMMENT, "issue": {"number": ""}}),
    ],
)
def test_only_what_a_person_has_just_said_is_answered(kind: str, payload: dict[str, Any]) -> None:
    preset = read(kind, payload)
    assert (preset.to, preset.among_others, preset.addressed) == (None, False, True)


def test_a_comment_is_for_whom_it_mentions_and_what_is_opened_for_everybody() -> None:
    comment = read("issue_comment", {**ISSUE_COMMENT, "comment": {"body": "Look, @Swan:\n> @duck why?"}})
    assert (comment.to, comment.addressed, comment.mentions) == (PLACE, False, frozenset({"swan"}))
    opened = read("pull_request", PULL_REQUEST)
    assert (opened.to, opened.addressed, opened.mentions) == (PLACE, True, frozenset())


def test_who_quotes_the_bot_is_answered() -> None:
    quotation = "> Quack.\n>\n> <!-- duck-relay:0123456789abcdef0123456789abcdef -->\n\n@duck why?"
    preset = read("issue_comment", {**ISSUE_COMMENT, "comment": {"body": quotation}})
    assert (preset.to, preset.mentions) == (PLACE, frozenset({"duck"}))
