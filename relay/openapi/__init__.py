"""The routes to apps and deliveries as an OpenAPI description, built from the tables that the code itself uses.

Source: OpenAPI Specification 3.1.1; the shapes of answers, events and errors: Dify's API reference.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from werkzeug import Request, Response

from relay import errors, wire
from relay.answer import finish
from relay.call import FILE_TYPES, Interface
from relay.destination import LATER
from relay.errors import RelayError
from relay.host import Host
from relay.incoming.fields import FIELDS, FILES_OF
from relay.incoming.received import KEY, receive
from relay.incoming.sent import MOST
from relay.incoming.settings import Settings
from relay.log import Line
from relay.openapi import later
from relay.outgoing.cors import METHODS
from relay.outgoing.formats.table import FORMATS, RESPONSE_MODES
from relay.outgoing.response import of_reply
from relay.routes import ROUTES, Route
from relay.senders import Reply
from relay.version import VERSION

type Object = dict[str, Any]

SERVED = "GET, HEAD, OPTIONS"  # methods of the description itself

DESCRIPTION = (
    "Runs apps of a Dify workspace. Send a query, inputs, or both; the answer comes back in the form that you name by"
    " `format`, by `response_mode` or by `Accept`, while the app is still speaking; or later, as a delivery. The same"
    " apps answer by OpenAI's API at `v1`, and by Dify's Service API at `duck/<app_id>`, as those are described."
    " The key is the endpoint's, by whichever way its owner has an app reached; no caller needs an app's own."
)

_OBJECT: Object = {"type": "object", "additionalProperties": True}
_FILE: Object = {
    "description": "A file: an address (https, http or data:), an id that this endpoint issued, or an object.",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "description": "With `url`, `base64` or an id; `type` and `transfer_method` as in Dify's Service API.",
            "properties": {
                "type": {"enum": [*FILE_TYPES]},
                "transfer_method": {"enum": ["remote_url", "local_file", "tool_file"]},
                "url": {"type": "string"},
                "base64": {"type": "string", "contentEncoding": "base64"},
                "filename": {"type": "string"},
                "mime_type": {"type": "string"},
                "id": {"type": "string"},
                "upload_file_id": {"type": "string"},
                "tool_file_id": {"type": "string"},
            },
        },
    ],
}
_FILES: Object = {"anyOf": [_FILE, {"type": "array", "items": _FILE, "maxItems": MOST}]}
# one for each field of a call: a new field without a schema ends in a KeyError, and in a failing test
FIELD_SCHEMAS: Mapping[str, Object] = {
    "query": {"type": "string", "description": "What the user says."},
    "inputs": {**_OBJECT, "description": "The app's own variables."},
    "files": {
        **_FILES,
        "description": (
            "A list, or one: for the app's inputs that take such files; an app that is reached by its key may take"
            " them beside its inputs, too. `files.<input>`: for that input."
        ),
    },
    "conversation_id": {"type": "string", "description": "Goes on with a conversation."},
    "user": {"type": "string", "description": "Who asks: an end user's id in Dify."},
    "response_mode": {
        "enum": [*RESPONSE_MODES, LATER],
        "description": "As in Dify's Service API; with `later` the answer is kept as a delivery.",
    },
    "format": {"enum": [*FORMATS], "description": "The form of the answer."},
}
_FILES_OF = f"^{re.escape(FILES_OF)}"
_JSON_FIELDS = frozenset({"inputs", "files"})  # written as JSON inside a query string or a form

_HEADERS: Object = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}


def respond(request: Request, settings: Mapping[str, Any], *, host: Host) -> Response:
    """Serve the description to everyone: it holds no secret, and says how to send one. Raises nothing."""
    received = receive(request, app_id="", interface=Interface.ANY, endpoint_id="")

    def work(_: Line) -> Response:
        if received.method == "OPTIONS":
            return of_reply(Reply(status=204, media_type="", headers={"Allow": SERVED}), received.method)
        return Response(wire.encode(wire.dump(describe())), content_type="application/json")

    return finish(received, Settings.read(settings), work, route="/openapi.json", host=host)


def describe() -> Object:
    """Give the description. Its server is relative, so it is right at every address that it can be read from."""
    return {
        "openapi": "3.1.1",
        "info": {"title": "Duck relay", "version": VERSION, "description": DESCRIPTION},
        "servers": [{"url": "."}],
        "security": [{"bearer": []}, {"header": []}, {"query": []}],
        "paths": {
            **{route.path.replace("<app_id>", "{app_id}"): _path(route) for route in ROUTES if route.summary},
            **later.paths(_errors()),
        },
        "components": {
            "parameters": {told["name"]: told for told in _parameters()},
            "schemas": {"Answer": _answer(), "Error": _error(), **later.SCHEMAS},
            "requestBodies": {"Call": _body()},
            "responses": {"Answer": _whole_answer(), "Accepted": later.ACCEPTED, **dict(_error_responses())},
            "headers": {"RequestId": {"description": "Also in the relay's log.", "schema": {"type": "string"}}},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "query": {"type": "apiKey", "in": "query", "name": KEY},
            },
        },
    }


def _path(route: Route) -> Object:
    base, named = route.path.removesuffix("/<app_id>"), route.names_app
    app_id = {"name": "app_id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[^/]+$"}}
    run: Object = {
        "summary": route.summary,
        "parameters": [{"$ref": f"#/components/parameters/{told['name']}"} for told in _parameters()],
        "responses": {
            "200": {"$ref": "#/components/responses/Answer"},
            "202": {"$ref": "#/components/responses/Accepted"},
            **_errors(),
        },
    }
    reconnected = {"204": {"description": "Last-Event-ID was sent: the stream has ended, the app is not run again."}}
    operations: Object = {
        "GET": {**run, "responses": {**run["responses"], **reconnected}},
        "POST": {**run, "requestBody": {"$ref": "#/components/requestBodies/Call"}},
        "HEAD": {
            **run,
            "summary": f"Tell what GET would answer, without running the app ({base})",
            "responses": {**{status: _bare(told) for status, told in run["responses"].items()}, **reconnected},
        },
        "OPTIONS": {
            "summary": "Tell the methods, and a browser who may call",
            "security": [],
            "responses": {
                "204": {
                    "description": "No body.",
                    "headers": {"Allow": {"required": True, "schema": {"const": METHODS}}},
                },
                **{status: run["responses"][status] for status in ("400", "503")},
            },
        },
    }
    return {
        **({"parameters": [app_id]} if named else {}),
        **{
            method.lower(): {"operationId": "_".join([method.lower(), base[1:], *(["app"] if named else [])]), **told}
            for method, told in operations.items()
        },
    }


def _parameters() -> Iterator[Object]:
    for name in sorted(FIELDS):
        schema = FIELD_SCHEMAS[name]
        as_json = name in _JSON_FIELDS
        yield {
            "name": name,
            "in": "query",
            **({"content": {"application/json": {"schema": schema}}} if as_json else {"schema": schema}),
        }
    yield {
        "name": "others",
        "in": "query",
        "description": "Every other name is an input of that name.",
        "style": "form",
        "explode": True,
        "schema": {
            "type": "object",
            "propertyNames": {"not": {"anyOf": [{"enum": sorted({*FIELDS, KEY})}, {"pattern": _FILES_OF}]}},
            "additionalProperties": {"type": "string"},
        },
    }
    yield later.PREFER


def _body() -> Object:
    call = {
        **_OBJECT,
        "properties": {name: FIELD_SCHEMAS[name] for name in sorted(FIELDS)},
        "patternProperties": {_FILES_OF: _FILES},
    }
    form = {
        "type": "object",
        "properties": {
            name: {"type": "string", "contentMediaType": "application/json"}
            if name in _JSON_FIELDS
            else FIELD_SCHEMAS[name]
            for name in sorted(FIELDS)
        },
        "additionalProperties": {"type": "string"},
    }
    return {
        "description": (
            "Every other name is an input of that name. A file part of a form is a file: for the input of its name,"
            " or of the name behind `files.`."
        ),
        "content": {
            "application/json": {"schema": call},
            "application/x-www-form-urlencoded": {"schema": form},
            "multipart/form-data": {"schema": form},
            "text/plain": {"schema": {"type": "string", "description": "The query."}},
        },
    }


def _answer() -> Object:
    """Describe Dify's blocking answer: a chat's holds `answer`, a workflow's `data`."""
    chat = {"answer": {"type": "string"}, "metadata": _OBJECT}
    run = {"workflow_run_id": {"type": ["string", "null"]}, "data": _OBJECT}
    shapes = [{"required": [*fields], "properties": fields} for fields in (chat, run)]
    return {"type": "object", "properties": {"task_id": {"type": ["string", "null"]}}, "anyOf": shapes}


def _error() -> Object:
    return {
        "type": "object",
        "required": ["code", "message", "status"],
        "properties": {
            "code": {"enum": sorted({error.code for error in _error_classes()})},
            "message": {"type": "string"},
            "status": {"type": "integer"},
            "answer": {**_OBJECT, "description": "The app's answer, where the endpoint could not shape it."},
        },
        "additionalProperties": False,
    }


def _whole_answer() -> Object:
    texts = {form.media_type.partition(";")[0]: {"schema": {"type": "string"}} for form in FORMATS.values()}
    return {
        "description": "The answer. A stream that could not be completed ends with an event of the kind `error`.",
        "headers": _HEADERS,
        "content": {
            **texts,
            "text/event-stream": {},  # its events have no schema: unknown kinds pass
            "application/json": {"schema": {"$ref": "#/components/schemas/Answer"}},
        },
    }


def _errors() -> Object:
    return {status: {"$ref": f"#/components/responses/Error{status}"} for status in _codes()}


def _error_responses() -> Iterator[tuple[str, Object]]:
    for status, codes in _codes().items():
        content: Object = {
            "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
            "text/html": {"schema": {"type": "string", "description": "For whoever asked for a page."}},
        }
        yield f"Error{status}", {"description": ", ".join(codes), "headers": _HEADERS, "content": content}


def _codes() -> dict[str, list[str]]:
    """Give each status that an error may have, with its codes."""
    pairs = sorted({(str(int(error.status)), error.code) for error in _error_classes()})
    return {status: [code for _, code in group] for status, group in groupby(pairs, key=lambda pair: pair[0])}


def _error_classes() -> Iterator[type[RelayError]]:
    # those of these routes: what other APIs add has codes of theirs, and is there or not by who has imported it
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, RelayError):
            yield error


def _bare(response: Object) -> Object:
    """Refer to a response of GET, without its body."""
    return {"description": f"As GET: {response['$ref'].rpartition('/')[2]}", "headers": _HEADERS}
