"""Dify's own Service API for one app, below `/duck/<app_id>`: what Dify's clients take for their base URL.

Source: Dify's API reference and langgenius/dify, api/controllers/service_api/app. What a plugin can't have of Dify is
an empty list, or 404 with a sentence that says why.
"""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug import Request, Response

from relay.answer import finish
from relay.call import Interface
from relay.client import Client, let_in
from relay.errors import MethodNotAllowed, NotFound, RelayError
from relay.host import Host
from relay.incoming.received import receive
from relay.incoming.settings import Settings
from relay.log import Line
from relay.outgoing.response import of_reply, refusal
from relay.routes import SERVICE_API
from relay.run.dify import Dify
from relay.run.failure import ConversationNotFound
from relay.senders import Reply
from relay.service_api import about, absent, files, runs, stopping

type Answer = Callable[[Client, Mapping[str, Any]], Response]

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
}

# by which of Dify's interfaces the app is run
INTERFACES: Mapping[str, Interface] = {
    "chat-messages": Interface.CHAT,
    "completion-messages": Interface.COMPLETION,
    "workflows/run": Interface.WORKFLOW,
}


def respond(
    request: Request, path: Mapping[str, Any], settings: Mapping[str, Any], *, dify: Dify, host: Host
) -> Response:
    """Answer one request. Raises nothing."""
    resource = find(request.path)
    received = receive(
        request,
        app_id=str(path.get("app_id", "")),
        interface=INTERFACES.get(resource, Interface.ANY),
        endpoint_id=dify.endpoint_id,
    )
    methods = RESOURCES.get(resource, {})
    owner = Settings.read(settings)

    def work(line: Line) -> Response:
        allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])
        if received.method == "OPTIONS":
            return of_reply(Reply(status=204, media_type="", headers={"Allow": allowed}), "OPTIONS")
        answer = methods.get("GET" if received.method == "HEAD" else received.method)
        if answer is None:
            raise MethodNotAllowed("This method is not answered here.", headers={"Allow": allowed})
        return answer(let_in(received, owner, dify=dify, host=host, line=line), path)

    return finish(received, owner, work, route=f"/duck/*/{resource}", host=host, tell=_tell)


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
    return refusal(error, readable=False)
