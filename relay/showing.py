"""Which page a person gets: the app's form, or its answer. Nothing is done here.

What a page posts is for the app alone: what the owner has set for webhooks and programs (templates, presets,
`run_if`, `reply`, memory) says nothing of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from relay import wire
from relay.call import Call
from relay.entrance import HTML, Entered, Way
from relay.errors import InvalidParam, RelayError
from relay.given import Apps, Giving
from relay.incoming import fields, mapping, session
from relay.incoming.access import Caller
from relay.incoming.body import Body
from relay.incoming.fields import Asked
from relay.incoming.mapping import Mapped
from relay.incoming.received import Received
from relay.incoming.settings import Settings
from relay.incoming.templates import Budget
from relay.outgoing import formats
from relay.page import declared, fit, posted, start, visit
from relay.page.declared import Asking, Declared, Field, Kind
from relay.page.posted import INPUTS_OF, PAGE, Posted, Wrong
from relay.page.turns import Turns
from relay.page.view import View
from relay.run.dify import KeyedApp
from relay.senders import Reply

NEW_CHAT = "duck.new"
FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")
LONGEST_NAME = 1_000  # characters of a user or a conversation that a form carries on
FORM = "html"  # the page's, by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run whose answer is the page `view`."""

    call: Call
    asked: Asked
    view: View
    named_by_owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why nothing comes of what a person asks; `view` and `query` are what was typed."""

    error: RelayError
    view: View
    query: str


def wants_page(received: Received) -> bool:
    """Tell whether a browser opens an app's address to read what is there."""
    if received.method not in {"GET", "HEAD"} or not formats.asks_for_page(received):
        return False
    told = {name: next(iter(received.query.get(name, ())), "") for name in ("format", "response_mode")}
    return told["format"] in {"", FORM} and not told["response_mode"]


def sent_by_page(received: Received) -> Body | None:
    """Give the body of a form that a page of ours posts; None for any other request. Raises as `content` does."""
    if received.method != "POST" or PAGE.encode() not in received.body:
        return None
    if not received.header("content-type").lower().startswith(FORM_TYPES):
        return None
    return received.content if posted.is_page(received.content) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """What is shown to who is let in, of an app that is known."""

    received: Received
    settings: Settings
    entered: Entered
    caller: Caller
    app_id: str
    apps: Apps
    budget: Budget

    def opened(self) -> Run | Reply | Refusal:
        """Answer who opens the address: with what the app says, if nothing it needs is missing. Raises RelayError."""
        asked, named_by_owner = self._asked()
        of = self._declared()
        told = posted.prefill(self.received.arguments, of)
        view = replace(self._view(of), values=told.values, user=asked.user or "")
        view = replace(view, conversation_id=_going_on(asked))
        if not self._runs_at_once:
            would_run = of.asking is not Asking.CHAT and not of.missing({}, "")
            return self._start(view, told.query, unsent=would_run or bool(told.query or told.values))
        if of.asking is Asking.CHAT and not asked.query.strip():
            return self._start(view, "")
        try:
            call = self._giving.call(asked)
        except RelayError as error:
            return Refusal(error=error, view=view, query=asked.query)
        placed = {name: text for name, text in call.inputs.items() if isinstance(text, str)}
        shown = {field.name: placed[field.name] for field in of.fields if field.name in placed}
        view = replace(view, values={**shown, **view.values})
        going_on = bool(view.conversation_id)
        if wrong := () if going_on else fit.unfit(call.inputs, of):
            return self._start(view, asked.query, wrong=wrong, status=HTTPStatus.BAD_REQUEST)
        if of.missing(_there(call), call.query, going_on=going_on):
            return self._start(view, asked.query)
        return Run(call=call, asked=asked, view=view, named_by_owner=named_by_owner)

    def sent(self, body: Body) -> Run | Reply | Refusal:
        """Answer what the page's form brings; what does not fit is shown again. Raises RelayError."""
        try:
            of = self._declared()
        except RelayError as error:
            told = posted.read(body, of := _as_sent(body))
            return Refusal(error=error, view=self._filled(of, told), query=told.asked.query)
        if NEW_CHAT in (body.values or {}):
            return self._start(self._view(of), "")
        try:
            told = posted.read(body, of)
        except RelayError as error:
            return Refusal(error=error, view=self._view(of), query="")
        view = self._filled(of, told)
        if told.wrong:
            return self._start(view, told.asked.query, wrong=told.wrong, status=HTTPStatus.BAD_REQUEST)
        try:
            call = self._giving.call(told.asked)
        except RelayError as error:
            return Refusal(error=error, view=view, query=told.asked.query)
        return Run(call=call, asked=told.asked, view=view)

    @property
    def _runs_at_once(self) -> bool:
        """Whether this visit may run an app: one that only a cookie lets in, if no other site's page has led here."""
        if self.entered.arrives is not None:
            return False
        if visit.LED in self.received.query:
            return False
        return self.entered.way is not Way.COOKIE or visit.is_ours(self.received)

    def _asked(self) -> tuple[Asked, bool]:
        """Read what the address asks, as the owner's templates have it; what they make nothing of is a mere visit."""
        delivery, plain = self.received.delivery, fields.read(self.received.arguments, Body())
        try:
            mapped = mapping.read(self.received, delivery, self.settings, None, self.budget)
        except InvalidParam:
            return replace(plain, query=""), False
        return (mapped.asked, mapped.named_by_owner) if isinstance(mapped, Mapped) else (plain, False)

    def _declared(self) -> Declared:
        picked = self.settings.app
        given = picked.inputs if picked and picked.app_id == self.app_id else {}
        return declared.read(
            self._giving.declared(), interface=self._giving.kind, keyed=self._keyed is not None, given=given
        )

    def _view(self, of: Declared) -> View:
        return replace(
            visit.headed(visit.view(self.received, self.settings), self._keyed),
            declared=of,
            token=self.entered.token,
            signed_in=self.entered.way is Way.COOKIE,
        )

    def _filled(self, of: Declared, told: Posted) -> View:
        trusted = self.caller is Caller.KEY or session.same_site(self.received)
        return replace(
            self._view(of),
            values=told.values,
            turns=told.turns if trusted else Turns(),
            conversation_id=_going_on(told.asked)[:LONGEST_NAME],
            user=(told.asked.user or "")[:LONGEST_NAME],
        )

    def _start(
        self,
        view: View,
        query: str,
        *,
        unsent: bool = False,
        wrong: Sequence[Wrong] = (),
        status: int = HTTPStatus.OK,
    ) -> Reply:
        page = start.page(view, query=query[: posted.LARGEST_SHOWN], unsent=unsent, wrong=wrong)
        return Reply(status=status, media_type=HTML, body=wire.encode(page))

    @property
    def _keyed(self) -> KeyedApp | None:
        return self.apps.keyed(self.app_id)

    @property
    def _giving(self) -> Giving:
        return Giving(
            app_id=self.app_id,
            endpoint_id=self.received.endpoint_id,
            interface=self.received.interface,
            settings=self.settings,
            apps=self.apps,
        )


def _going_on(asked: Asked) -> str:
    return "" if asked.conversation_id in {None, fields.NEW} else asked.conversation_id or ""


def _there(call: Call) -> Mapping[str, Any]:
    return {**{upload.name: upload.filename or "file" for upload in call.uploads}, **call.inputs}


def _as_sent(body: Body) -> Declared:
    """Declare what a form held, where nobody tells what the app does: so nothing that was typed is lost."""
    names: Iterable[str] = body.values or ()
    held = [name.removeprefix(INPUTS_OF) for name in names if name.startswith(INPUTS_OF)]
    return Declared(
        asking=Asking.EITHER,
        fields=tuple(Field(kind=Kind.PARAGRAPH, name=name, label=name) for name in held[: declared.MOST_FIELDS]),
    )
