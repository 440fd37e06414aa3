"""Who may call, and which app."""

import hmac
from collections.abc import Iterator, Sequence
from enum import StrEnum

from relay.errors import AppNotAllowed, AppNotFound, Misconfigured, Unauthorized
from relay.incoming.received import KEY, Received
from relay.incoming.settings import HMAC, Access, Settings
from relay.senders import SCHEMES, Delivery, Reply, Scheme, SignatureError, handshake, verify
from relay.senders import hmac as hmac_scheme
from relay.senders.proof import MOST_SECRETS

CHALLENGE = {"WWW-Authenticate": "Bearer"}
MOST_KEYS = 8  # that one request may try: honest callers send one


class Caller(StrEnum):
    """How a caller was let in."""

    KEY = "key"
    SIGNATURE = "signature"
    PUBLIC = "public"


def check_key(received: Received, settings: Settings) -> int:
    """Let the holder of a key in: give which one, from 1. Raises Unauthorized. Reads the head alone."""
    keys = settings.api_keys
    if not keys:
        raise Unauthorized(
            "This endpoint has no key yet, so nobody may call it: set api_key in its settings in Dify.",
            headers=CHALLENGE,
        )
    given = [*presented(received)]
    if not given:
        raise Unauthorized(
            "A key is needed: send it as Authorization: Bearer, as X-API-Key, or as key in the query string.",
            headers=CHALLENGE,
        )
    if not (which := matching(given[:MOST_KEYS], keys)):
        raise Unauthorized("The key is wrong.", headers=CHALLENGE)
    return which


def let_client_in(received: Received, settings: Settings) -> tuple[Caller, int]:
    """Let a client of another API in: give how, and which key, from 1. Raises Unauthorized, Misconfigured.

    None of them signs what it sends, so where that is asked for, none comes in.
    """
    if settings.access is Access.SIGNATURE:
        raise Unauthorized(
            "This endpoint lets in only who signs its requests, which API clients don't: its owner can add another"
            " endpoint whose access is key.",
        )
    caller, key = (Caller.KEY, check_key(received, settings)) if settings.access is Access.KEY else (Caller.PUBLIC, 0)
    if settings.problems:
        raise Misconfigured(f"check {', '.join(settings.problems)}", told=caller is Caller.KEY)
    if caller is Caller.PUBLIC:
        check_public(settings)
    return caller, key


def check_public(settings: Settings) -> None:
    """Raise Misconfigured where the public may call although the owner counts on signatures."""
    if settings.webhook_secrets:
        raise Misconfigured("webhook_secret is set, but access is public, so that nobody's signature is checked")


def presents_key(received: Received) -> bool:
    """Tell whether a request brings any key, right or wrong."""
    return any(True for _ in presented(received))


def check_signature(
    received: Received, scheme: Scheme | None, settings: Settings, now: float
) -> tuple[Reply | None, int]:
    """Let a delivery in that its sender signed, or raise Unauthorized.

    Gives the reply to a handshake, for which no app is to be run, and the number of the secret that fits, from 1.
    `now` in seconds since 1970.
    """
    if scheme is None:
        raise Unauthorized("This endpoint checks signatures, but its settings name no webhook sender yet.")
    delivery, tokens = received.delivery, settings.verify_tokens
    if reply := handshake.answer(delivery, scheme.handshakes, signed=False, verify_tokens=tokens):
        return reply, 0
    if not settings.webhook_secrets:
        raise Unauthorized(
            "This endpoint has no webhook secret yet, so no delivery is let in: set webhook_secret in its settings."
        )
    secret = _verify(delivery, scheme, settings.webhook_secrets, now)
    return handshake.answer(delivery, scheme.handshakes, signed=True, verify_tokens=tokens), secret


def greet(received: Received, scheme: Scheme | None, settings: Settings) -> Reply | None:
    """Answer a sender's handshake at an endpoint that lets it in without a signature."""
    if scheme is None:
        return None
    for signed in (False, True):
        if reply := handshake.answer(
            received.delivery, scheme.handshakes, signed=signed, verify_tokens=settings.verify_tokens
        ):
            return reply
    return None


def choose_scheme(settings: Settings) -> Scheme | None:
    """Give the sender whose deliveries come, None for none. Raises Misconfigured for an HMAC that can't be."""
    if settings.webhook is None:
        return None
    if settings.webhook != HMAC:
        return SCHEMES[settings.webhook]
    try:
        return hmac_scheme(
            header=settings.hmac_header,
            algorithm=settings.hmac_algorithm,
            encoding=settings.hmac_encoding,
            prefix=settings.hmac_prefix,
        )
    except ValueError as error:
        raise Misconfigured(f"hmac_{error}") from None


def choose_app(named: str, settings: Settings) -> str:
    """Give the app to run: the one named by the caller, by id or the owner's name, else the one picked.

    A holder of the key reaches every app, or those that the owner listed; the public only those that the owner
    named. Raises AppNotAllowed, or AppNotFound when no app is named anywhere.
    """
    app_id = settings.app_id(named) or (settings.app.app_id if settings.app else "")
    if not app_id:
        raise AppNotFound("No app is named: put its id into the path, or pick an app in the endpoint's settings.")
    open_to_all_apps = settings.access is Access.KEY and not settings.allowed_apps
    if not open_to_all_apps and app_id not in settings.reachable_apps:
        raise AppNotAllowed("This endpoint may not run that app: its owner can add it to allowed_apps.")
    return app_id


def _verify(delivery: Delivery, scheme: Scheme, secrets: Sequence[str], now: float) -> int:
    """Give the number of the secret that proves a delivery; all are tried, however many come behind it."""
    if len(secrets) > MOST_SECRETS:
        raise Misconfigured(f"webhook_secret holds more than {MOST_SECRETS}")
    found, failures = 0, []
    for number, secret in enumerate(secrets, start=1):
        try:
            verify(delivery, scheme.proofs, [secret], now)
        except SignatureError as error:
            failures.append(error)
        else:
            found = found or number
    if not found:
        raise failures[0]
    return found


def presented(received: Received) -> Iterator[str]:
    """Give every key that a request brings, right or wrong: those of its headers, then those of its address."""
    yield from in_headers(received)
    yield from received.query.get(KEY, ())


def in_headers(received: Received) -> Iterator[str]:
    """Give the keys that only a client sends which was told to: no browser does by itself."""
    scheme, _, token = received.header("authorization").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        yield token.strip()  # whole: a key may hold any character, "=" too
    if header := received.header("x-api-key"):
        yield header


def matching(presented: Sequence[str], keys: Sequence[str]) -> int:
    """Give the number of the key that was presented, 0 for none.

    Every comparison is made, so that time tells neither which place nor how much of a key was right.
    """
    found = 0
    for number, key in enumerate(keys, start=1):
        for given in presented:
            if hmac.compare_digest(given.encode("utf-8", "replace"), key.encode()):
                found = found or number
    return found
