"""What an app gets of a request: by templates, by its sender's preset, or by the fields that a caller sends."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from relay.errors import AppUnavailable, InvalidParam, Misconfigured, PayloadTooLarge
from relay.incoming import fields
from relay.incoming.body import Body
from relay.incoming.fields import Asked
from relay.incoming.received import KEY, Received
from relay.incoming.settings import Access, ReplyTo, Settings
from relay.incoming.templates import LARGEST_BODY, Budget, ObjectTemplate, TextTemplate, Unfilled
from relay.senders import SECRET_HEADERS, Delivery, Ignored, Preset, Scheme

IDEMPOTENCY_KEY = "idempotency-key"  # IETF draft "The Idempotency-Key HTTP Header Field"

# what proves that a caller is who it is must not end up in an app's inputs: headers with such a word in their name
SECRET_WORDS = frozenset(
    [
        "auth",
        "authorization",
        "authenticate",
        "authentication",
        "bearer",
        "cookie",
        "credential",
        "credentials",
        "jwt",
        "key",
        "apikey",
        "passwd",
        "password",
        "secret",
        "session",
        "sid",
        "token",
        "xsrf",
        "csrf",
    ]
)
NO = frozenset({"", "false", "0", "no", "none", "null", "off"})  # what `run_if` may say so that no app runs
# the address of a page may hold a key of that page
UNSHOWN_HEADERS = SECRET_HEADERS | {"referer"}
SECRET_ARGUMENTS = frozenset({KEY, "hub.verify_token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What one delivery asks, and what is known of where it comes from."""

    asked: Asked
    thread: str | None = None  # of one sender's users, where each has a conversation of its own
    named_by_owner: bool = False  # the user comes from the owner's template
    reply: Mapping[str, Any] | None = None  # what the sender's message needs beside the answer's text
    context: Mapping[str, Any] | None = None  # what templates can reach
    preset: Preset | None = None
    callback: str = ""  # the address that `callback_url` gives for this delivery


def read(
    received: Received, delivery: Delivery, settings: Settings, scheme: Scheme | None, budget: Budget | None = None
) -> Mapped | Ignored:
    """Map one delivery. Raises InvalidParam and its like for what can't be read or filled in.

    A template decides over a preset, and a preset over the fields; the query string fills in what is left. `budget`
    is the work that templates may still do for this request.
    """
    reading = scheme.preset(delivery) if scheme else None
    if isinstance(reading, Ignored):
        return reading
    if reading and reading.wordless and settings.reply != "sender":
        reading = None  # a workflow finds the picture in the payload; only whoever is written back to is told
    templates = _templates(settings)
    foreign = settings.access is Access.SIGNATURE or (scheme is not None and scheme.own_payload)
    mapped = bool(templates.keys() & {"query", "inputs"})
    if isinstance(reading, Preset):
        asked = _by_preset(fields.read(received.arguments, Body()), reading)
    elif foreign:
        asked = _by_payload(fields.read(received.arguments, Body()), delivery, mapped=mapped)
    else:
        asked = fields.read(received.arguments, _mappable(received.content, mapped=mapped))
    values = None
    run_if, callback_url = _further(settings)
    if templates or settings.answer_template or run_if or callback_url:
        document = _document(delivery) if foreign or reading else _text_checked(received)
        values = context(received, delivery, document, scheme)
    if run_if and not _holds(run_if, values or {}, budget):
        return Ignored("run_if does not hold")
    filled: dict[str, Any] = {name: template.fill(values or {}, budget) for name, template in templates.items()}
    return Mapped(
        asked=replace(asked, **filled),
        # a template that names the user says all of whose conversation it is
        thread=reading.conversation_key if reading and "user" not in templates else None,
        named_by_owner="user" in templates,
        reply=reading.reply if reading else None,
        context=values if settings.answer_template else None,
        preset=reading,
        callback=callback_url.fill(values or {}, budget).strip() if callback_url else "",
    )


def _further(settings: Settings) -> tuple[TextTemplate | None, TextTemplate | None]:
    """Compile what says whether an app runs, and where its answer is sent. Raises Misconfigured."""
    callback_url = settings.callback_url if settings.reply is ReplyTo.CALLBACK else ""
    try:
        return (
            TextTemplate("run_if", settings.run_if) if settings.run_if else None,
            TextTemplate("callback_url", callback_url) if callback_url else None,
        )
    except AppUnavailable as error:
        raise Misconfigured(error.message.rstrip(".")) from None


def _holds(condition: TextTemplate, values: Mapping[str, Any], budget: Budget | None) -> bool:
    """Tell whether a delivery is one that matters; a name that it does not have says that it is not."""
    try:
        return condition.fill(values, budget).strip().lower() not in NO
    except Unfilled as error:
        if not error.lacking:
            raise
        return False


def context(received: Received, delivery: Delivery, document: Any, scheme: Scheme | None) -> dict[str, Any]:
    """Give what templates can reach: `body`, `headers`, `query` and `delivery`."""
    return {
        "body": document,
        "headers": {name: value for name, value in delivery.headers.items() if not _is_secret(name)},
        "query": {name: value for name, value in delivery.query.items() if name not in SECRET_ARGUMENTS},
        "delivery": {
            "id": scheme.delivery_id(delivery) if scheme else received.header(IDEMPOTENCY_KEY) or None,
            "sender": scheme.name if scheme else None,
            "repeated": bool(scheme and scheme.is_repeated(delivery)),
        },
    }


def _is_secret(name: str) -> bool:
    return name in UNSHOWN_HEADERS or not SECRET_WORDS.isdisjoint(name.split("-"))


def _templates(settings: Settings) -> dict[str, TextTemplate | ObjectTemplate]:
    """Compile those that are set. Raises Misconfigured."""
    kinds = (("query", TextTemplate), ("inputs", ObjectTemplate), ("user", TextTemplate))
    try:
        return {
            name: kind(f"{name}_template", source)
            for name, kind in kinds
            if (source := getattr(settings, f"{name}_template"))
        }
    except AppUnavailable as error:
        raise Misconfigured(error.message.rstrip(".")) from None


def _document(delivery: Delivery) -> Any:
    """Give a sender's payload as a template sees it: any JSON value, a form's fields, else the text."""
    if len(delivery.body) > LARGEST_BODY:
        raise _too_large()
    document = delivery.document
    return delivery.body.decode("utf-8", "replace") if document is None else document


def _text_checked(received: Received) -> Any:
    """Give a caller's body as a template sees it; its files are none of that."""
    content = received.content
    large = len(received.body) - sum(len(upload.content) for upload in content.uploads)
    if large > LARGEST_BODY:
        raise _too_large()
    return content.document


def _too_large() -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The body is too large for this endpoint: its templates see at most {LARGEST_BODY} bytes."
    )


def _mappable(body: Body, *, mapped: bool) -> Body:
    """Let a template have a JSON list, which has no names; without a template there is nothing to make of it."""
    return replace(body, values={}) if mapped and body.values is None else body


def _by_preset(asked: Asked, reading: Preset) -> Asked:
    return replace(
        asked,
        query=reading.query or asked.query,
        inputs={**asked.inputs, **reading.inputs},
        user=reading.user or asked.user,
    )


def _by_payload(asked: Asked, delivery: Delivery, *, mapped: bool) -> Asked:
    """Take a payload that nobody wrote for the relay: its names are inputs, whatever they are."""
    document = delivery.document
    if isinstance(document, Mapping):
        return replace(asked, inputs={**asked.inputs, **document})
    if delivery.body.strip() and not mapped:
        raise InvalidParam(
            "The payload is no JSON object and no form: only a template can say what an app gets of it."
        )
    return asked
