"""What a sender asks before it sends, answered without running an app."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from relay.senders import reply
from relay.senders.delivery import Delivery
from relay.senders.proof import SignatureError
from relay.senders.reply import Reply

if TYPE_CHECKING:
    from relay.senders.scheme import Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """One question and its answer: None when the delivery does not ask it. May raise SignatureError."""

    signed: bool  # to be answered only after verify
    answer: Callable[[Delivery, Sequence[str]], Reply | None]  # with the tokens that the sender may name


def answer(delivery: Delivery, scheme: "Scheme", *, signed: bool, verify_tokens: Sequence[str] = ()) -> Reply | None:
    """Answer a handshake, or give None for an ordinary delivery.

    To be called twice: before verify with `signed=False` for questions that come unsigned, and after verify with
    `signed=True` for the rest. Raises SignatureError for a wrong verify token.
    """
    answers = (row.answer(delivery, verify_tokens) for row in scheme.handshakes if row.signed is signed)
    return next((given for given in answers if given is not None), None)


def challenge_of_slack(delivery: Delivery, _: Sequence[str]) -> Reply | None:
    """Echo the challenge. Source: Slack docs, "url_verification event"."""
    if delivery.text("type") != "url_verification":
        return None
    return reply.json({"challenge": delivery.text("challenge")})


def ping_of_discord(delivery: Delivery, _: Sequence[str]) -> Reply | None:
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


def challenge_of_meta(delivery: Delivery, verify_tokens: Sequence[str]) -> Reply | None:
    """Echo the challenge to whoever knows the verify token.

    Source: Meta's Graph API docs, "Webhooks: Get Started". Raises SignatureError for another token.
    """
    if delivery.query.get("hub.mode") != "subscribe":
        return None
    given = delivery.query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
    tokens = [token.encode("utf-8", "surrogatepass") for token in verify_tokens if token.strip()]
    if not any([hmac.compare_digest(given, token) for token in tokens]):  # noqa: C419 - every one is compared
        raise SignatureError("hub.verify_token is not the one that is set" if tokens else "no verify token is set")
    return reply.text(delivery.query.get("hub.challenge", ""))


def token_of_graph(delivery: Delivery, _: Sequence[str]) -> Reply | None:
    """Echo the token as plain text. Source: Microsoft Graph docs, "Receive change notifications through webhooks"."""
    token = delivery.query.get("validationToken")
    return None if token is None else reply.text(token)


def no_events_of_line(delivery: Delivery, _: Sequence[str]) -> Reply | None:
    """Answer the console's "Verify". Source: LINE docs, "Webhooks": its body has no events."""
    return reply.text("") if delivery.find("events") == [] else None


def ping_of_github(delivery: Delivery, _: Sequence[str]) -> Reply | None:
    """Answer ping, which comes when a webhook is made. Source: GitHub docs, "Webhook events and payloads: ping"."""
    return reply.text("pong") if delivery.header("x-github-event") == "ping" else None
