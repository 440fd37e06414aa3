"""What GitHub sends, and what an app gets of it."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from gidgethub.sansio import validate_event

from relay.senders import Delivery, Preset, Reply, github
from tests.relay.senders.samples.post import FORM, posted
from tests.relay.senders.samples.sender import EMPTY, WORDS, Answered, Identified, Read, Sender, Sent, hexadecimal

ISSUE = {
    "number": 7,
    "title": "It does not quack",
    "body": "At all.",
    "html_url": "https://forge.example/o/r/issues/7",
    "state": "open",
    "user": {"login": "ada"},
}

PLACE = {"repository": "o/r", "number": "7"}

ISSUE_COMMENT = {
    "action": "created",
    "issue": ISSUE,
    "comment": {"id": 99, "body": "@duck why?", "html_url": "https://forge.example/c/99", "user": {"login": "bob"}},
    "repository": {"full_name": "o/r"},
    "sender": {"login": "bob", "type": "User"},
}

ISSUE_INPUTS = {
    "repository": "o/r",
    "number": 7,
    "title": "It does not quack",
    "url": "https://forge.example/o/r/issues/7",
    "state": "open",
    "author": "ada",
    "body": "At all.",
}

ISSUE_COMMENT_PRESET = Preset(
    query="@duck why?",
    inputs={
        **ISSUE_INPUTS,
        "action": "created",
        "sender": "bob",
        "comment_id": 99,
        "comment_url": "https://forge.example/c/99",
    },
    user="bob",
    conversation_key="o/r:7",
    to=PLACE,
    among_others=True,
    threaded=True,
    addressed=False,
    mentions=frozenset({"duck"}),
)

PULL_REQUEST = {
    "action": "opened",
    "pull_request": {
        **ISSUE,
        "head": {"ref": "quack", "sha": "abc"},
        "base": {"ref": "main"},
        "diff_url": "https://forge.example/o/r/pull/7.diff",
    },
    "repository": {"full_name": "o/r"},
    "sender": {"login": "ada", "type": "User"},
}

PUSH = {
    "ref": "refs/heads/main",
    "before": "a",
    "after": "b",
    "compare": "https://forge.example/o/r/compare/a...b",
    "commits": [{"id": "b", "message": "Quack louder"}],
    "head_commit": {"id": "b", "message": "Quack louder"},
    "repository": {"full_name": "o/r"},
    "pusher": {"name": "ada"},
    "sender": {"login": "ada", "type": "User"},
}


MARKED = "Quack.\n\n<!-- duck-relay:0123456789abcdef0123456789abcdef -->"


def sign(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    signature = f"sha256={hexadecimal(body, secret)}"
    validate_event(body, signature=signature, secret=secret)
    return {"x-hub-signature-256": signature}


SENDERS: Mapping[str, Sender] = {
    "github": Sender(scheme=github.SCHEME, secrets=WORDS, sign=sign),
}

READ: Mapping[str, Read] = {
    "GitHub, comment": ("github", posted(ISSUE_COMMENT, x_github_event="issue_comment"), ISSUE_COMMENT_PRESET),
    "GitHub, comment in a form": (
        "github",
        Delivery(
            headers={**FORM, "x-github-event": "issue_comment"},
            body=urlencode({"payload": json.dumps(ISSUE_COMMENT)}).encode(),
        ),
        ISSUE_COMMENT_PRESET,
    ),
    "GitHub, issue": (
        "github",
        posted({**ISSUE_COMMENT, "action": "opened", "label": {"name": "bug"}}, x_github_event="issues"),
        Preset(
            query="It does not quack\n\nAt all.",
            inputs={**ISSUE_INPUTS, "action": "opened", "sender": "bob", "label": "bug"},
            user="bob",
            conversation_key="o/r:7",
            to=PLACE,
            among_others=True,
            threaded=True,
        ),
    ),
    "GitHub, pull request": (
        "github",
        posted(PULL_REQUEST, x_github_event="pull_request"),
        Preset(
            query="It does not quack\n\nAt all.",
            inputs={
                **ISSUE_INPUTS,
                "action": "opened",
                "sender": "ada",
                "head": "quack",
                "base": "main",
                "sha": "abc",
                "diff_url": "https://forge.example/o/r/pull/7.diff",
            },
            user="ada",
            conversation_key="o/r:7",
            to=PLACE,
            among_others=True,
            threaded=True,
        ),
    ),
    "GitHub, push": (
        "github",
        posted(PUSH, x_github_event="push"),
        Preset(
            query="Quack louder",
            inputs={
                "repository": "o/r",
                "ref": "refs/heads/main",
                "before": "a",
                "after": "b",
                "compare": "https://forge.example/o/r/compare/a...b",
                "commits": [{"id": "b", "message": "Quack louder"}],
                "pusher": "ada",
                "sender": "ada",
            },
            user="ada",
        ),
    ),
}

IGNORED: Mapping[str, Sent] = {
    "GitHub, bot": (
        "github",
        posted({**ISSUE_COMMENT, "sender": {"login": "duck[bot]", "type": "Bot"}}, x_github_event="issue_comment"),
    ),
    "GitHub, a relay's comment": (
        "github",
        posted({**ISSUE_COMMENT, "comment": {"body": MARKED}}, x_github_event="issue_comment"),
    ),
    "GitHub, a relay's comment that somebody edits": (
        "github",
        posted({**ISSUE_COMMENT, "action": "edited", "comment": {"body": MARKED}}, x_github_event="issue_comment"),
    ),
    "GitHub, a relay's issue": (
        "github",
        posted({**ISSUE_COMMENT, "action": "opened", "issue": {**ISSUE, "body": MARKED}}, x_github_event="issues"),
    ),
    "GitHub, a relay's pull request": (
        "github",
        posted(
            {**PULL_REQUEST, "pull_request": {**ISSUE, "body": MARKED}},
            x_github_event="pull_request",
        ),
    ),
}
UNREAD: Sequence[Sent] = [("github", posted({"action": "created"}, x_github_event="star"))]
IDS: Sequence[Identified] = [
    ("github", posted({}, x_github_delivery="72d3162e"), f"sha256:{EMPTY}"),
    ("github", posted({}, x_github_delivery="forged", idempotency_key="forged"), f"sha256:{EMPTY}"),
]
ANSWERED: Mapping[str, Answered] = {
    "github": ("github", posted({"zen": "Keep it.", "hook_id": 1}, x_github_event="ping"), Reply(body=b"pong")),
}
UNANSWERED: Sequence[Sent] = [("github", posted({}, x_github_event="issues"))]
