"""What Dify keeps of an app's users and runs: passed on for an app that is reached by its own key.

Only for holders of the endpoint's key, who vouch for the user that they name: whom a stranger names is nobody. Each
thing belongs to a user, or has an id that nobody guesses. What concerns all users of an app is not passed on.

Nothing goes on as a caller wrote it: ids are read and written anew, parameters and fields that are not named here
stay behind. Source: langgenius/dify, api/controllers/service_api/app: conversation.py, message.py, workflow.py.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from werkzeug import Response

from relay import wire
from relay.client import Answer, Client
from relay.errors import AppFailed, AppNotFound, InvalidParam, NotFound, PayloadTooLarge
from relay.incoming import service
from relay.outgoing.response import of_reply, of_type
from relay.run.dify import KeyedApp
from relay.senders import Reply
from relay.service_api import absent

LARGEST_BODY = 1024 * 1024  # bytes of what a caller sends
LARGEST = 4 * 1024 * 1024  # bytes of an answer: a hundred messages of 40 KB
LONGEST_NAME = 255  # characters of a conversation's name, as in Dify's database
LONGEST_CONTENT = 10_000  # characters beside a rating
MOST_AT_ONCE = 100
SORTED = ("created_at", "-created_at", "updated_at", "-updated_at")
RATINGS = ("like", "dislike")
NUMBER = re.compile(r"[0-9]{1,3}", re.ASCII)
VARIABLE = re.compile(r"[\w.-]{1,255}")

type Check = Callable[[Any], Any]  # gives what is passed on; raises ValueError with what the value has to be


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One thing that Dify keeps, and what of a request for it is passed on.

    Dify's own path for it is the resource's. GET has its `user` in the query string, all else in the body.
    """

    query: Mapping[str, Check] = field(default_factory=dict)
    body: Mapping[str, Check] = field(default_factory=dict)
    needed: str = ""  # the one parameter or field that can't be left out
    of_user: bool = True  # False: its id alone tells whose it is
    offered: Callable[[KeyedApp], bool] = lambda _: True  # False: Dify would refuse, the answer is that without a key


def _id(value: Any) -> str:
    try:
        if isinstance(value, str):
            return str(UUID(value))
    except ValueError:
        pass
    raise ValueError("a valid UUID")


def _limit(value: Any) -> str:
    if not isinstance(value, str) or not NUMBER.fullmatch(value) or not 1 <= int(value) <= MOST_AT_ONCE:
        raise ValueError(f"a whole number from 1 to {MOST_AT_ONCE}")
    return str(int(value))


def _variable_name(value: Any) -> str:
    if not isinstance(value, str) or not VARIABLE.fullmatch(value):
        raise ValueError("letters, digits, underscores, hyphens and full stops, at most 255")
    return value


def _text(most: int) -> Check:
    def check(value: Any) -> str | None:
        if value is not None and not (isinstance(value, str) and len(value) <= most):
            raise ValueError(f"text of at most {most} characters")
        return value

    return check


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - a Check's error
    return value


def _any_of(*known: str | None) -> Check:
    def check(value: Any) -> Any:
        if not isinstance(value, str | None) or value not in known:
            raise ValueError(f"one of {', '.join(one or 'null' for one in known)}")
        return value

    return check


def _suggests(keyed: KeyedApp) -> bool:
    suggested = keyed.parameters().get("suggested_questions_after_answer")
    return isinstance(suggested, Mapping) and suggested.get("enabled") is True


# resource as in relay.routes -> method -> what is passed on
KEPT: Mapping[str, Mapping[str, Kept]] = {
    "conversations": {"GET": Kept(query={"last_id": _id, "limit": _limit, "sort_by": _any_of(*SORTED)})},
    "conversations/<conversation_id>": {"DELETE": Kept()},
    "conversations/<conversation_id>/name": {
        "POST": Kept(body={"name": _text(LONGEST_NAME), "auto_generate": _flag})
    },
    "conversations/<conversation_id>/variables": {
        "GET": Kept(query={"last_id": _id, "limit": _limit, "variable_name": _variable_name})
    },
    "conversations/<conversation_id>/variables/<variable_id>": {
        "PUT": Kept(body={"value": lambda value: value}, needed="value")  # of any type: Dify knows the variable's
    },
    "messages": {
        "GET": Kept(query={"conversation_id": _id, "first_id": _id, "limit": _limit}, needed="conversation_id")
    },
    "messages/<message_id>/suggested": {"GET": Kept(offered=_suggests)},
    "messages/<message_id>/feedbacks": {
        "POST": Kept(body={"rating": _any_of(*RATINGS, None), "content": _text(LONGEST_CONTENT)})
    },
    "workflows/run/<workflow_run_id>": {"GET": Kept(of_user=False)},
}


def _passing(resource: str, method: str, kept: Kept) -> Answer:
    without_key = absent.RESOURCES[resource][method]

    def answer(client: Client, path: Mapping[str, Any]) -> Response:
        keyed = client.keyed(client.app_id(""))
        if keyed is None:
            return without_key(client, path)
        upstream = _path(resource, path)
        query, body = _passed_on(client, method, kept)
        if not kept.offered(keyed):
            return without_key(client, path)
        try:
            told = keyed.ask(method, upstream, query=query or None, body=body or None)
        except AppNotFound as error:  # what was asked for, not the app
            raise NotFound(error.message) from error
        if method == "DELETE":
            return of_reply(Reply(status=204, media_type=""), method)
        return _whole(told)

    return answer


def _path(resource: str, given: Mapping[str, Any]) -> str:
    """Give Dify's path, in which an id is hexadecimal digits and hyphens, whatever was sent. Raises NotFound."""
    try:
        segments = [_id(given.get(one[1:-1])) if one.startswith("<") else one for one in resource.split("/")]
    except ValueError:
        raise NotFound("There is nothing under this id: Dify's ids are UUIDs.") from None
    return "/" + "/".join(segments)


def _passed_on(client: Client, method: str, kept: Kept) -> tuple[dict[str, str], dict[str, Any]]:
    """Give the parameters and the fields that go on. Raises InvalidParam, PayloadTooLarge and their like."""
    received = client.received
    if method == "GET":
        sent = {name: value for name, value in received.arguments.items() if value != ""}
        return {**_user(sent, kept), **_checked(sent, kept.query, kept.needed)}, {}
    if len(received.body) > LARGEST_BODY:
        raise PayloadTooLarge(f"The body is too large: at most {LARGEST_BODY} bytes.")
    given = received.json
    return {}, {**_user(given, kept), **_checked(given, kept.body, kept.needed)}


def _user(given: Mapping[str, Any], kept: Kept) -> dict[str, str]:
    if not kept.of_user:
        return {}
    if not (user := service.user(given)).strip():
        raise InvalidParam("Arg user must be provided.")
    return {"user": user}


def _checked(given: Mapping[str, Any], known: Mapping[str, Check], needed: str) -> dict[str, Any]:
    if needed and needed not in given:
        raise InvalidParam(f"{needed} must be provided.", param=needed)
    checked = {}
    for name, check in known.items():
        if name not in given:
            continue
        try:
            checked[name] = check(given[name])
        except ValueError as error:
            raise InvalidParam(f"{name} must be {error}.", param=name) from None
    return checked


def _whole(told: Any) -> Response:
    """Give Dify's object as the answer. Raises AppFailed for anything else."""
    if not isinstance(told, dict) or wire.depth(told) > wire.DEEPEST:
        raise AppFailed("Dify's answer is not what its Service API gives.")
    content = wire.encode(wire.dump(told))
    if len(content) > LARGEST:
        raise AppFailed(f"Dify's answer is too large: ask for fewer by limit, at most {LARGEST} bytes are passed on.")
    return of_type("application/json", content)


RESOURCES: Mapping[str, Mapping[str, Answer]] = {
    resource: {method: _passing(resource, method, kept) for method, kept in methods.items()}
    for resource, methods in KEPT.items()
}
