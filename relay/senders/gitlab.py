"""GitLab: issues, notes, merge requests, pushes."""

import re
from collections.abc import Mapping
from dataclasses import replace

from relay.senders import forge
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
        conversation=("project.path_with_namespace", "object_kind", "object_attributes.iid"),
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
        conversation=("project.path_with_namespace", "object_kind", "object_attributes.iid"),
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


# what is answered where it stands, by object_kind: the actions, and where what was written is. A note's action came
# with GitLab 16.11; before, only new ones were told
ANSWERED: Mapping[str, tuple[frozenset[str], str]] = {
    "note": (frozenset({"create", ""}), "object_attributes.note"),
    "issue": (frozenset({"open"}), "object_attributes.description"),
    "merge_request": (frozenset({"open"}), "object_attributes.description"),
}
# what a note stands on, by noteable_type: in the API's paths, and the payload's
NOTEABLE: Mapping[str, tuple[str, str]] = {
    "Issue": ("issues", "issue.iid"),
    "MergeRequest": ("merge_requests", "merge_request.iid"),
}


def read(delivery: Delivery) -> Reading:
    """Read GitLab's events, except notes that GitLab itself or a bot writes, and what a relay has written.

    What is opened is meant for everybody, a note for those whom it mentions. An internal note is answered nowhere:
    what is said on it must not come up where everybody reads.
    """
    kind = delivery.text("object_kind")
    event = EVENTS.get(kind)
    if event is None or kind not in ANSWERED:
        return event.read(delivery) if event else None
    bot = bool(BOT.fullmatch(delivery.text("user.username")))
    if kind == "note" and (delivery.find("object_attributes.system") is True or bot):
        return Ignored("a note that no person wrote")
    actions, body = ANSWERED[kind]
    if forge.is_marked(delivery.text(body)):
        return Ignored("a relay's own note")
    preset = event.read(delivery)
    to = _place(delivery, kind)
    if bot or delivery.text("object_attributes.action") not in actions or not all(to.values()):
        return preset
    return replace(
        preset,
        to=to,
        among_others=True,
        addressed=kind != "note",
        threaded=True,
        mentions=forge.mentions(preset.query),
    )


def _place(delivery: Delivery, kind: str) -> Mapping[str, str]:
    """Give the ids of where an event is answered; one is empty where it can't be."""
    project = {"project": delivery.text("project.id")}
    if kind != "note":
        return {**project, "kind": f"{kind}s", "number": delivery.text("object_attributes.iid")}
    noteable, number = NOTEABLE.get(delivery.text("object_attributes.noteable_type"), ("", ""))
    internal = any(delivery.find(f"object_attributes.{name}") is True for name in ("internal", "confidential"))
    return {
        **project,
        "kind": "" if internal else noteable,
        "number": delivery.text(number),
        "discussion": delivery.text("object_attributes.discussion_id"),
    }


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
