"""/v1/files: a file is handed to Dify, for an id that parts of a message may name.

Source: OpenAI API reference, "Files". Nothing is kept here: an id says itself what it stands for. Only a holder of
the key may do any of it, even where the public may ask: files fill the owner's workspace.
"""

from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from relay.call import Upload
from relay.client import Client
from relay.errors import InvalidParam, MethodNotAllowed, NotFound
from relay.incoming import issued, service
from relay.incoming.issued import Issued
from relay.incoming.received import Received
from relay.outgoing.response import of_json

FIELD = "file"
PURPOSES = ("assistants", "batch", "evals", "fine-tune", "user_data", "vision")
PURPOSE = "user_data"  # what OpenAI advises for files that a model is to read; an id does not hold another


def upload(client: Client, _: Mapping[str, Any]) -> Response:
    """Hand a file to Dify, and give its id. Raises RelayError.

    Beside OpenAI's fields `user` may be named: by an app's key Dify lets the same user alone use the file.
    """
    key = client.key()
    purpose = _purpose(client.received)
    file = _file(client.received)
    user = service.user(client.received.content.values or {}) or None
    app_id = client.app_id("") if client.received.app_id else ""
    id_, handed = client.hand_over(file, key, app_id=app_id, user=user)
    return of_json(_described(handed, id_, purpose))


def find(client: Client, path: Mapping[str, Any]) -> Response:
    """List no files, or tell of the one that the path names. Raises NotFound, Unauthorized."""
    client.key()
    id_ = path.get("file_id")
    if id_ is None:
        return of_json({"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False})
    found = issued.find(str(id_), client.settings, client.received.endpoint_id)
    if found is None:
        raise NotFound(
            "There is no such file: this endpoint has issued no such id, or under another key.", param="id"
        )
    if "part" in path:
        raise NotFound("The content of a file can't be had: Dify gives it to its apps only.")
    return of_json(_described(found, str(id_), PURPOSE))


def remove(client: Client, _: Mapping[str, Any]) -> Response:
    """Say that no file can be deleted. Raises MethodNotAllowed, Unauthorized."""
    client.key()
    allowed = {"Allow": "GET, HEAD, OPTIONS"}
    raise MethodNotAllowed("A file can't be deleted: Dify lets no plugin do that.", headers=allowed)


def _purpose(received: Received) -> str:
    purpose = (received.content.values or {}).get("purpose")
    if purpose is None:
        return PURPOSE
    if purpose not in PURPOSES:
        raise InvalidParam(f"purpose must be one of {', '.join(PURPOSES)}.", param="purpose")
    return str(purpose)


def _file(received: Received) -> Upload:
    given = received.content.uploads
    if len(given) > 1:
        raise InvalidParam("Send one file at a time.", param=FIELD)
    if not given or given[0].name != FIELD:
        raise InvalidParam("Send a form (multipart/form-data) with the part file.", param=FIELD)
    return given[0]


def _described(file: Issued, id_: str, purpose: str) -> dict[str, Any]:
    return {
        "id": id_,
        "object": "file",
        "bytes": file.size,
        "created_at": file.created_at,
        "expires_at": None,
        "filename": file.name,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
    }
