"""What Microsoft Graph sends, and what an app gets of it."""

import json
from collections.abc import Mapping, Sequence

from relay.senders import Preset, microsoft_graph
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import WORDS, Answered, Identified, Read, Sender, Sent

GRAPH = {
    "value": [
        {
            "subscriptionId": "s1",
            "clientState": "the-secret",
            "changeType": "created",
            "resource": "me/messages/1",
            "resourceData": {"id": "1"},
            "tenantId": "t1",
        }
    ]
}

KEPT = {
    "subscriptionId": "s1",
    "changeType": "created",
    "resource": "me/messages/1",
    "resourceData": {"id": "1"},
    "tenantId": "t1",
}


SENDERS: Mapping[str, Sender] = {
    "microsoft-graph": Sender(
        scheme=microsoft_graph.SCHEME,
        secrets=WORDS,
        sign=lambda _body, _now, _secret: {},
        body=json.dumps({"value": [{"clientState": WORDS[0]}, {"clientState": WORDS[0]}]}).encode(),
        signs_body=False,
    ),
}

READ: Mapping[str, Read] = {
    "Microsoft Graph, without the secret": (
        "microsoft-graph",
        posted(GRAPH),
        Preset(
            query="created me/messages/1",
            inputs={**KEPT, "notifications": [KEPT]},
            conversation_key="s1",
        ),
    ),
}

IDS: Sequence[Identified] = [
    ("microsoft-graph", posted({"value": [{"id": "n1"}]}), "n1"),
    ("microsoft-graph", posted({"value": [{}]}, idempotency_key="forged"), None),
]
UNANSWERED: Sequence[Sent] = [("microsoft-graph", posted({"value": []}))]

IGNORED: Mapping[str, Sent] = {}
UNREAD: Sequence[Sent] = ()
ANSWERED: Mapping[str, Answered] = {}
