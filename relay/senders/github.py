"""GitHub: issues, comments, pull requests, pushes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from relay.senders import forge, reply
from relay.senders.delivery import Delivery
from relay.senders.handshake import Handshake
from relay.senders.preset import Event, Ignored, Reading
from relay.senders.reply import Reply
from relay.senders.scheme import Scheme, digest
from relay.senders.signature import HUB

# Source: GitHub docs, "Webhook events and payloads"
ISSUE = {
    "action": "action",
    "repository": "repository.full_name",
    "number": "issue.number",
    "title": "issue.title",
    "url": "issue.html_url",
    "state": "issue.state",
    "author": "issue.user.login",
    "sender": "sender.login",
}
PULL = {name: path.replace("issue.", "pull_request.") for name, path in ISSUE.items()}

EVENTS: Mapping[str, Event] = {  # by X-GitHub-Event
    "issue_comment": Event(
        query=("comment.body",),
        user="sender.login",
        inputs={**ISSUE, "body": "issue.body", "comment_id": "comment.id", "comment_url": "comment.html_url"},
        conversation=("repository.full_name", "issue.number"),
    ),
    "issues": Event(
        query=("issue.title", "issue.body"),
        user="sender.login",
        inputs={**ISSUE, "body": "issue.body", "label": "label.name"},
        conversation=("repository.full_name", "issue.number"),
    ),
    "pull_request": Event(
        query=("pull_request.title", "pull_request.body"),
        user="sender.login",
        inputs={
            **PULL,
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


# what is answered where it stands, by X-GitHub-Event: the action, where the number is, and where what was written
ANSWERED: Mapping[str, tuple[str, str, str]] = {
    "issue_comment": ("created", "issue.number", "comment.body"),
    "issues": ("opened", "issue.number", "issue.body"),
    "pull_request": ("opened", "pull_request.number", "pull_request.body"),
}


def read(delivery: Delivery) -> Reading:
    """Read GitHub's events, except comments of bots, and what a relay has written: a token's user hears of itself.

    What is opened is meant for everybody, a comment for those whom it mentions.
    """
    kind = delivery.header("x-github-event")
    event = EVENTS.get(kind)
    if event is None or kind not in ANSWERED:
        return event.read(delivery) if event else None
    action, number, body = ANSWERED[kind]
    bot = delivery.text("sender.type") == "Bot"
    if bot and kind == "issue_comment":
        return Ignored("a bot's own comment")
    if forge.is_marked(delivery.text(body)):
        return Ignored("a relay's own comment")
    preset = event.read(delivery)
    to = {"repository": delivery.text("repository.full_name"), "number": delivery.text(number)}
    if bot or delivery.text("action") != action or not all(to.values()):
        return preset
    return replace(
        preset,
        to=to,
        among_others=True,
        addressed=kind != "issue_comment",
        threaded=True,
        mentions=forge.mentions(preset.query),
    )


def pong(delivery: Delivery, _: Sequence[str]) -> Reply | None:
    """Answer ping, which comes when a webhook is made. Source: GitHub docs, "Webhook events and payloads: ping"."""
    return reply.text("pong") if delivery.header("x-github-event") == "ping" else None


SCHEME = Scheme(  # GitHub docs, "Validating webhook deliveries", "Handling failed webhook deliveries"
    name="github",
    label="GitHub",
    proofs=(HUB,),
    # not X-GitHub-Delivery, which nothing signs
    ids=(digest,),
    handshakes=(Handshake(signed=True, answer=pong),),
    preset=read,
    deadline=10,
)
