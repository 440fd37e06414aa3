"""Who may call, and which app."""

import hmac
from collections.abc import Iterator

from werkzeug import Request

from relay.call import KEY
from relay.errors import AppNotAllowed, AppNotFound, Unauthorized
from relay.settings import Access, Settings

CHALLENGE = {"WWW-Authenticate": "Bearer"}


def check(request: Request, settings: Settings) -> None:
    """Let the caller in or raise Unauthorized. Reads no more than the head of the request."""
    if settings.access is Access.PUBLIC:
        return
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
