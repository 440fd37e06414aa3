"""Discord: commands and components of an application, and its handshake for webhook events."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from relay.senders import reply
from relay.senders.delivery import Delivery, text_of
from relay.senders.handshake import Handshake
from relay.senders.preset import Preset, Reading, cut, key, pick
from relay.senders.reply import Reply
from relay.senders.scheme import Path, Scheme
from relay.senders.signature import Place, Signature, ed25519, hexadecimal

LIMIT = 2000  # characters; Discord docs, "Create Message"
COMMAND, COMPONENT = "2", "3"  # "Interaction Type"
NOTHING = "There is nothing to answer here."
DEPTH = 3  # "Subcommands and Subcommand Groups": a group, a command, its options
MESSAGE, DEFERRED = 4, 5  # "Interaction Callback Type": CHANNEL_MESSAGE_WITH_SOURCE, and one that follows
EPHEMERAL = 1 << 6  # "Message Flags": seen by who asked, and by nobody else


def read(delivery: Delivery) -> Reading:
    """Read a command's options or a component's choice. Source: Discord docs, "Interaction Object"."""
    kind = delivery.text("type")
    if "event" in delivery.payload or kind not in {COMMAND, COMPONENT}:
        return None
    options = dict(_options(delivery.find("data.options"), depth=DEPTH))
    values = delivery.find("data.values")
    chosen = [text_of(value) for value in values] if isinstance(values, list) else []
    texts = [text_of(value) for value in options.values()] or chosen or [delivery.text("data.custom_id")]
    paths = {
        "command": "data.name",
        "custom_id": "data.custom_id",
        "values": "data.values",
        "channel_id": "channel_id",
        "guild_id": "guild_id",
        "locale": "locale",
        "message": "message.content",
    }
    user = delivery.text("member.user.id") or delivery.text("user.id")
    application, channel = delivery.text("application_id"), delivery.text("channel_id")
    place = {"application_id": application, "channel_id": channel, "guild_id": delivery.text("guild_id")}
    token = delivery.text("token")
    return Preset(
        query=" ".join(text for text in texts if text),
        inputs={**pick(delivery, paths), **({"options": options} if options else {})},
        user=user or None,
        conversation_key=key(channel, user),
        reply={},
        to={name: value for name, value in place.items() if value} if application and channel else None,
        # who has it speaks for the bot, for a quarter of an hour
        handle={"token": token} if token else {},
    )


def message(_: Mapping[str, Any], answer: str) -> Mapping[str, Any]:
    # no one is to be pinged by what an app writes
    content = {"content": cut(answer, LIMIT), "allowed_mentions": {"parse": []}}
    return {"type": MESSAGE, "data": content}


def pong(delivery: Delivery, _: Sequence[str]) -> Reply | None:
    """Answer PING. Source: Discord docs, "Interactions: Receiving and Responding" and "Webhook Events".

    An interaction's PING has type 1 and wants it back; a webhook event's has type 0 and wants 204, and type 1
    there is an event.
    """
    if "event" in delivery.payload:
        return None
    kind = delivery.text("type")
    if kind == "0":
        return Reply(status=HTTPStatus.NO_CONTENT)
    return reply.json({"type": 1}) if kind == "1" else None


def _options(options: Any, *, depth: int) -> list[tuple[str, Any]]:
    """Give the options with a value, those of a group's subcommand among them."""
    found: list[tuple[str, Any]] = []
    for option in options if isinstance(options, list) else []:
        if not isinstance(option, Mapping):
            continue
        if "value" in option:
            found.append((text_of(option.get("name")), option["value"]))
        elif depth > 1:
            found += _options(option.get("options"), depth=depth - 1)
    return found


SCHEME = Scheme(  # Discord docs, "Interactions: Validating security request headers"; the secret is the public key
    name="discord",
    label="Discord",
    proofs=(
        Signature(
            place=Place(header="x-signature-ed25519"),
            decode=hexadecimal,
            algorithm=ed25519,
            key=hexadecimal,
            signed=b"%(timestamp)b%(body)b",
            timestamp=Place(header="x-signature-timestamp"),
        ),
    ),
    ids=(Path("id"),),
    handshakes=(Handshake(signed=True, answer=pong),),
    preset=read,
    message=message,
    # Discord tells the person of a failure where anything but a message comes
    acknowledgement=reply.json({"type": MESSAGE, "data": {"content": NOTHING, "flags": EPHEMERAL}}),
    accepted=reply.json({"type": DEFERRED}),
    deadline=3,
)
