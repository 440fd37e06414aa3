"""From what was received to what is to be done: a reply at once, or a plan for each message. Nothing is done here.

The same request, settings and time give the same decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from relay import destination, entrance, identity, showing
from relay.call import Call
from relay.entrance import HTML, OF_ANOTHER, Entered, Way
from relay.errors import AppUnavailable, Forbidden, Misconfigured, PayloadTooLarge, RelayError
from relay.given import Apps, Giving
from relay.incoming import access, mapping
from relay.incoming.access import Caller
from relay.incoming.body import Body
from relay.incoming.fields import Asked
from relay.incoming.mapping import Mapped
from relay.incoming.received import Received
from relay.incoming.settings import Access, MemoryOf, Settings
from relay.incoming.templates import Budget
from relay.outgoing import cors, formats
from relay.outgoing.formats import Format
from relay.page import posted, visit
from relay.page.view import View
from relay.plan import Destination, Dialect, Plan
from relay.run.dify import KeyedApp
from relay.senders import Delivery, Ignored, Reply, Scheme
from relay.showing import Refusal, Showing

MOST_UNPROVEN = 10  # runs that a stranger starts by one request

_CALLERS = {Access.KEY: Caller.KEY, Access.SIGNATURE: Caller.SIGNATURE, Access.PUBLIC: Caller.PUBLIC}

NOT_FOR_THE_BOT = "nobody wants an answer to this here"
NO_WORDS = Reply()
NOTHING = Reply(status=204, media_type="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done: `reply` at once, or carry out `plans`, one or a batch of them."""

    reply: Reply | None = None
    plans: Sequence[Plan] = ()  # all of one destination
    acknowledgement: Reply = NO_WORDS  # to a batch whose plans were all carried out
    app_id: str = ""
    caller: Caller | None = None
    key: int = 0  # which of several keys let the caller in, from 1
    secret: int = 0  # likewise which of several webhook secrets
    notes: Sequence[str] = ()  # for the log
    view: View | None = None  # of the page that the one plan is carried out for
    posted: bool = False  # by a page's form
    refusal: Refusal | None = None  # of what a person has asked
    stop: str | None = None  # the task to end, of the app


def decide(
    received: Received, settings: Settings, *, now: float, apps: Apps, budget: Budget | None = None
) -> Decision:
    """Decide. `now` in seconds since 1970, `budget` the work that templates may do. Raises RelayError for a refusal.

    `apps` are asked only where the decision needs it; what that raises goes through.
    """
    if received.method == "OPTIONS":
        return Decision(reply=replace(NOTHING, headers={"Allow": cors.METHODS}))
    try:
        return _let_in(received, settings, now=now, apps=_Asked(apps), budget=budget or Budget())
    except Misconfigured as error:
        if settings.access is Access.KEY:  # whoever got this far holds the key
            told = Misconfigured(error.reason, told=True)
            told.holder = error.holder
            raise told from None
        raise


def _let_in(received: Received, settings: Settings, *, now: float, apps: Apps, budget: Budget) -> Decision:
    entered = entrance.enter(received, settings, now) if settings.access is Access.KEY else Entered()
    if isinstance(entered, Reply):
        return _asked_for_key(entered)
    try:
        return _entered(received, settings, entered, now=now, apps=apps, budget=budget)
    except RelayError as error:
        error.holder = entered.key > 0
        raise


def _entered(
    received: Received, settings: Settings, entered: Entered, *, now: float, apps: Apps, budget: Budget
) -> Decision:
    _check(settings)
    if settings.access is Access.PUBLIC:
        access.check_public(settings)
    scheme = access.choose_scheme(settings)
    secret = 0
    if settings.access is Access.SIGNATURE:
        reply, secret = access.check_signature(received, scheme, settings, now)
    else:
        reply = access.greet(received, scheme, settings)
    decided = Decision(reply=reply, caller=_CALLERS[settings.access], key=entered.key, secret=secret)
    if decided.reply:
        return decided
    sent = showing.sent_by_page(received) if _shows_pages(settings) and not entered.sends_key else None
    stop = posted.stop(sent) if sent else None
    if entered.only_stops and stop is None:
        return _asked_for_key(entrance.ask(received, settings))
    decided = replace(decided, app_id=access.choose_app(received.app_id, settings))
    if stop is not None:
        return replace(decided, stop=stop)
    if entered.arrives is not None:
        received = visit.gone_to(received, entered.arrives)
    return _Deciding(
        received=received,
        settings=settings,
        scheme=scheme,
        decided=decided,
        entered=entered,
        apps=apps,
        budget=budget,
    ).decide(sent)


def _asked_for_key(reply: Reply) -> Decision:
    return Decision(
        reply=reply, notes=["401 unauthorized: a key is asked for"] if reply.status == HTTPStatus.UNAUTHORIZED else []
    )


def _shows_pages(settings: Settings) -> bool:
    """Tell whether an app's page is shown. Its form is not mapped: who has no key must not get past a template."""
    if settings.access is Access.PUBLIC:
        return not (settings.webhook or settings.query_template or settings.inputs_template or settings.run_if)
    return settings.access is Access.KEY


def _check(settings: Settings) -> None:
    if settings.problems:
        raise Misconfigured(f"check {', '.join(settings.problems)}")


def _is_prefetch(received: Received) -> bool:
    """Tell whether a browser looks ahead. Source: WHATWG Fetch, "Sec-Purpose"; before it, `Purpose` and `X-Moz`."""
    told = (received.header(name).partition(";")[0].lower() for name in ("sec-purpose", "purpose", "x-moz"))
    return any(purpose in {"prefetch", "prerender", "preview"} for purpose in told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deciding:
    """What is decided once the caller is let in and the app is known."""

    received: Received
    settings: Settings
    scheme: Scheme | None
    decided: Decision
    entered: Entered
    apps: Apps
    budget: Budget

    def decide(self, sent: Body | None) -> Decision:
        """Decide what is shown or carried out; `sent` is what a page's form has brought."""
        received, entered = self.received, self.entered
        if received.method == "GET" and entered.arrives is None:
            if received.header("last-event-id"):
                # an EventSource that comes back after the end: 204 is how it is told to stay away
                return replace(self.decided, reply=NOTHING)
            if _is_prefetch(received):
                raise AppUnavailable("An app is not run for a page that nobody has opened yet.")
        opens = _shows_pages(self.settings) and showing.wants_page(received)
        if sent or opens or entered.arrives is not None:
            return self._page(sent)
        if entered.way is Way.COOKIE and not visit.is_ours(received):
            raise Forbidden(OF_ANOTHER)
        return self.plans()

    def _page(self, sent: Body | None) -> Decision:
        """Give a person's page, or the plan whose answer it is."""
        who = Showing(
            received=self.received,
            settings=self.settings,
            entered=self.entered,
            caller=self.decided.caller or Caller.KEY,
            app_id=self.decided.app_id,
            apps=self.apps,
            budget=self.budget,
        )
        shown = who.sent(sent) if sent else who.opened()
        if isinstance(shown, Reply):
            return replace(self.decided, reply=shown)
        if isinstance(shown, Refusal):
            return replace(self.decided, refusal=shown, posted=bool(sent))
        if self.received.method == "HEAD":
            return replace(self.decided, reply=Reply(media_type=HTML))
        form = formats.FORMATS[showing.FORM]
        delivery_id, fingerprint = identity.of_request(self.received, form.name)
        plan = Plan(
            options={"page": shown.view.dump()},
            caller=self.decided.caller or Caller.KEY,
            endpoint_id=self.received.endpoint_id,
            hook_id=self.received.header("dify-hook-id"),
            call=shown.call,
            form=form.name,
            dialect=Dialect.PAGE,
            remembers=not sent and self._remembers(named_by_owner=shown.named_by_owner),
            stoppable=True,
            delivery_id=delivery_id,
            fingerprint=fingerprint,
        )
        return replace(self.decided, plans=[plan], view=shown.view, posted=bool(sent))

    def plans(self) -> Decision:
        """Give a plan for each of the messages that a delivery brings."""
        scheme = self.scheme
        messages = scheme.messages(self.received.delivery) if scheme else [self.received.delivery]
        if self.decided.caller is Caller.PUBLIC and len(messages) > MOST_UNPROVEN:
            raise PayloadTooLarge(f"Without a signature or key a delivery may hold at most {MOST_UNPROVEN} messages.")
        read = [
            (message, mapping.read(self.received, message, self.settings, scheme, self.budget))
            for message in messages
        ]
        mapped = [(message, one) for message, one in read if isinstance(one, Mapped)]
        notes = [one.reason for _, one in read if isinstance(one, Ignored)]
        acknowledgement = scheme.acknowledgement if scheme else NO_WORDS
        if not mapped:
            return replace(self.decided, reply=acknowledgement, notes=notes)
        form = self._form(mapped[0][1].asked)
        try:
            plans = [plan for message, one in mapped if (plan := self._plan(message, one, form))]
        except RelayError as error:
            error.readable = form.readable if self._named(mapped[0][1].asked) else None
            raise
        if self.received.method == "HEAD":
            return replace(self.decided, reply=Reply(media_type=form.media_type), notes=notes)
        if not plans:
            return replace(self.decided, reply=acknowledgement, notes=[*notes, NOT_FOR_THE_BOT])
        return replace(self.decided, plans=plans, acknowledgement=acknowledgement, notes=notes)

    def _named(self, asked: Asked) -> bool:
        return bool(asked.format or asked.response_mode)

    def _form(self, asked: Asked) -> Format:
        mode = None if asked.response_mode == destination.LATER else asked.response_mode
        return formats.choose(self.received, self.settings.default_format, name=asked.format, response_mode=mode)

    def _plan(self, message: Delivery, mapped: Mapped, form: Format) -> Plan | None:
        """Plan one message; None for one that nobody wants answered. Raises RelayError."""
        settings, asked = self.settings, mapped.asked
        goes_to = destination.choose(self.received, settings, asked, self.decided.caller)
        if goes_to is not Destination.SENDER:
            plan = replace(self._planned(message, mapped, form), destination=goes_to)
            if goes_to is Destination.CALLBACK:
                return replace(plan, callback=mapped.callback, listed="{" in settings.callback_url)
            return plan
        said = destination.listen(mapped, settings, self._giving.into)
        if said is None:
            return None
        mapped = replace(mapped, asked=said.asked, thread=None)
        return replace(
            self._planned(message, mapped, form, runs=not said.words),
            destination=goes_to,
            remembers=settings.memory is not MemoryOf.OFF,
            to=said.to,
            handle=said.handle,
            words=said.words,
            forgets=said.forgets,
            joins=said.joins,
            person=said.person,
            unasked=said.unasked,
        )

    @property
    def _giving(self) -> Giving:
        return Giving(
            app_id=self.decided.app_id,
            endpoint_id=self.received.endpoint_id,
            interface=self.received.interface,
            settings=self.settings,
            apps=self.apps,
        )

    def _planned(self, message: Delivery, mapped: Mapped, form: Format, *, runs: bool = True) -> Plan:
        asked = mapped.asked
        app_id, interface = self.decided.app_id, self.received.interface
        call = self._giving.call(asked) if runs else Call(app_id=app_id, interface=interface, user=asked.user)
        readable = form.readable if self._named(asked) else formats.asks_for_page(self.received)
        if self.scheme:
            delivery_id, fingerprint = identity.of_delivery(self.scheme, message), ""
        else:
            delivery_id, fingerprint = identity.of_request(self.received, form.name)
        return Plan(
            options={"page": self._head(app_id).dump()} if form.headed and runs else {},
            caller=self.decided.caller or Caller.KEY,
            endpoint_id=self.received.endpoint_id,
            hook_id=self.received.header("dify-hook-id"),
            call=call,
            form=form.name,
            dialect=Dialect.SENDER if self.scheme else Dialect.PAGE if readable else Dialect.DIFY,
            thread=mapped.thread,
            remembers=self._remembers(named_by_owner=mapped.named_by_owner),
            delivery_id=delivery_id,
            fingerprint=fingerprint,
            sender=self.scheme.name if self.scheme else None,
            reply=mapped.reply,
            context=mapped.context,
        )

    def _head(self, app_id: str) -> View:
        """Give what stands above an answer below which nothing is asked."""
        keyed = self.apps.keyed(app_id) if self.received.method != "HEAD" else None
        return visit.headed(visit.view(self.received, self.settings), keyed)

    def _remembers(self, *, named_by_owner: bool) -> bool:
        # whom a stranger names is nobody: else anyone could go on with anyone's conversation
        known = self.decided.caller is not Caller.PUBLIC or named_by_owner
        return self.settings.memory is MemoryOf.USER and known


@dataclass(frozen=True, slots=True)
class _Asked:
    """Apps of which each is asked once what it declares: it may be needed more than once."""

    apps: Apps
    told: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        if app_id not in self.told:
            self.told[app_id] = self.apps.parameters(app_id)
        return self.told[app_id]

    def keyed(self, app_id: str) -> KeyedApp | None:
        return self.apps.keyed(app_id)
