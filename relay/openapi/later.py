"""What the description says of answers that come later, and of the deliveries that they leave.

The run of a delivery is not described: only the plugin itself may ask for it.
"""

from collections.abc import Mapping
from typing import Any

from relay.later.account import State
from relay.later.check import Status
from relay.routes import DELIVERIES, ROUTES

type Object = dict[str, Any]

PREFER: Object = {
    "name": "Prefer",
    "in": "header",
    "description": "With `respond-async` the answer is kept, as by `response_mode` later (RFC 7240).",
    "schema": {"type": "string"},
}
DELIVERY_ID: Object = {
    "name": "delivery_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}
RUN: Object = {
    "name": "run",
    "in": "query",
    "description": "With any value the app runs again, although its answer is kept.",
    "schema": {"type": "string"},
}

_TIME: Object = {"type": ["number", "null"], "description": "Seconds since 1970; null for what has not happened."}
_STATE: Object = {"enum": [state.value for state in State]}
_ROW: Object = {
    "delivery_id": {"type": "string"},
    "state": _STATE,
    "error": {
        "type": ["object", "null"],
        "required": ["code", "message"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    },
    "app_id": {"type": "string"},
    "sender": {"type": ["string", "null"], "description": "Null for a caller of the relay itself."},
    "destination": {"enum": ["sender", "callback", "kept", "response"]},
    "created_at": _TIME,
    "began_at": _TIME,
    "ended_at": _TIME,
    "url": {"type": "string", "description": "Relative unless relay_url is set."},
}
_ALL: Object = {
    **_ROW,
    "tries": {"type": "integer", "description": "Runs of the app that were begun."},
    "answer": {"type": "string", "description": "What the app has said: so far, or all of it."},
    "steps": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["at", "what", "result"],
            "properties": {"at": _TIME, "what": {"type": "string"}, "result": {"type": "string"}},
        },
    },
    "notes": {"type": "array", "items": {"type": "string"}},
}
_RESPONSE: Object = {
    "type": "object",
    "description": "The whole answer, as the response or the callback has it. Not with an answer to the sender.",
    "additionalProperties": True,
}
_ACCEPTED: Object = {"delivery_id": _ROW["delivery_id"], "state": _STATE, "url": _ROW["url"]}
_CHECK: Object = {
    "name": {"type": "string"},
    "status": {"enum": [status.value for status in Status]},
    "sentence": {"type": "string"},
}


def _object(properties: Object, **more: Object) -> Object:
    return {"type": "object", "required": [*properties], "properties": {**properties, **more}}


SCHEMAS: Mapping[str, Object] = {
    "Accepted": _object(_ACCEPTED),
    "Row": _object({**_ROW, "excerpt": {"type": "string"}}),
    "Delivery": _object(_ALL, response=_RESPONSE),
    "Check": _object(_CHECK),
}

ACCEPTED: Object = {
    "description": "The app runs, and its answer is kept: ask for it at Location.",
    "headers": {
        "X-Request-Id": {"$ref": "#/components/headers/RequestId"},
        "Location": {"required": True, "schema": {"type": "string"}},
    },
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Accepted"}}},
}


def _told(description: str, schema: Object | None = None, *, page: bool = False) -> Object:
    content: Object = {"application/json": {"schema": schema}} if schema else {}
    if page:
        content["text/html"] = {"schema": {"type": "string", "description": "For whoever asked for a page."}}
    return {
        "description": description,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}},
        **({"content": content} if content else {}),
    }


_DELIVERY = {"$ref": "#/components/schemas/Delivery"}
_BACK = {"303": _told("The page has asked: back to it.")}
_LISTED = _object({"data": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}})
_CHECKED = _object({"checks": {"type": "array", "items": {"$ref": "#/components/schemas/Check"}}})
_FORM: Object = {
    "type": "object",
    "properties": {
        "do": {"type": "string", "description": "`sign-out`; anything else, or nothing: check."},
        "key": {"type": "string", "description": "Alone: signs a browser in."},
        "to": {"type": "string", "description": "The delivery that is shown then."},
    },
}

# by the last part of the path, then by the method
OPERATIONS: Mapping[str, Mapping[str, Object]] = {
    "deliveries": {
        "GET": {
            "summary": "List the latest 100 deliveries, newest first",
            "responses": {"200": _told("The deliveries.", _LISTED, page=True)},
        },
        "POST": {
            "summary": "Check the endpoint's settings; a form with the key signs a browser in",
            "requestBody": {
                "content": {
                    "application/x-www-form-urlencoded": {"schema": _FORM},
                    "application/json": {"schema": _FORM},
                }
            },
            "responses": {"200": _told("What was found.", _CHECKED, page=True), **_BACK},
        },
    },
    "<delivery_id>": {
        "GET": {
            "summary": "Show one delivery",
            "responses": {"200": _told("The delivery.", _DELIVERY, page=True)},
        },
        "DELETE": {
            "summary": "Forget a delivery that has ended",
            "responses": {"204": _told("It is forgotten."), **_BACK},
        },
    },
    "redeliver": {
        "POST": {
            "summary": "Deliver once more: after `reply_failed` the kept answer, else the app runs again",
            "parameters": [RUN],
            "responses": {"202": _told("It is under way.", _DELIVERY), **_BACK},
        },
    },
    "cancel": {
        "POST": {
            "summary": "End a delivery that waits or runs",
            "responses": {"200": _told("It is being ended.", _DELIVERY), **_BACK},
        },
    },
    "delete": {
        "POST": {
            "summary": "Forget a delivery that has ended, as DELETE does, for a form",
            "responses": {"204": _told("It is forgotten."), **_BACK},
        },
    },
}


def paths(errors: Mapping[str, Object]) -> dict[str, Object]:
    """Describe the routes to deliveries; `errors` are the responses that each of them may have besides."""
    described = {}
    for route in ROUTES:
        last = route.path.rpartition("/")[2]
        if route.source != DELIVERIES or last not in OPERATIONS:
            continue
        name = route.path[1:].replace("/<delivery_id>", "_one").replace("/", "_")
        operations = {
            method.lower(): {
                **told,
                "operationId": f"{method.lower()}_{name}",
                "responses": {**told["responses"], **errors},
            }
            for method, told in OPERATIONS[last].items()
        }
        if "get" in operations:
            operations["head"] = {
                "operationId": f"head_{name}",
                "summary": "Tell what GET would answer",
                "responses": {"200": _told("As GET."), **{status: _told("As GET.") for status in errors}},
            }
        operations["options"] = {
            "operationId": f"options_{name}",
            "summary": "Tell the methods",
            "security": [],
            "responses": {
                "204": {
                    "description": "No body.",
                    "headers": {"Allow": {"required": True, "schema": {"type": "string"}}},
                }
            },
        }
        parameters = {"parameters": [DELIVERY_ID]} if "<delivery_id>" in route.path else {}
        described[route.path.replace("<delivery_id>", "{delivery_id}")] = {**parameters, **operations}
    return described
