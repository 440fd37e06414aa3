"""Forges: issues, comments, requests to merge, pushes."""

import re
from collections.abc import Mapping

from relay.senders.delivery import Delivery
from relay.senders.preset import Event, Ignored, Reading

# Source: GitHub docs, "Webhook events and payloads"
_GITHUB_ISSUE = {
    "action": "action",
    "repository": "repository.full_name",
    "number": "issue.number",
    "title": "issue.title",
    "url": "issue.html_url",
    "state": "issue.state",
    "author": "issue.user.login",
    "sender": "sender.login",
}
_GITHUB_PULL = {name: path.replace("issue.", "pull_request.") for name, path in _GITHUB_ISSUE.items()}

GITHUB: Mapping[str, Event] = {  # by X-GitHub-Event
    "issue_comment": Event(
        query=("comment.body",),
        user="sender.login",
        inputs={**_GITHUB_ISSUE, "body": "issue.body", "comment_id": "comment.id", "comment_url": "comment.html_url"},
        conversation=("repository.full_name", "issue.number"),
    ),
    "issues": Event(
        query=("issue.title", "issue.body"),
        user="sender.login",
        inputs={**_GITHUB_ISSUE, "body": "issue.body", "label": "label.name"},
        conversation=("repository.full_name", "issue.number"),
    ),
    "pull_request": Event(
        query=("pull_request.title", "pull_request.body"),
        user="sender.login",
        inputs={
            **_GITHUB_PULL,
            "body": "pull_request.body",
            "head": "pull_request.head.ref",
            "base": "pull_request.base.ref",
            "sha": "pull_request.head.sha",
            "diff_url": "pull_request.diff_url",
        },
        conversation=("repository.full_name", "pull_request.number"),
    ),
    "push": Event(
        query=("head_commit.message",),
        user="sender.login",
        inputs={
            "repository": "repository.full_name",
            "ref": "ref",
            "before": "before",
            "after": "after",
            "compare": "compare",
            "commits": "commits",
            "pusher": "pusher.name",
            "sender": "sender.login",
        },
    ),
}

# Source: GitLab docs, "Webhook events"
_GITLAB = {
    "kind": "object_kind",
    "project": "project.path_with_namespace",
    "url": "object_attributes.url",
    "action": "object_attributes.action",
    "username": "user.username",
}

GITLAB: Mapping[str, Event] = {  # by object_kind
    "note": Event(
        query=("object_attributes.note",),
        user="user.username",
        inputs={
            **_GITLAB,
            "noteable_type": "object_attributes.noteable_type",
            "issue": "issue.iid",
            "merge_request": "merge_request.iid",
            "commit": "commit.id",
            "issue_title": "issue.title",
            "merge_request_title": "merge_request.title",
        },
        conversation=("project.path_with_namespace", "object_attributes.discussion_id"),
    ),
    "issue": Event(
        query=("object_attributes.title", "object_attributes.description"),
        user="user.username",
        inputs={
            **_GITLAB,
            "number": "object_attributes.iid",
            "title": "object_attributes.title",
            "state": "object_attributes.state",
        },
    ),
    "merge_request": Event(
        query=("object_attributes.title", "object_attributes.description"),
        user="user.username",
        inputs={
            **_GITLAB,
            "number": "object_attributes.iid",
            "title": "object_attributes.title",
            "state": "object_attributes.state",
            "source_branch": "object_attributes.source_branch",
            "target_branch": "object_attributes.target_branch",
        },
    ),
    "push": Event(
        query=("commits.0.message",),
        user="user_username",
        inputs={
            "kind": "object_kind",
            "project": "project.path_with_namespace",
            "ref": "ref",
            "before": "before",
            "after": "after",
            "commits": "commits",
            "username": "user_username",
        },
    ),
}
# GitLab docs, "Project access tokens" and "Group access tokens": the users that GitLab makes for them
GITLAB_BOT = re.compile(r"(project|group)_\d+_bot\w*", re.ASCII)


def github(delivery: Delivery) -> Reading:
    """Read GitHub's events, except comments of bots: an app that comments by a token hears of its own comment."""
    kind = delivery.header("x-github-event")
    if kind == "issue_comment" and delivery.text("sender.type") == "Bot":
        return Ignored("a bot's own comment")
    event = GITHUB.get(kind)
    return event.read(delivery) if event else None


def gitlab(delivery: Delivery) -> Reading:
    """Read GitLab's events, except notes that GitLab itself or a bot writes."""
    kind = delivery.text("object_kind")
    if kind == "note" and (
        delivery.find("object_attributes.system") is True or GITLAB_BOT.fullmatch(delivery.text("user.username"))
    ):
        return Ignored("a note that no person wrote")
    event = GITLAB.get(kind)
    return event.read(delivery) if event else None
