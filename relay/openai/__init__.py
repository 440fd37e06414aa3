"""OpenAI's API: chat completions, responses, models and files, at /v1, without /v1, and below an app's own address.

Source: OpenAI API reference. What is different: `model` names an app, by its id or by the owner's name for it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug import Request, Response

from relay import answer, client
from relay.client import Answer
from relay.errors import NotFound
from relay.host import Host
from relay.openai import completions, files, models, responses
from relay.outgoing.openai.errors import refusal
from relay.routes import API_ROOTS
from relay.run.dify import Session

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
    request: Request, path: Mapping[str, Any], settings: Mapping[str, Any], *, dify: Session, host: Host
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
    known = ", ".join(f"/v1/{resource}" for resource in RESOURCES)
    return answer.refuse(
        request,
        settings,
        methods=methods,
        host=host,
        unknown=UnknownUrl(f"There is nothing at this address. What there is: {known}."),
        tell=refusal,
    )


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
