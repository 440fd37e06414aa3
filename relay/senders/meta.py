"""Meta: messages to WhatsApp, Messenger and Instagram."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relay.senders import reply
from relay.senders.batch import objects
from relay.senders.delivery import Delivery, find, text_of
from relay.senders.handshake import Handshake
from relay.senders.preset import Ignored, Preset, Reading, key
from relay.senders.proof import SignatureError, is_one_of
from relay.senders.reply import Reply
from relay.senders.scheme import Path, Scheme, digest
from relay.senders.signature import HUB

VALUE = "entry.0.changes.0.value"
MESSAGING = "entry.0.messaging.0"
# where a message of WhatsApp and the status of one name the person that `contacts` describes
PERSON: Mapping[str, str] = {"messages": "from", "statuses": "recipient_id"}
WORDLESS = frozenset({"image", "audio", "voice", "video", "document", "sticker"})  # types of WhatsApp's messages


def read(delivery: Delivery) -> Reading:
    """Read a message of WhatsApp or Messenger; receipts and echoes are ignored.

    Source: Meta's docs, "WhatsApp Cloud API: Webhooks" and "Messenger Platform: Webhook events".
    """
    value = delivery.find(VALUE)
    if text_of(find(value, "messages.0.type")) in {"text", *WORDLESS}:
        return _whatsapp(value)
    if find(value, "statuses") and not find(value, "messages"):
        return Ignored("a message's status")
    sent = delivery.find(MESSAGING)
    if find(sent, "message.is_echo") is True:
        return Ignored("the page's own message")
    if any(find(sent, receipt) for receipt in ("delivery", "read")):
        return Ignored("a receipt")
    return _messenger(delivery.text("object"), sent)


def _whatsapp(value: Any) -> Preset | None:
    message = find(value, "messages.0")
    user, number = text_of(find(message, "from")), text_of(find(value, "metadata.phone_number_id"))
    to = {
        "channel": "whatsapp",
        "phone_number_id": number,
        "person": user,
        "message_id": text_of(find(message, "id")),
    }
    wordless = find(message, "type") != "text"
    if wordless and not user:
        return None
    inputs = {
        "channel": "whatsapp",
        "phone_number_id": find(value, "metadata.phone_number_id"),
        "name": find(value, "contacts.0.profile.name"),
        "message_id": find(message, "id"),
    }
    return Preset(
        query=text_of(find(message, "text.body")),
        inputs=_present(inputs),
        user=user or None,
        conversation_key=key(number, user),
        # a group is written to in another way than the person who speaks there
        to=to if all(to.values()) and find(message, "group_id") is None else None,
        wordless=wordless,
    )


def _messenger(channel: str, sent: Any) -> Preset | None:
    """Read a message to a page, or to an account of Instagram, which is answered by another API."""
    text = text_of(find(sent, "message.text"))
    user, page = text_of(find(sent, "sender.id")), text_of(find(sent, "recipient.id"))
    to = {"channel": "messenger", "person": user} if user and channel == "page" else None
    wordless = not text
    if wordless and not (to and find(sent, "message.attachments")):
        return None
    inputs = {"channel": channel, "page_id": page, "message_id": find(sent, "message.mid")}
    return Preset(
        query=text,
        inputs=_present(inputs),
        user=user or None,
        conversation_key=key(page, user),
        to=to,
        wordless=wordless,
    )


def _present(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if value}


def divide(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Divide entries into changes, changes into messages and statuses, and entries into what was messaged.

    Each part keeps what stands beside it on the way down, but not its neighbours, and of the contacts its own. What
    is malformed stays together. Source: Meta's docs, "Webhooks from Meta", and those of `read`.
    """
    entries = payload.get("entry")
    for entry in entries if objects(entries) else ():
        for part in _of_entry(entry):
            yield {**payload, "entry": [part]}


def _of_entry(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    lists, rest = _lists(entry, ("changes", "messaging"))
    for change in lists.get("changes", ()):
        if not isinstance(change.get("value"), dict):
            yield {**rest, "changes": [change]}
            continue
        for value in _of_value(change["value"]):
            yield {**rest, "changes": [{**change, "value": value}]}
    for messaging in lists.get("messaging", ()):
        yield {**rest, "messaging": [messaging]}
    if not lists:
        yield entry


def _of_value(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    lists, rest = _lists(value, (*PERSON, "contacts"))
    contacts = lists.pop("contacts", [])
    by_id = {text_of(contact.get("wa_id")): [contact] for contact in contacts}
    alone = contacts if len(contacts) == 1 else []
    for name, items in lists.items():
        for item in items:
            own = by_id.get(text_of(item.get(PERSON[name])), alone)
            yield {**rest, **({"contacts": own} if own else {}), name: [item]}
    if not lists:
        yield value


def _lists(
    value: Mapping[str, Any], names: Sequence[str]
) -> tuple[dict[str, list[dict[str, Any]]], Mapping[str, Any]]:
    """Take the lists of objects with these names out of a value: them, and the rest."""
    lists = {name: value[name] for name in names if objects(value.get(name))}
    return lists, {name: one for name, one in value.items() if name not in lists}


def challenge(delivery: Delivery, verify_tokens: Sequence[str]) -> Reply | None:
    """Echo the challenge to whoever knows the verify token.

    Source: Meta's Graph API docs, "Webhooks: Get Started". Raises SignatureError for another token.
    """
    if delivery.query.get("hub.mode") != "subscribe":
        return None
    tokens = [token for token in verify_tokens if token.strip()]
    if not is_one_of(delivery.query.get("hub.verify_token", ""), tokens):
        raise SignatureError("hub.verify_token is not the one that is set" if tokens else "no verify token is set")
    return reply.text(delivery.query.get("hub.challenge", ""))


SCHEME = Scheme(  # Meta's Graph API docs, "Webhooks: Get Started"
    name="meta",
    label="Meta (WhatsApp, Messenger, Instagram)",
    proofs=(HUB,),
    divide=divide,
    # no time is signed, so what has no id of its own is known by all that it says
    ids=(
        Path(f"{VALUE}.messages.0.id"),
        Path(f"{MESSAGING}.message.mid"),
        Path(f"{MESSAGING}.postback.mid"),
        digest,
    ),
    handshakes=(Handshake(signed=False, answer=challenge),),
    preset=read,
)
