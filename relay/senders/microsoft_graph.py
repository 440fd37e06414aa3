"""Microsoft Graph: change notifications."""

from collections.abc import Sequence
from http import HTTPStatus

from relay.senders import batch, reply
from relay.senders.delivery import Delivery
from relay.senders.handshake import Handshake
from relay.senders.preset import Preset, Reading, key, pick
from relay.senders.proof import BodyToken
from relay.senders.reply import Reply
from relay.senders.scheme import Path, Scheme

CLIENT_STATE = "clientState"


def read(delivery: Delivery) -> Reading:
    """Read a change notification. Source: Graph docs, "changeNotification".

    clientState, which proves the delivery, is not passed on.
    """
    notifications = delivery.find("value")
    if not isinstance(notifications, list) or not all(isinstance(one, dict) for one in notifications):
        return None
    kept = [{name: value for name, value in one.items() if name != CLIENT_STATE} for one in notifications]
    names = ("changeType", "resource", "subscriptionId", "tenantId", "resourceData", "lifecycleEvent")
    change = delivery.text("value.0.changeType") or delivery.text("value.0.lifecycleEvent")
    return Preset(
        query=f"{change} {delivery.text('value.0.resource')}".strip(),
        inputs={**pick(delivery, {name: f"value.0.{name}" for name in names}), "notifications": kept},
        conversation_key=key(delivery.text("value.0.subscriptionId")),
    )


def echo(delivery: Delivery, _: Sequence[str]) -> Reply | None:
    """Echo the token as plain text. Source: Microsoft Graph docs, "Receive change notifications through webhooks"."""
    token = delivery.query.get("validationToken")
    return None if token is None else reply.text(token)


SCHEME = Scheme(  # Microsoft Graph docs, "Receive change notifications through webhooks"
    name="microsoft-graph",
    label="Microsoft Graph",
    proofs=(BodyToken(items="value", name=CLIENT_STATE),),
    divide=batch.each("value"),
    # no digest instead: a thing that changes twice is told in the same words
    ids=(Path("value.0.id"),),
    handshakes=(Handshake(signed=False, answer=echo),),
    preset=read,
    acknowledgement=Reply(status=HTTPStatus.ACCEPTED),
    deadline=3,
)
