"""Which forms there are, and which one a caller gets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from relay.errors import InvalidParam
from relay.incoming.received import Received
from relay.incoming.settings import DefaultFormat
from relay.outgoing.formats.blocking import Blocking
from relay.outgoing.formats.encoder import Encoder, Gatherer
from relay.outgoing.formats.lines import EVENTS, NDJSON, SERVICE, ServerSentEvents
from relay.outgoing.formats.text import Text
from relay.outgoing.openai.completion import Chunks, WholeCompletion
from relay.outgoing.openai.response import ResponseEvents, WholeResponse
from relay.page.answer import Page
from relay.page.view import View

type Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One form. Without an encoder it is one piece of JSON; without a gatherer of its own the settings shape that."""

    name: str
    media_type: str
    encoder: Callable[[str, Options], Encoder] | None = None  # from the query and the plan's options
    gatherer: Callable[[Options], Gatherer] | None = None
    readable: bool = False  # a person reads it: errors are a page too
    headed: bool = False  # it is a page that wants to know how it looks: the plan's option `page`, a View


JSON = "application/json"
SSE = "text/event-stream"

# what a caller may name
FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format(name="sse", media_type=SSE, encoder=lambda *_: ServerSentEvents()),
        Format(
            name="html",
            media_type="text/html; charset=utf-8",
            encoder=lambda query, options: Page(query, View.load(options.get("page") or {})),
            readable=True,
            headed=True,
        ),
        Format(name="events", media_type="text/html; charset=utf-8", encoder=lambda *_: EVENTS, readable=True),
        Format(name="json", media_type=JSON),
        Format(name="text", media_type="text/plain; charset=utf-8", encoder=lambda *_: Text()),
        Format(name="ndjson", media_type="application/x-ndjson", encoder=lambda *_: NDJSON),
    )
}

# and those of the APIs that the relay speaks
FORMS: Mapping[str, Format] = {
    **FORMATS,
    **{
        form.name: form
        for form in (
            Format(name="service", media_type=SSE, encoder=lambda *_: SERVICE),
            Format(name="service-blocking", media_type=JSON, gatherer=lambda _: Blocking()),
            Format(name="completion", media_type=JSON, gatherer=WholeCompletion),
            Format(name="completion-chunks", media_type=SSE, encoder=lambda _, options: Chunks(options)),
            Format(name="response", media_type=JSON, gatherer=WholeResponse),
            Format(name="response-events", media_type=SSE, encoder=lambda _, options: ResponseEvents(options)),
        )
    },
}

RESPONSE_MODES: Mapping[str, str] = {"streaming": "sse", "blocking": "json"}

LONGEST_ACCEPT = 2000  # characters that are read of it

# media types that a caller may ask for by Accept; wildcards ask for nothing in particular
ACCEPTED: Mapping[str, str] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/event-stream": "sse",
    "application/json": "json",
    "text/plain": "text",
    "application/x-ndjson": "ndjson",
}


def choose(
    received: Received, default: DefaultFormat, *, name: str | None = None, response_mode: str | None = None
) -> Format:
    """Pick the form: `format` > `response_mode` > Accept > the setting > GET: html, else json.

    Raises InvalidParam for a format or response_mode that does not exist.
    """
    if name and name not in FORMATS:
        raise InvalidParam(f"Unknown format: use one of {', '.join(FORMATS)}.")
    if response_mode and response_mode not in RESPONSE_MODES:
        raise InvalidParam(f"Unknown response_mode: use {', '.join(RESPONSE_MODES)} or later.")
    if name or response_mode:
        return FORMATS[name or RESPONSE_MODES[response_mode or ""]]
    if accepted := _accepted(received):
        return accepted
    if default is not DefaultFormat.AUTO:
        return FORMATS[default.value]
    return FORMATS["html" if received.method in {"GET", "HEAD"} else "json"]


def asks_for_page(received: Received) -> bool:
    """Tell whether the caller, as far as the head of the request says, wants something to read.

    A script that names nothing gets its errors as JSON, although a GET's answer would be a page.
    """
    named = next(iter(received.query.get("format", ())), "")
    form = FORMATS.get(named) if named else _accepted(received)
    return form is not None and form.readable


def _accepted(received: Received) -> Format | None:
    accept = parse_accept_header(received.header("accept")[:LONGEST_ACCEPT], MIMEAccept)
    for media_type, quality in accept:  # best first
        if quality > 0 and (name := ACCEPTED.get(media_type.partition(";")[0].strip().lower())):
            return FORMATS[name]
    return None
