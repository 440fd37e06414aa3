"""Who may call, and which app."""

import hmac
from collections.abc import Iterator

from werkzeug import Request

from relay.errors import AppNotAllowed, AppNotFound, AppUnavailable, Unauthorized
from relay.incoming.fields import KEY
from relay.incoming.settings import Access, Settings, Webhook
from relay.senders import SCHEMES, Delivery, Reply, Scheme, handshake, verify
from relay.senders import hmac as hmac_scheme

CHALLENGE = {"WWW-Authenticate": "Bearer"}


def check_key(request: Request, settings: Settings) -> None:
    """Let the holder of the key in, or raise Unauthorized. Reads no more than the head of the request."""
    key = settings.api_key.get_secret_value()
    if not key:
        raise Unauthorized(
            "This endpoint has no key yet, so nobody may call it: set api_key in its settings in Dify.",
            headers=CHALLENGE,
        )
    presented = list(_presented(request))
    if not presented:
        raise Unauthorized(
            "A key is needed: send it as Authorization: Bearer, as X-API-Key, or as key in the query string.",
            headers=CHALLENGE,
        )
    # every comparison is made, so that time tells neither which place nor how much of a key was right
    right = [hmac.compare_digest(given.encode("utf-8", "replace"), key.encode()) for given in presented]
    if not any(right):
        raise Unauthorized("The key is wrong.", headers=CHALLENGE)


def check_signature(delivery: Delivery, scheme: Scheme | None, settings: Settings, now: float) -> Reply | None:
    """Let a delivery in that its sender signed, or raise Unauthorized.

    Gives the reply to a handshake, for which no app is to be run. `now` in seconds since 1970.
    """
    if scheme is None:
        raise Unauthorized("This endpoint checks signatures, but its settings name no webhook sender yet.")
    tokens = settings.verify_tokens
    if reply := handshake.answer(delivery, scheme.handshakes, signed=False, verify_tokens=tokens):
        return reply
    if not settings.webhook_secrets:
        raise Unauthorized(
            "This endpoint has no webhook secret yet, so no delivery is let in: set webhook_secret in its settings."
        )
    verify(delivery, scheme.proofs, settings.webhook_secrets, now)
    return handshake.answer(delivery, scheme.handshakes, signed=True, verify_tokens=tokens)


def choose_scheme(settings: Settings) -> Scheme | None:
    """Give the sender whose deliveries come, None for none. Raises AppUnavailable for an HMAC that can't be."""
    if settings.webhook is None:
        return None
    if settings.webhook is not Webhook.HMAC:
        return SCHEMES[settings.webhook]
    try:
        return hmac_scheme(
            header=settings.hmac_header,
            algorithm=settings.hmac_algorithm,
            encoding=settings.hmac_encoding,
            prefix=settings.hmac_prefix,
        )
    except ValueError as error:
        raise AppUnavailable(f"This endpoint's settings can't be understood: hmac_{error}.") from None


def choose_app(named: str, settings: Settings) -> str:
    """Give the app to run: the one named in the path, else the one picked in the settings.

    A holder of the key reaches every app, or those that the owner listed; the public only those that the owner
    named. Raises AppNotAllowed, or AppNotFound when no app is named anywhere.
    """
    app_id = named or settings.app
    if not app_id:
        raise AppNotFound("No app is named: put its id into the path, or pick an app in the endpoint's settings.")
    open_to_all_apps = settings.access is Access.KEY and not settings.allowed_apps
    if not open_to_all_apps and app_id not in settings.reachable_apps:
        raise AppNotAllowed("This endpoint may not run that app: its owner can add it to allowed_apps.")
    return app_id


def _presented(request: Request) -> Iterator[str]:
    authorization = request.authorization
    if authorization is not None and authorization.type == "bearer" and authorization.token:
        yield authorization.token
    if header := request.headers.get("X-API-Key"):
        yield header
    yield from request.args.getlist(KEY)
