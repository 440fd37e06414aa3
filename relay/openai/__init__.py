"""OpenAI's API: chat completions, responses, models and files, at /v1, without /v1, and below an app's own address.

Source: OpenAI API reference. What is different: `model` names an app, by its id or by the owner's name for it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug import Request, Response

from relay import client
from relay.answer import finish
from relay.call import Interface
from relay.client import Answer
from relay.errors import MethodNotAllowed, NotFound
from relay.host import Host
from relay.incoming.received import receive
from relay.incoming.settings import Settings
from relay.log import Line
from relay.openai import completions, files, models, responses
from relay.outgoing.openai.errors import refusal
from relay.routes import API_ROOTS
from relay.run.dify import Dify

# what is asked for, without what stands for one of its kind -> method -> who answers
RESOURCES: Mapping[str, Mapping[str, Answer]] = {
    "chat/completions": {"POST": completions.create},
    "models": {"GET": models.find},
    "responses": {"POST": responses.create, "GET": responses.find, "DELETE": responses.find},
    "files": {"POST": files.upload, "GET": files.find, "DELETE": files.remove},
}


class UnknownUrl(NotFound):
    code = "unknown_url"


def respond(
    request: Request, path: Mapping[str, Any], settings: Mapping[str, Any], *, dify: Dify, host: Host
) -> Response:
    """Answer one request. Raises nothing."""
    resource = _resource(request.path)
    return client.respond(
        request,
        path,
        settings,
        methods=RESOURCES.get(resource, {}),
        route=f"/v1/{resource}",
        tell=refusal,
        dify=dify,
        host=host,
    )


def refuse(request: Request, settings: Mapping[str, Any], *, methods: Iterable[str], host: Host) -> Response:
    """Answer a request to a path that is none of these, or has other `methods` only. Raises nothing."""
    received = receive(request, app_id="", interface=Interface.ANY, endpoint_id="")

    def work(_: Line) -> Response:
        if allowed := ", ".join(sorted(methods)):
            raise MethodNotAllowed("This method is not answered here.", headers={"Allow": allowed})
        known = ", ".join(f"/v1/{resource}" for resource in RESOURCES)
        raise UnknownUrl(f"There is nothing at this address. What there is: {known}.")

    return finish(received, Settings.read(settings), work, route="?", host=host, tell=refusal)


def speaks(path: str) -> bool:
    """Tell whether whoever asks for a path expects OpenAI's errors."""
    segments = _segments(path)
    return segments[:1] == ["v1"] or "/".join(segments[:2]) in RESOURCES or "".join(segments[:1]) in RESOURCES


def _resource(path: str) -> str:
    segments = [one for one in _segments(path) if one != "v1"]
    return "/".join(segments[:2]) if segments[:1] == ["chat"] else segments[0] if segments else ""


def _segments(path: str) -> list[str]:
    segments = [one for one in path.split("/") if one]
    return segments[2:] if segments[:1] == [API_ROOTS] else segments
