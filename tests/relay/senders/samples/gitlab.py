"""What GitLab sends, and what an app gets of it."""

from collections.abc import Mapping, Sequence

from relay.senders import Preset, gitlab
from tests.relay.senders.samples import standard_webhooks
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import SHARED_KEYS, WORDS, Answered, Identified, Read, Sender, Sent

DISCUSSION = "6a9c1750b37d513a43987b574953fceb50b03ce7"

NOTE = {
    "object_kind": "note",
    "user": {"username": "ada"},
    "project": {"id": 5, "path_with_namespace": "o/r"},
    "object_attributes": {
        "note": "@duck why?",
        "noteable_type": "Issue",
        "discussion_id": DISCUSSION,
        "url": "https://forge.example/n/1",
        "system": False,
    },
    "issue": {"iid": 7, "title": "It does not quack"},
}

ISSUE = {
    "object_kind": "issue",
    "user": {"username": "ada"},
    "project": {"id": 5, "path_with_namespace": "o/r"},
    "object_attributes": {
        "iid": 7,
        "title": "It does not quack",
        "description": "At all.",
        "state": "opened",
        "action": "open",
        "url": "https://forge.example/i/7",
    },
}


SENDERS: Mapping[str, Sender] = {
    "gitlab": Sender(
        scheme=gitlab.SCHEME,
        secrets=WORDS,
        sign=lambda _body, _now, secret: {"x-gitlab-token": secret},
        signs_body=False,
    ),
    "gitlab, signing token": Sender(
        scheme=gitlab.SCHEME, secrets=SHARED_KEYS, sign=standard_webhooks.sign, timed=True
    ),
}

READ: Mapping[str, Read] = {
    "GitLab, note": (
        "gitlab",
        posted(NOTE),
        Preset(
            query="@duck why?",
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
            conversation_key=f"o/r:{DISCUSSION}",
            to={"project": "5", "kind": "issues", "number": "7", "discussion": DISCUSSION},
            among_others=True,
            addressed=False,
            threaded=True,
            mentions=frozenset({"duck"}),
        ),
    ),
    "GitLab, issue": (
        "gitlab",
        posted(ISSUE),
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
            conversation_key="o/r:issue:7",
            to={"project": "5", "kind": "issues", "number": "7"},
            among_others=True,
            threaded=True,
        ),
    ),
}

IGNORED: Mapping[str, Sent] = {
    "GitLab, system note": ("gitlab", posted({**NOTE, "object_attributes": {"system": True, "note": "closed"}})),
    "GitLab, a relay's note": (
        "gitlab",
        posted({**NOTE, "object_attributes": {"note": f"Quack.\n\n<!-- duck-relay:{'0' * 32} -->"}}),
    ),
    "GitLab, a relay's issue": (
        "gitlab",
        posted({**ISSUE, "object_attributes": {"description": f"<!-- duck-relay:{'0' * 32} -->\n"}}),
    ),
    "GitLab, project bot": ("gitlab", posted({**NOTE, "user": {"username": "project_1_bot_4ffca2"}})),
}
UNREAD: Sequence[Sent] = [("gitlab", posted({"object_kind": "pipeline"}))]
IDS: Sequence[Identified] = [
    ("gitlab", posted({}, webhook_id="signed", idempotency_key="f5e5f430"), "signed"),
    ("gitlab", posted({}, idempotency_key="f5e5f430", x_gitlab_event_uuid="shared"), "f5e5f430"),
    ("gitlab", posted({}, x_gitlab_event_uuid="shared"), None),
]

ANSWERED: Mapping[str, Answered] = {}
UNANSWERED: Sequence[Sent] = ()
