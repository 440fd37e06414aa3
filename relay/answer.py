"""From a request to its response: the way of one request, and the one place where errors become responses."""

import logging
import re
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any
from uuid import uuid4

from werkzeug import Request, Response

from relay import wire
from relay.call import Call, Interface
from relay.errors import DeliveryInProgress, RelayError
from relay.event import Event
from relay.incoming import access, fields, mapping
from relay.incoming.fields import Asked
from relay.incoming.mapping import Mapped
from relay.incoming.settings import Access, MemoryOf, Settings
from relay.outgoing import cors, formats
from relay.outgoing.formats import Encoder, Format
from relay.outgoing.pump import Pump, parts, settle
from relay.outgoing.response import HEADERS, empty, head_of, of_form, of_reply, of_type, refusal
from relay.run import files as attachment
from relay.run import watch as run
from relay.run.deliveries import Answer, Delivery
from relay.run.dify import Dify
from relay.run.failure import from_exception
from relay.run.memory import Memory
from relay.run.records import DAY, DELIVERIES, MEMORY, Kind, Records
from relay.run.transcript import Transcript
from relay.senders import Ignored, Reply, Scheme, SignatureError

log = logging.getLogger("duck_relay")

HOPELESS = frozenset({400, 401, 403, 404, 413, 415})  # to send the same once more would not help
UNFORESEEN = "Something went wrong inside the relay; its log says more under the request id."
SENT_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


def respond(
    request: Request,
    path: Mapping[str, Any],
    settings: Mapping[str, Any],
    *,
    interface: Interface,
    dify: Dify,
    now: float,
) -> Response:
    """Answer one request to `<path["app_id"]>`, or to the app that the settings name. Raises nothing.

    `now` is in seconds since 1970.
    """
    exchange = _Exchange(request, interface=interface, dify=dify, now=now)
    try:
        response = exchange.respond(str(path.get("app_id", "")), settings)
    except RelayError as error:
        response = exchange.refuse(error)
    except Exception:
        log.exception("%s: unforeseen", exchange.request_id)
        response = exchange.refuse(RelayError(UNFORESEEN))
    response.headers.update({**HEADERS, "X-Request-Id": exchange.request_id, **exchange.cors})
    log.info(
        "%s: %s %s, app %r, %s",
        exchange.request_id,
        request.method,
        interface,
        exchange.app_id,
        response.status_code,
    )
    return response


def identify(request: Request) -> str:
    """Take the caller's own id when it is one, so that both logs can be read together."""
    sent = request.headers.get("X-Request-Id", "")
    return sent if SENT_ID.fullmatch(sent) else uuid4().hex


def _reason(error: RelayError) -> object:
    """Say for the log what the caller is not told."""
    return error.reason if isinstance(error, SignatureError) else error.__cause__ or error.message


class _Exchange:
    """One request and what is known of it so far, which decides how an error is told."""

    def __init__(self, request: Request, *, interface: Interface, dify: Dify, now: float) -> None:
        self.app_id = ""
        self.cors: Mapping[str, str] = {}
        self.request_id = identify(request)
        self._request = request
        self._interface = interface
        self._dify = dify
        self._now = now
        self._page = formats.asks_for_page(request)
        self._delivery: Delivery | None = None
        self._scheme: Scheme | None = None

    def respond(self, named_app: str, given: Mapping[str, Any]) -> Response:
        """Go the way of one request. Raises RelayError."""
        settings = Settings.read(given)
        self.cors = cors.headers(self._request, settings)
        if self._request.method == "OPTIONS":
            return empty({"Allow": cors.METHODS})
        self._scheme = scheme = access.choose_scheme(settings)
        if reply := self._let_in(scheme, settings):
            return of_reply(reply)
        self.app_id = access.choose_app(named_app, settings)
        if self._request.method == "GET" and "Last-Event-ID" in self._request.headers:
            # an EventSource that comes back after the end: 204 is how it is told to stay away
            return empty({})
        delivery = mapping.deliver(self._request)
        mapped = mapping.read(self._request, delivery, settings, scheme)
        if isinstance(mapped, Ignored):
            log.info("%s: %s", self.request_id, mapped.reason)
            return of_reply(scheme.acknowledgement if scheme else Reply())
        form = self._choose_form(mapped.asked, settings)
        made = fields.make(mapped.asked, app_id=self.app_id, interface=self._interface)
        if self._request.method == "HEAD":
            return head_of(form)
        try:
            return self._once(mapped, made, form, settings)
        except DeliveryInProgress:
            if scheme is None:
                raise
            return of_reply(scheme.acknowledgement)  # after an error the sender would send it once more

    def _let_in(self, scheme: Scheme | None, settings: Settings) -> Reply | None:
        """Check the caller. Gives the reply to a sender's handshake. Raises Unauthorized."""
        if settings.access is Access.KEY:
            access.check_key(self._request, settings)
        if settings.access is Access.SIGNATURE:
            return access.check_signature(mapping.deliver(self._request), scheme, settings, self._now)
        return None

    def refuse(self, error: RelayError) -> Response:
        """Give an error as the whole response."""
        self._log_error(error)
        response = refusal(error, page=self._page)
        if self._scheme and error.status in HOPELESS:
            response.headers.update(self._scheme.no_retry_headers)
        return response

    def _choose_form(self, asked: Asked, settings: Settings) -> Format:
        form = formats.choose(
            self._request, settings.default_format, name=asked.format, response_mode=asked.response_mode
        )
        if asked.format or asked.response_mode:
            self._page = form.readable
        return form

    def _once(self, mapped: Mapped, made: Call, form: Format, settings: Settings) -> Response:
        """Run the app, unless this delivery is being answered already or has been."""
        if mapped.delivery_id is None:
            return self._run(mapped, made, form, settings)
        delivery = Delivery(
            self._records(DELIVERIES),
            delivery_id=mapped.delivery_id,
            app_id=self.app_id,
            fingerprint=self._fingerprint(),
        )
        if answer := delivery.begin():
            return of_type(answer.media_type, answer.body)
        self._delivery = delivery
        try:
            return self._run(mapped, made, form, settings)
        except Exception:
            delivery.fail()
            raise

    def _records(self, kind: Kind, keep: float | None = None) -> Records:
        return Records(
            self._dify.storage,
            endpoint_id=self._dify.endpoint_id,
            kind=kind,
            clock=time.time,
            settle=settle,
            keep=keep,
        )

    def _fingerprint(self) -> str:
        """Stand for the whole request, so that no other one gets its answer."""
        parts = self._request.method, self._request.full_path.encode(), self._request.get_data(parse_form_data=False)
        return sha256(repr(parts).encode()).hexdigest()

    def _run(self, mapped: Mapped, made: Call, form: Format, settings: Settings) -> Response:
        pump = Pump(self._events(self._attach(made), mapped, settings), leave=self._dify.leave)
        if form.encoder is None:
            body = self._gather(pump, mapped)
        else:
            encoder = form.encoder(made.query)
            if not pump.open():
                return of_form(form, self._stream(pump, encoder, form))
            body = pump.whole(encoder)
        self._conclude(pump, form, body)
        return of_form(form, parts(body))

    def _attach(self, made: Call) -> Call:
        try:
            return attachment.attach(made, self._dify)
        except RelayError:
            raise
        except Exception as error:
            raise from_exception(error, self._interface) from error

    def _events(self, made: Call, mapped: Mapped, settings: Settings) -> Iterator[Event]:
        def invoke(call: Call) -> Iterator[Event]:
            return run.watch(self._dify.invoke(call), self._interface)

        if settings.memory is MemoryOf.OFF:
            return invoke(made)
        memory = Memory(records=self._records(MEMORY, keep=settings.memory_days * DAY), thread=mapped.thread)
        return memory.run(made, invoke)

    def _gather(self, pump: Pump, mapped: Mapped) -> bytes:
        transcript = Transcript()
        for event in pump.rest():
            transcript.add(event)
        return wire.encode(wire.dump(mapped.shape(transcript)))

    def _stream(self, pump: Pump, encoder: Encoder, form: Format) -> Iterator[bytes]:
        """Stream the answer. Raises nothing: the daemon would send the traceback to the caller."""
        sent: list[bytes] = []
        try:
            for chunk in pump.chunks(encoder):
                if self._delivery:  # it may come again
                    sent.append(chunk)
                yield chunk
        except Exception:
            log.exception("%s: unforeseen", self.request_id)
            yield encoder.error(RelayError(UNFORESEEN))
        # before the generator ends, because afterwards nothing can be stored
        self._conclude(pump, form, b"".join(sent))

    def _conclude(self, pump: Pump, form: Format, body: bytes) -> None:
        if pump.error:
            self._log_error(pump.error)
        if self._delivery and pump.complete:
            self._delivery.finish(Answer(status=200, media_type=form.media_type, body=body.decode()))
        elif self._delivery:
            self._delivery.fail()

    def _log_error(self, error: RelayError) -> None:
        log.warning("%s: %s %s: %s", self.request_id, int(error.status), error.code, _reason(error))
