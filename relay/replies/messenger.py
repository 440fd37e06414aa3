"""Messenger: a message for each piece, and "typing" until then. Nothing can be edited, nothing is formatted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from relay.outward import Request, Response
from relay.replies import graph
from relay.replies.channel import Channel, Outcome, Piece, Rung, Target, Verdict, segment
from relay.senders.delivery import find, text_of
from relay.texts import dialects
from relay.texts.measure import utf16

# of a message's text. Meta's docs, "Messenger Platform: Send API", say characters: as the strictest count them
LIMIT = 2000
# "Sender actions": shown for 20 s, or until the answer
TYPING = 10.0

CHECK = Request(what="check", method="GET", path="/me?fields=id", repeatable=True)

# Source: Meta's docs, "Messenger Platform: Error codes"
CODES: Mapping[str, Verdict] = {
    "10:2018278": Verdict(outcome=Outcome.NEVER, reason="the person's last message is more than 24 hours old"),
    "10:2018065": Verdict(outcome=Outcome.NEVER, reason="the person's last message is more than 24 hours old"),
    "100:2018001": Verdict(outcome=Outcome.NEVER, reason="the page knows no such person"),
    "551": Verdict(outcome=Outcome.NEVER, reason="this person can't be written to now"),
    "1200": Verdict(outcome=Outcome.AGAIN, reason="Meta has trouble of its own"),
}


def _post(target: Target, pieces: Sequence[Piece]) -> Request:
    """Source: Meta's docs, "Messenger Platform: Send messages"."""
    return _request(target, "post", {"messaging_type": "RESPONSE", "message": {"text": pieces[0].text}})


def _typing(target: Target) -> Request:
    """Source: Meta's docs, "Messenger Platform: Sender actions"."""
    return _request(target, "typing", {"sender_action": "typing_on"}, repeatable=True)


def _request(target: Target, what: str, body: Mapping[str, Any], *, repeatable: bool = False) -> Request:
    return Request(
        what=what,
        path="/me/messages",
        headers=graph.headers(target),
        body={"recipient": {"id": segment(target.to.get("person"), graph.ID)}, **body},
        repeatable=repeatable,
    )


def _posted(response: Response) -> str:
    return text_of(find(response.body, "message_id"))


def _checked(response: Response) -> str:
    return JUDGE(CHECK, response).reason


JUDGE = graph.judge(CODES)
CHANNEL = Channel(
    sender="meta",
    base=graph.BASE,
    needs=graph.needs,
    rungs=(
        Rung(
            name="message",
            post=_post,
            posted=_posted,
            limit=LIMIT,
            measure=utf16,
            dialect=dialects.plain,
            plain=dialects.plain,
        ),
    ),
    judge=JUDGE,
    sign=_typing,
    sign_every=TYPING,
    check=lambda target: replace(CHECK, headers=graph.headers(target)),
    checked=_checked,
)
