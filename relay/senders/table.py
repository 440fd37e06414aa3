"""The senders, one row each. Adding a vendor is adding a row."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

from relay.senders import handshake
from relay.senders.handshake import Handshake
from relay.senders.presets import forges, messengers, services
from relay.senders.proof import (
    HMAC,
    BodyToken,
    Place,
    Signature,
    Token,
    base64,
    base64_key,
    ed25519,
    hexadecimal,
)
from relay.senders.reply import Reply
from relay.senders.scheme import Header, Path, Scheme

ENCODINGS: Mapping[str, Callable[[str], bytes]] = {"hex": hexadecimal, "base64": base64}
# a header with "_" in its name never gets here: the SDK's reader refuses the whole request
HEADER_NAME = re.compile(r"[a-z0-9-]{1,128}", re.ASCII)

_STANDARD_TIMESTAMP = Place(header="webhook-timestamp")
_STANDARD = Signature(
    place=Place(header="webhook-signature", prefix="v1,", separator=" "),
    decode=base64,
    algorithm=HMAC["sha256"],
    key=base64_key("whsec_"),
    signed=b"%(id)b.%(timestamp)b.%(body)b",
    timestamp=_STANDARD_TIMESTAMP,
    id_header="webhook-id",
)
_STANDARD_ASYMMETRIC = Signature(
    place=Place(header="webhook-signature", prefix="v1a,", separator=" "),
    decode=base64,
    algorithm=ed25519,
    key=base64_key("whpk_", required=True),
    signed=b"%(id)b.%(timestamp)b.%(body)b",
    timestamp=_STANDARD_TIMESTAMP,
    id_header="webhook-id",
)
_HUB = Signature(  # the header that GitHub and Meta share
    place=Place(header="x-hub-signature-256", prefix="sha256="), decode=hexadecimal, algorithm=HMAC["sha256"]
)

_ROWS = (
    Scheme(  # standard-webhooks/standard-webhooks, spec/standard-webhooks.md
        name="standard-webhooks",
        proofs=(_STANDARD, _STANDARD_ASYMMETRIC),
        ids=(Header("webhook-id"),),
        preset=services.standard,
        deadline=15,
    ),
    Scheme(  # GitHub docs, "Validating webhook deliveries", "Handling failed webhook deliveries"
        name="github",
        proofs=(_HUB,),
        ids=(Header("x-github-delivery"),),
        handshakes=(Handshake(signed=True, answer=handshake.ping_of_github),),
        preset=forges.github,
        deadline=10,
    ),
    Scheme(  # GitLab docs, "Webhooks": a signing token signs as Standard Webhooks do, a secret token is sent as it is
        name="gitlab",
        proofs=(_STANDARD, Token(header="x-gitlab-token")),
        # not X-Gitlab-Event-UUID: webhooks that set off one another share it
        ids=(Header("webhook-id"),),
        preset=forges.gitlab,
        deadline=10,
    ),
    Scheme(  # Slack docs, "Verifying requests from Slack", "The Events API: Error handling"
        name="slack",
        proofs=(
            Signature(
                place=Place(header="x-slack-signature", prefix="v0="),
                decode=hexadecimal,
                algorithm=HMAC["sha256"],
                signed=b"v0:%(timestamp)b:%(body)b",
                timestamp=Place(header="x-slack-request-timestamp"),
            ),
        ),
        ids=(Path("event_id"), Path("trigger_id")),
        repeats=(Header("x-slack-retry-num"),),
        no_retry_headers={"X-Slack-No-Retry": "1"},
        handshakes=(Handshake(signed=True, answer=handshake.challenge_of_slack),),
        preset=messengers.slack,
        deadline=3,
    ),
    Scheme(  # Stripe docs, "Verify webhook signatures manually"; v0 is for test events and proves nothing
        name="stripe",
        proofs=(
            Signature(
                place=Place(header="stripe-signature", prefix="v1=", separator=","),
                decode=hexadecimal,
                algorithm=HMAC["sha256"],
                signed=b"%(timestamp)b.%(body)b",
                timestamp=Place(header="stripe-signature", prefix="t=", separator=","),
            ),
        ),
        ids=(Path("id"),),
        preset=services.stripe,
    ),
    Scheme(  # Shopify docs, "Verify webhook deliveries"
        name="shopify",
        proofs=(Signature(place=Place(header="x-shopify-hmac-sha256"), decode=base64, algorithm=HMAC["sha256"]),),
        ids=(Header("x-shopify-webhook-id"),),
        preset=services.shopify,
        deadline=5,
    ),
    Scheme(  # Discord docs, "Interactions: Validating security request headers"; the secret is the public key
        name="discord",
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
        handshakes=(Handshake(signed=True, answer=handshake.ping_of_discord),),
        preset=messengers.discord,
        deadline=3,
    ),
    Scheme(  # LINE docs, "Verify webhook signature"
        name="line",
        proofs=(Signature(place=Place(header="x-line-signature"), decode=base64, algorithm=HMAC["sha256"]),),
        ids=(Path("events.0.webhookEventId"),),
        repeats=(Path("events.0.deliveryContext.isRedelivery"),),
        handshakes=(Handshake(signed=True, answer=handshake.no_events_of_line),),
        preset=messengers.line,
        deadline=2,
    ),
    Scheme(  # Telegram Bot API, "setWebhook"
        name="telegram",
        proofs=(Token(header="x-telegram-bot-api-secret-token"),),
        ids=(Path("update_id"),),
        preset=messengers.telegram,
        deadline=60,
    ),
    Scheme(  # Meta's Graph API docs, "Webhooks: Get Started"
        name="meta",
        proofs=(_HUB,),
        ids=(Path("entry.0.changes.0.value.messages.0.id"), Path("entry.0.messaging.0.message.mid")),
        handshakes=(Handshake(signed=False, answer=handshake.challenge_of_meta),),
        preset=messengers.meta,
    ),
    Scheme(  # Microsoft Graph docs, "Receive change notifications through webhooks"
        name="microsoft-graph",
        proofs=(BodyToken(items="value", name=services.CLIENT_STATE),),
        ids=(Path("value.0.id"),),
        handshakes=(Handshake(signed=False, answer=handshake.token_of_graph),),
        preset=services.microsoft_graph,
        acknowledgement=Reply(status=HTTPStatus.ACCEPTED),
        deadline=3,
    ),
)

SCHEMES: Mapping[str, Scheme] = {row.name: row for row in _ROWS}


def hmac(*, header: str, algorithm: str = "sha256", encoding: str = "hex", prefix: str = "") -> Scheme:
    """Make the row of a sender that signs the body with an HMAC in a header.

    Raises ValueError, whose text names the setting, for a choice that does not exist.
    """
    name = header.strip().lower()
    if not HEADER_NAME.fullmatch(name):
        raise ValueError("header must be a header's name, of letters, digits and hyphens")
    if algorithm not in HMAC:
        raise ValueError(f"algorithm must be one of {', '.join(HMAC)}")
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding must be one of {', '.join(ENCODINGS)}")
    place = Place(header=name, prefix=prefix.strip())
    signature = Signature(place=place, decode=ENCODINGS[encoding], algorithm=HMAC[algorithm])
    return Scheme(name="hmac", proofs=(signature,))
