"""GET /v1/models: the apps that the owner has picked, listed or named. Source: OpenAI API reference, "Models"."""

from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug import Response

from relay.client import Client
from relay.errors import AppNotAllowed, AppNotFound
from relay.outgoing.response import of_json

OWNER = "dify"


def find(client: Client, path: Mapping[str, Any]) -> Response:
    """Give all models, or the one that the path names. Raises RelayError."""
    names = list(dict.fromkeys(_names(client)))
    wanted = path.get("model_id")
    if wanted is None:
        return of_json({"object": "list", "data": [_model(name) for name in names]})
    if wanted not in names:
        _check_id(client, str(wanted))
    return of_json(_model(str(wanted)))


def _check_id(client: Client, app_id: str) -> None:
    """Raise AppNotFound unless an app runs under that id, too, whether the owner has a name for it or not."""
    try:
        if client.app_id(app_id) == client.settings.app_id(app_id):
            client.giving(app_id).declared()
            return
    except AppNotAllowed:
        pass
    raise AppNotFound("There is no such model: /v1/models lists those that this endpoint offers.")


def _names(client: Client) -> Iterator[str]:
    settings = client.settings
    if client.received.app_id:
        yield settings.name_of(client.app_id(""))
        return
    yield from settings.allowed_apps
    if settings.app and settings.app.app_id not in settings.allowed_apps.values():
        yield settings.app.app_id


def _model(name: str) -> dict[str, Any]:
    # Dify tells a plugin nothing of an app's age
    return {"id": name, "object": "model", "created": 0, "owned_by": OWNER}
