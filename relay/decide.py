"""From what was received to what is to be done: a reply at once, or a plan for each message. Nothing is done here.

The same request, settings and time give the same decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from relay import destination, identity
from relay.call import Call
from relay.errors import AppUnavailable, Misconfigured, PayloadTooLarge, RelayError
from relay.given import Apps, Giving
from relay.incoming import access, mapping
from relay.incoming.access import Caller
from relay.incoming.fields import Asked
from relay.incoming.mapping import Mapped
from relay.incoming.received import Received
from relay.incoming.settings import Access, MemoryOf, Settings
from relay.incoming.templates import Budget
from relay.outgoing import cors, formats
from relay.outgoing.formats import Format
from relay.plan import Destination, Dialect, Plan
from relay.run import face
from relay.senders import Delivery, Ignored, Reply, Scheme

MOST_UNPROVEN = 10  # runs that a stranger starts by one request

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


def decide(
    received: Received, settings: Settings, *, now: float, apps: Apps, budget: Budget | None = None
) -> Decision:
    """Decide. `now` in seconds since 1970, `budget` the work that templates may do. Raises RelayError for a refusal.

    `apps` are asked only where the decision needs it; what that raises goes through.
    """
    if received.method == "OPTIONS":
        return Decision(reply=replace(NOTHING, headers={"Allow": cors.METHODS}))
    try:
        return _let_in(received, settings, now=now, apps=apps, budget=budget or Budget())
    except Misconfigured as error:
        if settings.access is Access.KEY:  # whoever got this far holds the key
            raise Misconfigured(error.reason, told=True) from None
        raise


def _let_in(received: Received, settings: Settings, *, now: float, apps: Apps, budget: Budget) -> Decision:
    if settings.access is Access.KEY:
        key = access.check_key(received, settings)
        _check(settings)
        scheme = access.choose_scheme(settings)
        reply = access.greet(received, scheme, settings)
        decided = Decision(reply=reply, caller=Caller.KEY, key=key)
    elif settings.access is Access.SIGNATURE:
        _check(settings)
        scheme = access.choose_scheme(settings)
        reply, secret = access.check_signature(received, scheme, settings, now)
        decided = Decision(reply=reply, caller=Caller.SIGNATURE, secret=secret)
    else:
        _check(settings)
        access.check_public(settings)
        scheme = access.choose_scheme(settings)
        decided = Decision(reply=access.greet(received, scheme, settings), caller=Caller.PUBLIC)
    if decided.reply:
        return decided
    app_id = access.choose_app(received.app_id, settings)
    decided = replace(decided, app_id=app_id)
    if received.method == "GET":
        if received.header("last-event-id"):
            # an EventSource that comes back after the end: 204 is how it is told to stay away
            return replace(decided, reply=NOTHING)
        if _is_prefetch(received):
            raise AppUnavailable("An app is not run for a page that nobody has opened yet.")
    return _Deciding(
        received=received, settings=settings, scheme=scheme, decided=decided, apps=apps, budget=budget
    ).plans()


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
    apps: Apps
    budget: Budget

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
        settings, asked = self.settings, mapped.asked
        app_id, interface = self.decided.app_id, self.received.interface
        call = self._giving.call(asked) if runs else Call(app_id=app_id, interface=interface, user=asked.user)
        readable = form.readable if self._named(asked) else formats.asks_for_page(self.received)
        if self.scheme:
            delivery_id, fingerprint = identity.of_delivery(self.scheme, message), ""
        else:
            delivery_id, fingerprint = identity.of_request(self.received, form.name)
        keyed = self.apps.keyed(app_id) if form.headed and runs and self.received.method != "HEAD" else None
        return Plan(
            options={"face": face.on_page(keyed)} if keyed else {},
            caller=self.decided.caller or Caller.KEY,
            endpoint_id=self.received.endpoint_id,
            hook_id=self.received.header("dify-hook-id"),
            call=call,
            form=form.name,
            dialect=Dialect.SENDER if self.scheme else Dialect.PAGE if readable else Dialect.DIFY,
            thread=mapped.thread,
            # whom a stranger names is nobody: else anyone could go on with anyone's conversation
            remembers=settings.memory is MemoryOf.USER
            and (self.decided.caller is not Caller.PUBLIC or mapped.named_by_owner),
            delivery_id=delivery_id,
            fingerprint=fingerprint,
            sender=self.scheme.name if self.scheme else None,
            reply=mapped.reply,
            context=mapped.context,
        )
