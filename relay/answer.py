"""From a request to its response, and the one place where errors become responses.

received → decided → carried out → answered
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug import Request, Response

from relay.call import Interface
from relay.carry import Carrier
from relay.decide import Decision, decide
from relay.entrance import HTML
from relay.errors import MethodNotAllowed, NotFound, RelayError, Unauthorized
from relay.given import Apps
from relay.host import Host
from relay.incoming import access, session
from relay.incoming.access import Caller
from relay.incoming.received import Received, new_id, receive
from relay.incoming.settings import Access, Settings
from relay.incoming.templates import Budget
from relay.later.batch import accept_all
from relay.later.desk import desk_of
from relay.later.sweep import look
from relay.log import Line, unforeseen
from relay.outgoing import coding, cors, formats
from relay.outgoing.pump import LARGEST, UNFORESEEN, parted, split
from relay.outgoing.response import HEADERS, code_whole, of_reply, of_type, refusal
from relay.outward import BY_KEY, SENT_BY_RELAY
from relay.page import policy, posted, problem, refused, visit
from relay.page.view import View
from relay.plan import Destination
from relay.run import tasks
from relay.run.dify import Dify, KeyedApp, Session, StorageFailed
from relay.run.failure import from_exception
from relay.run.records import STOPS, RecordsFull
from relay.run.tasks import Scope
from relay.run.ways import Ways
from relay.senders import Reply, Scheme
from relay.showing import Refusal

POLICY = "Content-Security-Policy"
# a browser's back button shows a page of ours again: without it, it asks the app anew or shows nothing
KEPT_TO_GO_BACK_TO = {"Cache-Control": "private, no-cache, no-transform"}


def respond(
    request: Request,
    path: Mapping[str, Any],
    settings: Mapping[str, Any],
    *,
    interface: Interface,
    dify: Session,
    host: Host,
) -> Response:
    """Answer one request to `<path["app_id"]>`, or to the app that the settings name. Raises nothing."""
    received = receive(request, app_id=str(path.get("app_id", "")), interface=interface, endpoint_id=dify.endpoint_id)
    owner = Settings.read(settings)
    ways = Ways(dify, owner, asked_by_key=asked_by_key(received))

    def work(line: Line) -> Response:
        budget = Budget(clock=host.elapsed)
        try:
            decision = decide(received, owner, now=host.clock(), apps=apps_of(ways, interface), budget=budget)
        except Unauthorized as error:
            if owner.access is Access.SIGNATURE:
                desk_of(received.endpoint_id, host.own, host.elapsed).refused = error.reason or error.message
            raise
        line.app, line.key, line.secret = decision.app_id or line.app, decision.key, decision.secret
        line.notes.extend(decision.notes)
        if decision.reply:
            return of_reply(decision.reply, received.method)
        if decision.refusal:
            return _refused(line, decision, decision.refusal)
        gzip = coding.accepts_gzip(received.header("accept-encoding"))
        carrier = Carrier(settings=owner, dify=ways, line=line, host=host, gzip=gzip)
        if decision.stop is not None:
            return _stopped(carrier, decision, received)
        if decision.plans[0].destination is not Destination.RESPONSE:
            look(carrier, received)
            return accept_all(carrier, decision.plans, received)
        if decision.view:
            return _shown(carrier, decision, decision.view)
        if len(decision.plans) == 1:
            return carrier.answer(decision.plans[0])
        carrier.answer_all(decision.plans)
        return of_reply(decision.acknowledgement, received.method)

    return finish(received, owner, work, route=f"/{visit.ROUTES[interface]}", host=host)


def _shown(carrier: Carrier, decision: Decision, view: View) -> Response:
    """Give the answer as a page, or the page that says why there is none and asks again."""
    [plan] = decision.plans
    try:
        return carrier.answer(plan)
    except RelayError as error:
        return _refused(carrier.line, decision, Refusal(error=error, view=view, query=plan.call.query))


def _refused(line: Line, decision: Decision, refusal: Refusal) -> Response:
    error = refusal.error
    line.failed(error)
    status, page = refused.page(
        error,
        refusal.view,
        refusal.query[: posted.LARGEST_SHOWN],
        owner=decision.caller is Caller.KEY,
        posted=decision.posted,
        request_id=line.request_id,
    )
    response = of_type(HTML, page, status)
    response.headers.update(error.headers)
    return response


def _stopped(carrier: Carrier, decision: Decision, received: Received) -> Response:
    """End a run that a page has begun. Nobody learns whether there was any."""
    scope = Scope(endpoint_id=received.endpoint_id, app_id=decision.app_id, user=None)
    # a stranger, whom no limit counts, writes nothing
    records = carrier.records_of(received.endpoint_id, STOPS) if decision.caller is Caller.KEY else None
    try:
        tasks.stop(scope, decision.stop or "", records)
    except (StorageFailed, RecordsFull):
        carrier.line.notes.append("a run may go on: Dify's storage does not answer")
    return of_reply(Reply(status=204, media_type=""), received.method)


def refuse(
    request: Request,
    settings: Mapping[str, Any],
    *,
    methods: Iterable[str],
    host: Host,
    unknown: NotFound | None = None,
    tell: Callable[[RelayError], Response] | None = None,
) -> Response:
    """Answer a request to a path that no endpoint has, or has with other `methods` only. Raises nothing.

    `unknown` is what an unknown path is told, where not that of the relay's own routes; `tell` as in `finish`.
    """
    received = receive(request, app_id="", interface=Interface.ANY, endpoint_id="")

    def work(_: Line) -> Response:
        if allowed := ", ".join(sorted(methods)):
            raise MethodNotAllowed("This method is not answered here.", headers={"Allow": allowed})
        raise unknown or NotFound("There is nothing at this address: see the plugin's README for its routes.")

    return finish(received, Settings.read(settings), work, route="?", host=host, tell=tell)


def finish(
    received: Received,
    settings: Settings,
    work: Callable[[Line], Response],
    *,
    route: str,
    host: Host,
    by_sender: bool = True,
    tell: Callable[[RelayError], Response] | None = None,
) -> Response:
    """Do the work, turn what it raises into a response, and give that what all responses carry. Raises nothing.

    `by_sender` says that a webhook's sender may ask, who sends again or not by the status alone. `tell` gives an
    error as another API does; a sender never asks there.
    """
    line = Line(
        request_id=received.request_id or new_id(),
        method=received.method,
        route=route,
        app=received.app_id,
        started=host.elapsed(),
    )
    host.mark(line.request_id)
    try:
        response = work(line)
    except RelayError as error:
        line.failed(error)
        response = tell(error) if tell else _refusal(error, received, settings, line, host, by_sender=by_sender)
    except Exception as error:  # noqa: BLE001 - the SDK would send the traceback to the caller
        unforeseen(line.request_id, error)
        line.notes.append("500 internal_error")
        unknown = RelayError(UNFORESEEN)
        response = tell(unknown) if tell else _refusal(unknown, received, settings, line, host, by_sender=False)
    response.headers.update({**HEADERS, "X-Request-Id": line.request_id, **cors.headers(received, settings)})
    if response.mimetype == "text/html" and POLICY not in response.headers:
        response.headers.update({**_policy(received, settings), **KEPT_TO_GO_BACK_TO})
    if received.method != "OPTIONS":
        response.vary.add("Accept-Encoding")
    line.status = response.status_code
    if isinstance(response.response, Iterator):  # the line is written when the answer has ended
        return response
    body = code_whole(response, gzip=coding.accepts_gzip(received.header("accept-encoding")))
    for part in split(body):
        line.sent(part)
    line.write(host.elapsed())
    if len(body) > LARGEST:
        response.response = parted(body, host.ending)
        response.headers.pop("Content-Length", None)
    return response


def _refusal(
    error: RelayError, received: Received, settings: Settings, line: Line, host: Host, *, by_sender: bool
) -> Response:
    readable = formats.asks_for_page(received) if error.readable is None else error.readable
    scheme = _sender(settings) if by_sender else None
    if not readable:
        return refusal(error, scheme=scheme)
    owner = error.holder or session.is_holder(received, settings, host.clock())
    view = visit.view(received, settings)
    signs = settings.access is Access.SIGNATURE
    page = problem.page(error, view, owner=owner, request_id=line.request_id, signs=signs)
    return refusal(error, scheme=scheme, page=page)


def _policy(received: Received, settings: Settings) -> Mapping[str, str]:
    shown = visit.view(received, settings)
    return policy.headers(accent=shown.accent, image_hosts=shown.image_hosts, framed_by=settings.cors_origins)


def _sender(settings: Settings) -> Scheme | None:
    try:
        return access.choose_scheme(settings)
    except RelayError:
        return None


@dataclass(frozen=True, slots=True)
class _Apps:
    dify: Dify
    interface: Interface

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        try:
            return self.dify.parameters(app_id)
        except RelayError:
            raise
        except Exception as error:
            raise from_exception(error, self.interface) from error

    def keyed(self, app_id: str) -> KeyedApp | None:
        return self.dify.keyed(app_id)


def apps_of(dify: Dify, interface: Interface) -> Apps:
    """Give what asks Dify of its apps."""
    return _Apps(dify, interface)


def asked_by_key(received: Received) -> bool:
    """Tell whether a relay, this one or another, sent the request for an app that it has a key of."""
    return received.header(SENT_BY_RELAY.lower()) == BY_KEY
