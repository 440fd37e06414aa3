"""GitLab: issues, notes, merge requests, pushes."""

import re
from collections.abc import Mapping

from relay.senders.delivery import Delivery
from relay.senders.preset import Event, Ignored, Reading
from relay.senders.proof import Token
from relay.senders.scheme import IDEMPOTENCY_KEY, Header, Scheme
from relay.senders.standard_webhooks import SHARED_KEY, SIGNATURE

# Source: GitLab docs, "Webhook events"
COMMON = {
    "kind": "object_kind",
    "project": "project.path_with_namespace",
    "url": "object_attributes.url",
    "action": "object_attributes.action",
    "username": "user.username",
}

EVENTS: Mapping[str, Event] = {  # by object_kind
    "note": Event(
        query=("object_attributes.note",),
        user="user.username",
        inputs={
            **COMMON,
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
            **COMMON,
            "number": "object_attributes.iid",
            "title": "object_attributes.title",
            "state": "object_attributes.state",
        },
    ),
    "merge_request": Event(
        query=("object_attributes.title", "object_attributes.description"),
        user="user.username",
        inputs={
            **COMMON,
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
BOT = re.compile(r"(project|group)_\d+_bot\w*", re.ASCII)


def read(delivery: Delivery) -> Reading:
    """Read GitLab's events, except notes that GitLab itself or a bot writes."""
    kind = delivery.text("object_kind")
    if kind == "note" and (
        delivery.find("object_attributes.system") is True or BOT.fullmatch(delivery.text("user.username"))
    ):
        return Ignored("a note that no person wrote")
    event = EVENTS.get(kind)
    return event.read(delivery) if event else None


SCHEME = Scheme(  # GitLab docs, "Webhooks": a signing token signs as Standard Webhooks do, a secret token is sent
    name="gitlab",
    label="GitLab",
    proofs=(SIGNATURE, Token(header="x-gitlab-token", not_prefix=SHARED_KEY)),
    # "Webhooks: Delivery headers". The first is signed where anything is; who can send the second knows the secret
    # token. Not X-Gitlab-Event-UUID: webhooks that set off one another share it
    ids=(Header("webhook-id"), Header(IDEMPOTENCY_KEY)),
    preset=read,
    deadline=10,
)
