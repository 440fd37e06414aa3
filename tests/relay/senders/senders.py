"""Webhook senders: each signs with its vendor's own library, or is checked by it where that only verifies."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gidgethub.sansio import validate_event
from linebot.v3.webhook import SignatureValidator
from nacl.signing import SigningKey
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook
from stripe import WebhookSignature

from relay.senders import SCHEMES, Delivery, Scheme, table

NOW = 1_790_000_000  # seconds since 1970
BODY = '{"hello":"wörld"}'.encode()
JSON = {"content-type": "application/json"}
DISCORD_KEYS = [SigningKey(bytes([seed]) * 32) for seed in (1, 2)]


@dataclass(frozen=True, kw_only=True)
class Sender:
    scheme: Scheme
    secrets: tuple[str, str]  # the first signs
    sign: Callable[[bytes, int, str], Mapping[str, str]]  # body, seconds since 1970, secret
    body: bytes = BODY
    timed: bool = False
    signs_body: bool = True
    malformed: tuple[str, ...] = ("", "x", "=", "\x00", "ü", "sha256=", "sha256=zz", "v0=zz", "t=,v1=", "t=x,v1=x")

    def deliver(self, *, now: int = NOW, body: bytes | None = None) -> Delivery:
        sent = self.body if body is None else body
        return Delivery(headers={**JSON, **self.sign(sent, now, self.secrets[0])}, body=sent)

    @property
    def proving_headers(self) -> list[str]:
        return list(self.sign(self.body, NOW, self.secrets[0]))


def _hex(body: bytes, secret: str, digest: str = "sha256") -> str:
    return hmac.digest(secret.encode(), body, digest).hex()


def _base64(body: bytes, secret: str, digest: str = "sha256") -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, digest)).decode()


def standard(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    signature = Webhook(secret).sign("msg_1", datetime.fromtimestamp(now, UTC), body.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}


def standard_asymmetric(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    key = next(key for key in DISCORD_KEYS if public(key) == secret)
    signature = key.sign(b"msg_1.%d.%b" % (now, body)).signature
    encoded = f"v1a,{base64.b64encode(signature).decode()}"
    return {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": encoded}


def public(key: SigningKey) -> str:
    return "whpk_" + base64.b64encode(bytes(key.verify_key)).decode()


def github(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    signature = f"sha256={_hex(body, secret)}"
    validate_event(body, signature=signature, secret=secret)
    return {"x-hub-signature-256": signature}


def slack(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    signature = SignatureVerifier(secret).generate_signature(timestamp=str(now), body=body)
    assert signature
    return {"x-slack-signature": signature, "x-slack-request-timestamp": str(now)}


def stripe(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    return {"stripe-signature": WebhookSignature.generate_signature_header(body.decode(), secret, now)}


def discord(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    key = next(key for key in DISCORD_KEYS if bytes(key.verify_key).hex() == secret)
    signature = key.sign(str(now).encode() + body).signature.hex()
    return {"x-signature-ed25519": signature, "x-signature-timestamp": str(now)}


def line(body: bytes, now: int, secret: str) -> Mapping[str, str]:
    signature = _base64(body, secret)
    validator = SignatureValidator(secret)  # type: ignore[no-untyped-call]  # the SDK ships no types
    assert validator.validate(body.decode(), signature)  # type: ignore[no-untyped-call]
    return {"x-line-signature": signature}


WORDS = ("first-words", "other-words")
STANDARD_WORDS = ("whsec_" + base64.b64encode(b"1" * 24).decode(), "whsec_" + base64.b64encode(b"2" * 24).decode())

SENDERS: Mapping[str, Sender] = {
    "standard-webhooks": Sender(
        scheme=SCHEMES["standard-webhooks"], secrets=STANDARD_WORDS, sign=standard, timed=True
    ),
    "standard-webhooks, asymmetric": Sender(
        scheme=SCHEMES["standard-webhooks"],
        secrets=(public(DISCORD_KEYS[0]), public(DISCORD_KEYS[1])),
        sign=standard_asymmetric,
        timed=True,
    ),
    "github": Sender(scheme=SCHEMES["github"], secrets=WORDS, sign=github),
    "gitlab": Sender(
        scheme=SCHEMES["gitlab"],
        secrets=WORDS,
        sign=lambda _body, _now, secret: {"x-gitlab-token": secret},
        signs_body=False,
    ),
    "gitlab, signing token": Sender(scheme=SCHEMES["gitlab"], secrets=STANDARD_WORDS, sign=standard, timed=True),
    "slack": Sender(scheme=SCHEMES["slack"], secrets=WORDS, sign=slack, timed=True),
    "stripe": Sender(scheme=SCHEMES["stripe"], secrets=STANDARD_WORDS, sign=stripe, timed=True),
    "shopify": Sender(
        scheme=SCHEMES["shopify"],
        secrets=WORDS,
        sign=lambda body, _now, secret: {"x-shopify-hmac-sha256": _base64(body, secret)},
    ),
    "discord": Sender(
        scheme=SCHEMES["discord"],
        secrets=(bytes(DISCORD_KEYS[0].verify_key).hex(), bytes(DISCORD_KEYS[1].verify_key).hex()),
        sign=discord,
        timed=True,
    ),
    "line": Sender(scheme=SCHEMES["line"], secrets=WORDS, sign=line),
    "telegram": Sender(
        scheme=SCHEMES["telegram"],
        secrets=WORDS,
        sign=lambda _body, _now, secret: {"x-telegram-bot-api-secret-token": secret},
        signs_body=False,
    ),
    "meta": Sender(
        scheme=SCHEMES["meta"],
        secrets=WORDS,
        sign=lambda body, _now, secret: {"x-hub-signature-256": f"sha256={_hex(body, secret)}"},
    ),
    "microsoft-graph": Sender(
        scheme=SCHEMES["microsoft-graph"],
        secrets=WORDS,
        sign=lambda _body, _now, _secret: {},
        body=json.dumps({"value": [{"clientState": WORDS[0]}, {"clientState": WORDS[0]}]}).encode(),
        signs_body=False,
    ),
    "hmac, sha1 in hex": Sender(
        scheme=table.hmac(header="X-Sign", algorithm="sha1", prefix="sha1="),
        secrets=WORDS,
        sign=lambda body, _now, secret: {"x-sign": f"sha1={_hex(body, secret, 'sha1')}"},
    ),
    "hmac, sha512 in base64": Sender(
        scheme=table.hmac(header="x-sign", algorithm="sha512", encoding="base64"),
        secrets=WORDS,
        sign=lambda body, _now, secret: {"x-sign": _base64(body, secret, "sha512")},
    ),
}
