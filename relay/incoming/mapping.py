"""What an app gets of a delivery: by templates, by its sender's preset, or by the fields that a caller sends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from werkzeug import Request

from relay.incoming import body, fields
from relay.incoming.fields import Asked
from relay.incoming.settings import Settings
from relay.incoming.template import ObjectTemplate, TextTemplate
from relay.run.transcript import Transcript
from relay.senders import SECRET_HEADERS as SENDERS_SECRETS
from relay.senders import Delivery, Ignored, Preset, Scheme
from relay.senders.scheme import IDEMPOTENCY_KEY, Message

# what proves that a caller is who it is must not end up in an app's inputs
SECRET_HEADERS = SENDERS_SECRETS | {"authorization", "cookie", "x-api-key"}
SECRET_ARGUMENTS = frozenset({fields.KEY, "hub.verify_token"})


def deliver(request: Request) -> Delivery:
    """Take a request as a delivery. Raises PayloadTooLarge."""
    return Delivery(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body.raw(request),
        query=request.args.to_dict(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What a delivery asks, which one it is, and how its sender wants the answer in JSON."""

    asked: Asked
    delivery_id: str | None  # the same again is the same delivery
    thread: str | None = None  # of one sender's users, where each has a conversation of its own
    shape: Callable[[Transcript], Mapping[str, Any]]


def read(request: Request, delivery: Delivery, settings: Settings, scheme: Scheme | None) -> Mapped | Ignored:
    """Map one delivery. Raises InvalidParam and its like for what can't be read or filled in.

    A template decides over a preset, and a preset over the fields; the query string fills in what is left.
    """
    templates = {
        name: kind(f"{name}_template", source)
        for name, kind in (("query", TextTemplate), ("inputs", ObjectTemplate), ("user", TextTemplate))
        if (source := getattr(settings, f"{name}_template"))
    }
    reading = scheme.preset(delivery) if scheme else None
    if isinstance(reading, Ignored):
        return reading
    if reading is None and not templates and not (scheme and scheme.own_payload):
        asked = fields.read(request)
    else:
        asked = _by_preset(fields.read_query(request), reading, delivery)
    values = context(delivery, scheme) if templates or settings.answer_template else {}
    filled: dict[str, Any] = {name: template.fill(values) for name, template in templates.items()}
    return Mapped(
        asked=replace(asked, **filled),
        delivery_id=_delivery_id(delivery, scheme),
        # a template that names the user says all of whose conversation it is
        thread=reading.conversation_key if reading and "user" not in templates else None,
        shape=_shape(settings, scheme, reading, values),
    )


def context(delivery: Delivery, scheme: Scheme | None) -> dict[str, Any]:
    """Give what templates can reach: `body`, `headers`, `query` and `delivery`."""
    return {
        "body": delivery.payload or delivery.body.decode("utf-8", "replace"),
        "headers": {name: value for name, value in delivery.headers.items() if name not in SECRET_HEADERS},
        "query": {name: value for name, value in delivery.query.items() if name not in SECRET_ARGUMENTS},
        "delivery": {
            "id": _delivery_id(delivery, scheme),
            "sender": scheme.name if scheme else None,
            "repeated": bool(scheme and scheme.is_repeated(delivery)),
        },
    }


def _delivery_id(delivery: Delivery, scheme: Scheme | None) -> str | None:
    return scheme.delivery_id(delivery) if scheme else delivery.header(IDEMPOTENCY_KEY) or None


def _by_preset(asked: Asked, reading: Preset | None, delivery: Delivery) -> Asked:
    if reading is None:
        return replace(asked, inputs={**asked.inputs, **delivery.payload})
    return replace(
        asked,
        query=reading.query or asked.query,
        inputs={**asked.inputs, **reading.inputs},
        user=reading.user or asked.user,
    )


def _message(message: Message, reply: Mapping[str, Any], told: Transcript) -> Mapping[str, Any]:
    return message(reply, told.text)


def _shape(
    settings: Settings, scheme: Scheme | None, reading: Preset | None, values: Mapping[str, Any]
) -> Callable[[Transcript], Mapping[str, Any]]:
    if settings.answer_template:
        template = ObjectTemplate("answer_template", settings.answer_template)
        return lambda told: template.fill({**values, **told.results()})
    if scheme and scheme.message and reading and reading.reply is not None:
        return partial(_message, scheme.message, reading.reply)
    return Transcript.blocking
