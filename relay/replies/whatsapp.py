"""WhatsApp, by the Cloud API: a message for each piece, and "typing" until then. Nothing can be edited."""

from collections.abc import Mapping, Sequence
from typing import Any

from relay.outward import Request, Response
from relay.replies import graph
from relay.replies.channel import Channel, Outcome, Piece, Rung, Target, Verdict, segment
from relay.senders.delivery import find, text_of
from relay.texts import dialects
from relay.texts.measure import utf16

# of a message's text. Meta's docs, "WhatsApp Cloud API: Text messages", say characters: as the strictest count them
LIMIT = 4096
# Meta's docs, "Messaging limits: Pair rate limits": one message in 6 s to one person
GAP = 6.0
# "Typing indicators": shown for 25 s, or until the answer
TYPING = 20.0

# Source: Meta's docs, "WhatsApp Cloud API: Error codes"
CODES: Mapping[str, Verdict] = {
    "80007": Verdict(outcome=Outcome.AGAIN, reason="too many calls of the account"),
    "130429": Verdict(outcome=Outcome.AGAIN, reason="too many messages at once"),
    "130472": Verdict(outcome=Outcome.NEVER, reason="WhatsApp keeps this person out of business messages for a test"),
    "131000": Verdict(outcome=Outcome.AGAIN, reason="WhatsApp has trouble of its own"),
    "131005": Verdict(outcome=Outcome.NEVER, reason="the token lacks a permission"),
    "131016": Verdict(outcome=Outcome.AGAIN, reason="WhatsApp has trouble of its own"),
    "131026": Verdict(outcome=Outcome.NEVER, reason="the message can't be delivered to this person"),
    "131030": Verdict(outcome=Outcome.NEVER, reason="a test number writes only to the numbers on its list"),
    "131031": Verdict(outcome=Outcome.NEVER, reason="Meta has locked the account"),
    "131042": Verdict(outcome=Outcome.NEVER, reason="the account's way to pay is refused"),
    "131047": Verdict(outcome=Outcome.NEVER, reason="the person's last message is more than 24 hours old"),
    "131048": Verdict(outcome=Outcome.NEVER, reason="WhatsApp holds the number's messages back as spam"),
    "131056": Verdict(outcome=Outcome.AGAIN, after=GAP, reason="too many messages to this person"),
    "133004": Verdict(outcome=Outcome.AGAIN, reason="WhatsApp has trouble of its own"),
    "133010": Verdict(outcome=Outcome.NEVER, reason="the phone number is not registered with the Cloud API"),
}


def _post(target: Target, pieces: Sequence[Piece]) -> Request:
    """Source: Meta's docs, "WhatsApp Cloud API: Text messages", "Contextual replies"."""
    piece = pieces[0]
    body = {
        "recipient_type": "individual",
        "to": segment(target.to.get("person"), graph.ID),
        "type": "text",
        "text": {"body": piece.text, "preview_url": False},
    }
    question = text_of(target.to.get("message_id"))
    return _request(target, "post", body | ({"context": {"message_id": question}} if not piece.number else {}))


def _typing(target: Target) -> Request:
    """Show that an answer is written, and that the message was read. Source: "Typing indicators"."""
    body = {
        "status": "read",
        "message_id": text_of(target.to.get("message_id")),
        "typing_indicator": {"type": "text"},
    }
    return _request(target, "typing", body, repeatable=True)


def _request(target: Target, what: str, body: Mapping[str, Any], *, repeatable: bool = False) -> Request:
    return Request(
        what=what,
        path=f"/{segment(target.to.get('phone_number_id'), graph.ID)}/messages",
        headers=graph.headers(target),
        body={"messaging_product": "whatsapp", **body},
        repeatable=repeatable,
    )


def _posted(response: Response) -> str:
    return text_of(find(response.body, "messages.0.id"))


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
            dialect=dialects.whatsapp,
            plain=dialects.plain,
            gap=GAP,
        ),
    ),
    judge=graph.judge(CODES),
    sign=_typing,
    sign_every=TYPING,
    # the account that a token is for stands in the messages alone: without one there is nothing to ask
)
