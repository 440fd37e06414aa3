"""From a request to its response: the way of one request, and the one place where errors become responses."""

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from werkzeug import Request, Response

from relay import access, attachment, call, cors, formats, run, wire
from relay.call import Asked, Call, Interface
from relay.dify import Dify
from relay.errors import RelayError
from relay.failure import from_exception
from relay.formats import Encoder, Format
from relay.formats.html import CONTENT_SECURITY_POLICY, error_page
from relay.pump import Pump
from relay.settings import Settings
from relay.transcript import Transcript

log = logging.getLogger("duck_relay")

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx holds a stream back otherwise
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address may hold the key
}
UNFORESEEN = "Something went wrong inside the relay; its log says more under the request id."
SENT_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


def respond(
    request: Request,
    path: Mapping[str, Any],
    settings: Mapping[str, Any],
    *,
    interface: Interface,
    dify: Dify,
) -> Response:
    """Answer one request to `<path["app_id"]>`, or to the app that the settings name. Raises nothing."""
    request_id = _request_id(request)
    exchange = _Exchange(request, interface=interface, dify=dify, request_id=request_id)
    try:
        response = exchange.respond(str(path.get("app_id", "")), settings)
    except RelayError as error:
        response = exchange.refuse(error)
    except Exception:
        log.exception("%s: unforeseen", request_id)
        response = exchange.refuse(RelayError(UNFORESEEN))
    response.headers.update({**HEADERS, "X-Request-Id": request_id, **exchange.cors})
    log.info("%s: %s %s, app %r, %s", request_id, request.method, interface, exchange.app_id, response.status_code)
    return response


class _Exchange:
    """One request and what is known of it so far, which decides how an error is told."""

    def __init__(self, request: Request, *, interface: Interface, dify: Dify, request_id: str) -> None:
        self.app_id = ""
        self.cors: Mapping[str, str] = {}
        self._request = request
        self._request_id = request_id
        self._interface = interface
        self._dify = dify
        self._page = formats.asks_for_page(request)

    def respond(self, named_app: str, given: Mapping[str, Any]) -> Response:
        """Go the way of one request. Raises RelayError."""
        settings = Settings.read(given)
        self.cors = cors.headers(self._request, settings)
        if self._request.method == "OPTIONS":
            return _empty({"Allow": cors.METHODS})
        access.check(self._request, settings)
        self.app_id = access.choose_app(named_app, settings)
        if self._request.method == "GET" and "Last-Event-ID" in self._request.headers:
            # an EventSource that comes back after the end: 204 is how it is told to stay away
            return _empty({})
        asked = call.read(self._request)
        form = self._choose_form(asked, settings)
        made = call.make(asked, app_id=self.app_id, interface=self._interface)
        if self._request.method == "HEAD":
            head = _of_form(form, b"")
            head.headers.pop("Content-Length")  # GET's is not known, and not 0
            return head
        return self._run(made, form)

    def refuse(self, error: RelayError) -> Response:
        """Give an error as the whole response."""
        self._log_error(error)
        body = error_page(error) if self._page else wire.encode(wire.dump(error.as_dict()))
        media_type = "text/html; charset=utf-8" if self._page else "application/json"
        response = Response(body, status=error.status, content_type=media_type, headers=error.headers)
        if self._page:
            response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    def _choose_form(self, asked: Asked, settings: Settings) -> Format:
        form = formats.choose(
            self._request, settings.default_format, name=asked.format, response_mode=asked.response_mode
        )
        if asked.format or asked.response_mode:
            self._page = form.readable
        return form

    def _run(self, made: Call, form: Format) -> Response:
        made = self._attach(made)
        pump = Pump(run.watch(self._dify.invoke(made), self._interface), leave=self._dify.leave)
        if form.encoder is None:
            transcript = Transcript()
            for event in pump.rest():
                transcript.add(event)
            return _of_form(form, wire.encode(wire.dump(transcript.blocking())))
        encoder = form.encoder(made.query)
        if pump.open():
            return _of_form(form, pump.whole(encoder))
        return _of_form(form, self._stream(pump, encoder))

    def _attach(self, made: Call) -> Call:
        try:
            return attachment.attach(made, self._dify)
        except RelayError:
            raise
        except Exception as error:
            raise from_exception(error, self._interface) from error

    def _stream(self, pump: Pump, encoder: Encoder) -> Iterator[bytes]:
        """Stream the answer. Raises nothing: the daemon would send the traceback to the caller."""
        try:
            yield from pump.chunks(encoder)
        except Exception:
            log.exception("%s: unforeseen", self._request_id)
            yield encoder.error(RelayError(UNFORESEEN))
        if pump.error:
            self._log_error(pump.error)

    def _log_error(self, error: RelayError) -> None:
        log.warning(
            "%s: %s %s: %s", self._request_id, int(error.status), error.code, error.__cause__ or error.message
        )


def _of_form(form: Format, body: bytes | Iterator[bytes]) -> Response:
    response = Response(body, content_type=form.media_type)
    if form.readable:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


def _empty(headers: Mapping[str, str]) -> Response:
    response = Response(b"", status=204, headers=headers)
    for name in ("Content-Type", "Content-Length"):
        response.headers.pop(name, None)
    return response


def _request_id(request: Request) -> str:
    """Take the caller's own id when it is one, so that both logs can be read together."""
    sent = request.headers.get("X-Request-Id", "")
    return sent if SENT_ID.fullmatch(sent) else uuid4().hex
