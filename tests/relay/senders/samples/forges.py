"""What forges send, and what an app gets of it."""

import json
from urllib.parse import urlencode

from relay.senders import Delivery, Preset
from tests.relay.senders.samples.post import FORM, posted

ISSUE = {
    "number": 7,
    "title": "It does not quack",
    "body": "At all.",
    "html_url": "https://forge.example/o/r/issues/7",
    "state": "open",
    "user": {"login": "ada"},
}

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

GITHUB_PUSH = {
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

NOTE = {
    "object_kind": "note",
    "user": {"username": "ada"},
    "project": {"path_with_namespace": "o/r"},
    "object_attributes": {
        "note": "why?",
        "noteable_type": "Issue",
        "discussion_id": "d1",
        "url": "https://forge.example/n/1",
        "system": False,
    },
    "issue": {"iid": 7, "title": "It does not quack"},
}

GITLAB_ISSUE = {
    "object_kind": "issue",
    "user": {"username": "ada"},
    "project": {"path_with_namespace": "o/r"},
    "object_attributes": {
        "iid": 7,
        "title": "It does not quack",
        "description": "At all.",
        "state": "opened",
        "action": "open",
        "url": "https://forge.example/i/7",
    },
}


READ: dict[str, tuple[str, Delivery, Preset]] = {
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
        ),
    ),
    "GitHub, push": (
        "github",
        posted(GITHUB_PUSH, x_github_event="push"),
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
    "GitLab, note": (
        "gitlab",
        posted(NOTE),
        Preset(
            query="why?",
            inputs={
                "kind": "note",
                "project": "o/r",
                "url": "https://forge.example/n/1",
                "username": "ada",
                "noteable_type": "Issue",
                "issue": 7,
                "issue_title": "It does not quack",
            },
            user="ada",
            conversation_key="o/r:d1",
        ),
    ),
    "GitLab, issue": (
        "gitlab",
        posted(GITLAB_ISSUE),
        Preset(
            query="It does not quack\n\nAt all.",
            inputs={
                "kind": "issue",
                "project": "o/r",
                "url": "https://forge.example/i/7",
                "action": "open",
                "username": "ada",
                "number": 7,
                "title": "It does not quack",
                "state": "opened",
            },
            user="ada",
        ),
    ),
}
