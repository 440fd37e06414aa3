"""Dify's own Service API for one app, below `/duck/<app_id>`: what Dify's clients take for their base URL.

Source: Dify's API reference and langgenius/dify, api/controllers/service_api/app. What can't be had of Dify is an
empty list, or 404 with a sentence that says why; for an app that is reached by its own key, `kept` asks Dify.
"""

from collections.abc import Mapping
from typing import Any

from werkzeug import Request, Response

from relay import client
from relay.call import Interface
from relay.client import Answer
from relay.errors import NotFound, RelayError
from relay.host import Host
from relay.outgoing.response import refusal
from relay.routes import SERVICE_API
from relay.run.dify import Session
from relay.run.failure import ConversationNotFound
from relay.service_api import about, absent, files, kept, runs, stopping

# path as in relay.routes -> method -> who answers
RESOURCES: Mapping[str, Mapping[str, Answer]] = {
    "chat-messages": {"POST": runs.create},
    "completion-messages": {"POST": runs.create},
    "workflows/run": {"POST": runs.create},
    "chat-messages/<task_id>/stop": {"POST": stopping.stop},
    "completion-messages/<task_id>/stop": {"POST": stopping.stop},
    "workflows/tasks/<task_id>/stop": {"POST": stopping.stop},
    "files/upload": {"POST": files.upload},
    "parameters": {"GET": about.parameters},
    "info": {"GET": about.info},
    "meta": {"GET": about.meta},
    "site": {"GET": about.site},
    **absent.RESOURCES,
    **kept.RESOURCES,
}

# by which of Dify's interfaces the app is run
INTERFACES: Mapping[str, Interface] = {
    "chat-messages": Interface.CHAT,
    "completion-messages": Interface.COMPLETION,
    "workflows/run": Interface.WORKFLOW,
}


def respond(
    request: Request, path: Mapping[str, Any], settings: Mapping[str, Any], *, dify: Session, host: Host
) -> Response:
    """Answer one request. Raises nothing."""
    resource = find(request.path)
    return client.respond(
        request,
        path,
        settings,
        methods=RESOURCES.get(resource, {}),
        route=f"/duck/*/{resource}",
        tell=_tell,
        dify=dify,
        host=host,
        interface=INTERFACES.get(resource, Interface.ANY),
    )


def find(path: str) -> str:
    """Give the resource that a request's path names, as `relay.routes` writes it; "" for none."""
    asked = [segment for segment in path.split("/") if segment][2:]
    for resource in SERVICE_API:
        segments = resource.split("/")
        if len(segments) == len(asked) and all(
            one.startswith("<") or one == other for one, other in zip(segments, asked, strict=True)
        ):
            return resource
    return ""


def _tell(error: RelayError) -> Response:
    if isinstance(error, ConversationNotFound):
        error = NotFound("Conversation Not Exists.")  # clients begin a new one by it
    return refusal(error)
