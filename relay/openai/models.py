"""GET /v1/models: the apps that the owner has picked, listed or named. Source: OpenAI API reference, "Models".

Beside OpenAI's fields each has what Dify shows of an app that is reached by its key: `name`, `description`, and
`icon` (an emoji) or `icon_url`. What Dify doesn't tell, or not in time, is left out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from werkzeug import Response

from relay.client import Client
from relay.errors import AppNotAllowed, AppNotFound, RelayError
from relay.incoming.access import Caller
from relay.outgoing.response import of_json
from relay.run import face

OWNER = "dify"
# seconds, behind which no further question goes to Dify: the last one may take as long as any, all of them may not
PATIENCE = 3.0


def find(client: Client, path: Mapping[str, Any]) -> Response:
    """Give all models, or the one that the path names. Raises RelayError."""
    names = list(dict.fromkeys(_names(client)))
    wanted, faces = path.get("model_id"), _Faces(client)
    if wanted is None:
        return of_json({"object": "list", "data": [_model(name, faces) for name in names]})
    if wanted not in names:
        _check_id(client, str(wanted))
    return of_json(_model(str(wanted), faces))


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
    if client.caller is Caller.KEY and not settings.allowed_apps:  # all apps are open then; of these it is known
        yield from settings.keys_of_apps


def _model(name: str, faces: "_Faces") -> dict[str, Any]:
    # Dify tells of no app how old it is
    return {"id": name, "object": "model", "created": 0, "owned_by": OWNER, **faces.of(name)}


class _Faces:
    """What Dify shows of apps that are reached by their keys, for one list of them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._until = client.host.elapsed() + PATIENCE

    def of(self, name: str) -> dict[str, str]:
        """Give what is shown beside a model's own fields. Raises nothing."""
        try:
            keyed = self._client.dify.keyed(self._client.settings.app_id(name))
        except RelayError:
            return {}
        if keyed is None:
            return {}
        site = self._told(keyed.site)
        name, description = face.name_in(site, {}), face.description_in(site)
        if not name or not description:
            info = self._told(keyed.info)
            name = name or face.name_in({}, info)
            if self._client.caller is Caller.KEY:  # a stranger is shown what the app's page shows
                description = description or face.description_in(info)
        shown = {"name": name, "description": description, **face.icon_in(site)}
        return {field: text for field, text in shown.items() if text}

    def _told(self, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        if self._client.host.elapsed() >= self._until:
            return {}
        try:
            return ask()
        except RelayError:
            return {}
