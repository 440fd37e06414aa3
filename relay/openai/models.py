"""GET /v1/models: the apps that the owner has picked, listed or named. Source: OpenAI API reference, "Models"."""

from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug import Response

from relay import wire
from relay.client import Client
from relay.errors import AppNotFound

OWNER = "dify"


def find(client: Client, path: Mapping[str, Any]) -> Response:
    """Give all models, or the one that the path names. Raises AppNotFound, AppNotAllowed."""
    models = [_model(name) for name in dict.fromkeys(_names(client))]
    wanted = path.get("model_id")
    if wanted is None:
        return _json({"object": "list", "data": models})
    for model in models:
        if model["id"] == wanted:
            return _json(model)
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


def _json(value: Mapping[str, Any]) -> Response:
    return Response(wire.encode(wire.dump(value)), content_type="application/json")
